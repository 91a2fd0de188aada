import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import type { Sql } from './sql.ts';

const tagRow = z.object({ tag_hash: z.string() });

/** The commit that a local tag names, or null. */
export async function tagCommit(sql: Sql, name: string): Promise<string | null> {
  const [row] = await sql.rows(tagRow, 'SELECT tag_hash FROM dolt_tags WHERE tag_name = ?', [name]);
  return row?.tag_hash ?? null;
}

/**
 * Makes a local tag, unless it names that commit already.
 * @throws Failure `tag-conflict` where it names another one
 */
export async function makeTag(sql: Sql, tag: { readonly name: string; readonly commit: string }): Promise<void> {
  const present = await tagCommit(sql, tag.name);
  if (present === null) await sql.run('CALL DOLT_TAG(?, ?)', [tag.name, tag.commit]);
  else if (present !== tag.commit) {
    throw new Failure('tag-conflict', `the tag ${tag.name} names ${present} already, and not ${tag.commit}`);
  }
}
