import { errorMessage } from '../core/failure.ts';
import type { Database } from '../dolt/sql.ts';
import { createTag, deleteTags, readTags, type Tag } from '../dolt/tags.ts';
import { listed } from './listed.ts';
import type { Notice } from './notice.ts';
import { type TagChanges, tagChanges } from './tag-changes.ts';

/** Tags removed by one statement, per attempt: where one of many cannot be removed, the others are taken alone. */
const BATCHES = [100, 1] as const;

/**
 * Does work that fetches, and leaves the tags of the database as they were: `DOLT_FETCH` brings every tag of a remote
 * whose commit is here, and overwrites ours of the same name (measured on Dolt 2.3.0). All fetches that run side by side
 * belong into one call, since a tag that one of them moved is no tag to go back to for another. What was put back is
 * told, also where the work throws.
 */
export async function keepTags<T>(
  database: Database,
  work: () => Promise<T>,
  tell: (notice: Notice) => void,
): Promise<T> {
  const before = await readTags(database);
  try {
    return await work();
  } finally {
    const notice = await restoreTags(database, before).catch(failed);
    if (notice !== null) tell(notice);
  }
}

async function restoreTags(database: Database, before: readonly Tag[]): Promise<Notice | null> {
  const found = tagChanges(before, await readTags(database));
  let left = found;
  let problems: readonly string[] = [];
  for (const batch of BATCHES) {
    if (isNothing(left)) break;
    problems = await putBack(database, left, batch);
    // A tag made anew has a new date, so from here on dates are not compared.
    left = tagChanges(undated(before), undated(await readTags(database)));
  }
  if (!isNothing(left)) return unrestored(left, problems);
  return isNothing(found) ? null : restored(found);
}

/** @returns what went wrong */
async function putBack(database: Database, changes: TagChanges, batch: number): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (work: Promise<void>): Promise<void> => {
    await work.catch((thrown: unknown) => problems.push(errorMessage(thrown)));
  };
  const present = new Set((await readTags(database)).map(nameOf));
  const stale = [...changes.brought, ...changes.moved.map(nameOf)].filter((name) => present.has(name));
  for (let from = 0; from < stale.length; from += batch) {
    await attempt(deleteTags(database, stale.slice(from, from + batch)));
  }
  for (const tag of changes.moved) await attempt(createTag(database, tag));
  return problems;
}

function undated(tags: readonly Tag[]): Tag[] {
  return tags.map((tag) => ({ ...tag, date: '' }));
}

function isNothing({ brought, moved }: TagChanges): boolean {
  return brought.length + moved.length === 0;
}

function restored({ brought, moved }: TagChanges): Notice {
  const parts = [
    ...(moved.length === 0 ? [] : [`put back ${listed('tag', moved.map(nameOf))} that a fetch had moved`]),
    ...(brought.length === 0 ? [] : [`removed ${listed('tag', brought)} that a fetch had brought`]),
  ];
  return { severity: 'notice', code: 'tags-restored', message: parts.join('; ') };
}

function unrestored({ brought, moved }: TagChanges, problems: readonly string[]): Notice {
  const left = listed('tag', [...moved.map(nameOf), ...brought]);
  return warning(`a fetch changed ${left}, and they could not be put back: ${problems.join('; ')}`);
}

function failed(thrown: unknown): Notice {
  return warning(`whether a fetch changed tags could not be seen: ${errorMessage(thrown)}`);
}

function warning(message: string): Notice {
  return { severity: 'warning', code: 'tags-restored', message };
}

function nameOf(tag: Tag): string {
  return tag.name;
}
