import { errorMessage } from '../core/failure.ts';
import type { Database } from '../dolt/sql.ts';
import { createTags, deleteTags, readTags, type Tag } from '../dolt/tags.ts';
import { type TagChanges, tagChanges } from './tag-changes.ts';

/** What had changed, what of it could not be put back, and why. */
export interface Restoration {
  readonly found: TagChanges;
  readonly left: TagChanges;
  readonly problems: readonly string[];
}

/** Tags removed by one statement, per try: where one of many cannot be removed, the others are taken alone. */
const BATCHES = [100, 1] as const;

/** Makes the tags of a database what they were. */
export async function restoreTags(database: Database, before: readonly Tag[]): Promise<Restoration> {
  const found = tagChanges(before, await readTags(database));
  let left = found;
  let problems: readonly string[] = [];
  for (const batch of BATCHES) {
    if (left.brought.length + left.moved.length === 0) break;
    problems = await putBack(database, left, batch);
    left = tagChanges(before, await readTags(database));
  }
  return { found, left, problems };
}

/** @returns what went wrong */
async function putBack(database: Database, changes: TagChanges, batch: number): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (work: Promise<void>): Promise<void> => {
    await work.catch((thrown: unknown) => problems.push(errorMessage(thrown)));
  };
  const present = new Set((await readTags(database)).map(({ name }) => name));
  const stale = [...changes.brought, ...changes.moved.map(({ name }) => name)].filter((name) => present.has(name));
  for (let from = 0; from < stale.length; from += batch) {
    await attempt(deleteTags(database, stale.slice(from, from + batch)));
  }
  if (changes.moved.length > 0) problems.push(...(await createTags(database, changes.moved)));
  return problems;
}
