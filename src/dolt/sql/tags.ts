import { z } from 'zod';
import { errorMessage, Failure } from '../../core/failure.ts';
import { SIGNER } from '../signature.ts';
import type { Database, Sql } from './sql.ts';

/** A tag with commit, tagger and message. Its date is omitted: Dolt 2.3.0 cannot set it. */
export interface Tag {
  readonly name: string;
  readonly commit: string;
  readonly tagger: string;
  readonly email: string;
  readonly message: string;
}

const row = z.object({
  name: z.string(),
  commit: z.string(),
  tagger: z.string(),
  email: z.string(),
  message: z.string(),
});

/** All tags of the database. */
export async function readTags(sql: Sql): Promise<Tag[]> {
  return sql.rows(
    row,
    'SELECT tag_name AS name, tag_hash AS `commit`, tagger, email, message FROM dolt_tags ORDER BY tag_name',
  );
}

const nameRow = z.object({ name: z.string() });

/**
 * The names of the tags with a date between two times.
 * @param range `YYYY-MM-DD HH:MM:SS.mmm` in UTC, as Dolt prints the dates of tags in every time zone (2.3.0)
 */
export async function tagsDated(sql: Sql, range: { readonly from: string; readonly until: string }): Promise<string[]> {
  const statement = 'SELECT tag_name AS name FROM dolt_tags WHERE date >= ? AND date <= ?';
  return (await sql.rows(nameRow, statement, [range.from, range.until])).map(({ name }) => name);
}

/** Removes tags; after the first error, the remaining tags stay. */
export async function deleteTags(sql: Sql, names: readonly string[]): Promise<void> {
  // `--` prevents a tag name of a peer from being parsed as an option.
  await sql.run(`CALL DOLT_TAG('-d', '--'${names.map(() => ', ?').join('')})`, names);
}

/**
 * Recreates tags on one connection, with the current time as date.
 * @returns what went wrong
 */
export async function createTags(database: Database, tags: readonly Tag[]): Promise<string[]> {
  const problems: string[] = [];
  await database.session(async (sql) => {
    for (const { name, commit, tagger, email, message } of tags) {
      const words = [...(message === '' ? [] : [`--message=${message}`]), '--', name, commit];
      try {
        await sql.run('SET @@dolt_committer_name = ?, @@dolt_committer_email = ?', [tagger, email]);
        await sql.run(`CALL DOLT_TAG(${words.map(() => '?').join(', ')})`, words);
      } catch (thrown) {
        problems.push(errorMessage(thrown));
      }
    }
  });
  return problems;
}

/**
 * Creates a local tag of dolt-federation, unless it already points to that commit.
 * @throws Failure `tag-conflict` if it points to another one
 */
export async function ensureTag(sql: Sql, tag: Pick<Tag, 'name' | 'commit'>): Promise<void> {
  const present = (await readTags(sql)).find((one) => one.name === tag.name);
  if (present === undefined) await sql.run("CALL DOLT_TAG('--author', ?, '--', ?, ?)", [SIGNER, tag.name, tag.commit]);
  else if (present.commit !== tag.commit) {
    throw new Failure('tag-conflict', `the tag ${tag.name} already names ${present.commit}, not ${tag.commit}`);
  }
}
