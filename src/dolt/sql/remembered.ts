import { serialize } from 'node:v8';
import { HASH } from '../../contract/hash.ts';
import type { Sql } from './sql.ts';

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
 * @param revisions how many of the first arguments are revisions; the others are names of what is read there
 * @param read its result is shared by all callers
 */
export function remembered<Names extends readonly string[], T>(
  revisions: 1 | 2,
  read: (sql: Sql, ...names: Names) => Promise<T>,
): (sql: Sql, ...names: Names) => Promise<T> {
  const results = new WeakMap<Memory, Map<string, { readonly result: T }>>();
  return async (sql, ...names) => {
    if (!names.slice(0, revisions).every((revision) => HASH.test(revision))) return await read(sql, ...names);
    const { memory } = sql;
    const own = results.get(memory) ?? new Map<string, { readonly result: T }>();
    results.set(memory, own);
    const key = JSON.stringify(names);
    const known = own.get(key);
    if (known !== undefined) return known.result;
    const result = await read(sql, ...names);
    const bytes = serialize(result).length + key.length;
    if (bytes <= memory.bytesLeft && !own.has(key)) {
      memory.bytesLeft -= bytes;
      own.set(key, { result });
    }
    return result;
  };
}
