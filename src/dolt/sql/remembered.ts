import { serialize } from 'node:v8';
import { HASH } from '../../contract/hash.ts';
import type { Sql } from './sql.ts';

/** The commit that a reader of one commit reads. */
export type AtCommit = Readonly<Record<'commit', string>>;

/** How much an engine may still remember. One object per open database: its results are found by it. */
export interface Memory {
  bytesLeft: number;
}

export function newMemory(): Memory {
  return { bytesLeft: 32 * 1024 * 1024 };
}

/**
 * Makes a reader of commits remember its results while the database is open, because a commit never changes. A revision
 * that is no hash, such as WORKING or a branch, is read each time.
 * @param read its result is shared by all callers; `name` is what else it depends on
 */
export function remembered<Commits extends Readonly<Record<string, string>>, T>(
  read: (sql: Sql, commits: Commits, name: string) => Promise<T>,
): (sql: Sql, commits: Commits, name?: string) => Promise<T> {
  const results = new WeakMap<Memory, Map<string, { readonly result: T }>>();
  return async (sql, commits, name = '') => {
    const revisions = Object.values(commits);
    if (!revisions.every((revision) => HASH.test(revision))) return await read(sql, commits, name);
    const { memory } = sql;
    const own = results.get(memory) ?? new Map<string, { readonly result: T }>();
    results.set(memory, own);
    const key = JSON.stringify([commits, name]);
    const known = own.get(key);
    if (known !== undefined) return known.result;
    const result = await read(sql, commits, name);
    const bytes = serialize(result).length + key.length;
    if (bytes <= memory.bytesLeft && !own.has(key)) {
      memory.bytesLeft -= bytes;
      own.set(key, { result });
    }
    return result;
  };
}
