import type { Diagnostic } from '../core/diagnostic.ts';
import { errorMessage } from '../core/failure.ts';
import { listed } from '../core/text.ts';
import type { OwnDatabase } from '../dolt/server/engines.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { createTags, deleteTags, readTags, type Tag, tagsDated } from '../dolt/sql/tags.ts';
import { isTemporaryTag, removeMarks } from '../dolt/sql/transfer.ts';
import type { Around } from './in-engines.ts';
import { type Fetching, forgetMove, readOwnMoves, recordMove } from './merge/own-moves.ts';
import type { SyncContext } from './sync-context.ts';

type OwnTag = Pick<Tag, 'name' | 'commit'>;

interface Phase {
  /** The tags to restore; null before the first fetch. */
  before: readonly Tag[] | null;
  /** When they were read. */
  since: string;
  readonly own: readonly OwnTag[];
  /** Whether the tags were not compared since the last fetch. */
  open: boolean;
  readonly restorations: Restoration[];
}

/**
 * Runs a phase that fetches, and restores the tags of the database: `DOLT_FETCH` brings every tag of a remote whose
 * commit is here, and overwrites ours of the same name (measured on Dolt 2.3.0). The tags are read before the fetches
 * of each engine and restored after them, or at the end if an engine ended too early. Restored tags are reported, also
 * if the work throws.
 * @param own tags that the work itself makes; they stay
 * @param work gets a wrapper for all parallel fetches of one engine
 */
export async function keepTags(
  { engines, notify }: Pick<SyncContext, 'engines' | 'notify'>,
  own: readonly OwnTag[],
  work: (around: Around) => Promise<void>,
): Promise<void> {
  const phase: Phase = { before: null, since: '', own, open: false, restorations: [] };
  try {
    await work(async (engine, fetches) => {
      // Another program may make tags between two engines; the older list is right only if a restoration is pending.
      if (!phase.open) {
        phase.since = timeText(new Date());
        phase.before = (await readTags(engine.database)).filter((tag) => !isTemporaryTag(tag));
        // Without a record, only a kill leaves tags. A full disk must not keep peers from being served.
        await record(engine.database, phase).catch(() => undefined);
      }
      phase.open = true;
      try {
        return await fetches();
      } finally {
        // The next engine restores what a lost engine left.
        await restore(engine.database, phase).catch(() => undefined);
      }
    });
  } finally {
    if (phase.open) {
      await engines
        .finish(({ database }) => restore(database, phase))
        .catch((thrown: unknown) => notify(unreadTags(errorMessage(thrown))));
    }
    for (const notice of tagNotices(phase.restorations)) notify(notice);
  }
}

async function restore(database: OwnDatabase, phase: Phase): Promise<void> {
  await removeMarks(database);
  const before = [...(phase.before ?? []), ...(await madeHere(database, phase))];
  phase.restorations.push(await restoreTags(database, before, () => record(database, { ...phase, restoring: true })));
  phase.open = false;
  await forgetMove(database.folder, RECORD);
}

/** The name of the record of fetches that have begun. */
const RECORD = 'dolt-federation-fetching';
/** More tags than fit are not recorded: a killed run leaves them as they are. */
const MAX_RECORD_BYTES = 256 * 1024;

/** Records the tags before fetches, so that the next run can put them back if this one is killed. */
async function record(
  { folder }: OwnDatabase,
  { before, since, restoring }: Pick<Phase, 'before' | 'since'> & { readonly restoring?: boolean },
): Promise<void> {
  const tags = [...(before ?? [])];
  if (JSON.stringify(tags).length > MAX_RECORD_BYTES) return;
  await recordMove(folder, RECORD, { kind: 'fetching', since, tags, restoring: restoring ?? false });
}

/** A clock may have been set back a little since a tag was made. */
const CLOCK_MS = 60_000;

/** As Dolt prints the dates of tags. */
function timeText(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}

/**
 * Puts back the tags that fetches of a killed run changed. Tags that were made since they began stay: those with a date
 * until now, because Dolt dates the tags that are made here by the clock.
 * @param folder the folder of the database, which has the record
 * @returns notices
 */
export async function finishFetches(database: Database, folder: string, now: Date = new Date()): Promise<Diagnostic[]> {
  const fetching = (await readOwnMoves(folder)).moves.get(RECORD);
  if (fetching?.kind !== 'fetching') return [];
  await removeMarks(database);
  const made = { from: fetching.since, until: timeText(new Date(now.getTime() + CLOCK_MS)) };
  const before = tagsBefore(fetching, await readTags(database), new Set(await tagsDated(database, made)));
  const restoration = await restoreTags(database, before, () =>
    recordMove(folder, RECORD, { ...fetching, restoring: true }),
  );
  await forgetMove(folder, RECORD);
  return tagNotices([restoration]);
}

/**
 * The tags without the changes of fetches.
 * @param later names of the tags that were made after the fetches began. A fetch removes no tag, so a missing one was
 * removed by a person, unless the run had begun to put tags back
 */
export function tagsBefore(
  { tags, restoring }: Pick<Fetching, 'tags' | 'restoring'>,
  present: readonly Tag[],
  later: ReadonlySet<string>,
): Tag[] {
  const names = new Set(present.map(({ name }) => name));
  const kept = tags.filter(({ name }) => !later.has(name) && (restoring || names.has(name)));
  return [...kept, ...present.filter(({ name }) => later.has(name))];
}

/** Our own tags that were made since. */
async function madeHere(sql: Sql, { before, own }: Phase): Promise<readonly Tag[]> {
  if (own.length === 0) return [];
  const known = new Set((before ?? []).map(({ name }) => name));
  const made = new Set(own.map(({ name, commit }) => `${name} ${commit}`));
  return (await readTags(sql)).filter(({ name, commit }) => !known.has(name) && made.has(`${name} ${commit}`));
}

/** The changed tags, those that could not be restored, and why. */
interface Restoration {
  readonly found: TagChanges;
  readonly left: TagChanges;
  readonly problems: readonly string[];
}

/** Tags removed per statement and try: if one of many cannot be removed, the others are removed singly. */
const BATCHES = [100, 1] as const;

/**
 * Makes the tags of a database what they were.
 * @param begin called before a tag is removed to be made again
 */
async function restoreTags(
  database: Database,
  before: readonly Tag[],
  begin: () => Promise<void>,
): Promise<Restoration> {
  const found = tagChanges(before, await removeTemporaryTags(database));
  if (found.moved.length > 0) await begin();
  let left = found;
  let problems: readonly string[] = [];
  for (const batch of BATCHES) {
    if (left.added.length + left.moved.length === 0) break;
    problems = await putBack(database, left, batch);
    left = tagChanges(before, await readTags(database));
  }
  return { found, left, problems };
}

/**
 * Removes the temporary tags, also those of killed runs; they are not a change to report.
 * @returns the others
 */
async function removeTemporaryTags(database: Database): Promise<readonly Tag[]> {
  const tags = await readTags(database);
  const fetched = tags.filter(isTemporaryTag);
  if (fetched.length === 0) return tags;
  await deleteTags(
    database,
    fetched.map(({ name }) => name),
  );
  return tags.filter((tag) => !isTemporaryTag(tag));
}

/** @returns what went wrong */
async function putBack(database: Database, changes: TagChanges, batch: number): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (work: Promise<void>): Promise<void> => {
    await work.catch((thrown: unknown) => problems.push(errorMessage(thrown)));
  };
  const present = new Set((await readTags(database)).map(({ name }) => name));
  const stale = [...changes.added, ...changes.moved.map(({ name }) => name)].filter((name) => present.has(name));
  for (let from = 0; from < stale.length; from += batch) {
    await attempt(deleteTags(database, stale.slice(from, from + batch)));
  }
  if (changes.moved.length > 0) problems.push(...(await createTags(database, changes.moved)));
  return problems;
}

/** Changes to the tags of a database. */
interface TagChanges {
  /** Names that were not there before. */
  readonly added: readonly string[];
  /** Tags before the change that are now missing or different. */
  readonly moved: readonly Tag[];
}

/** The difference between the tags before and after. Any other commit, message or tagger is another tag. */
export function tagChanges(before: readonly Tag[], after: readonly Tag[]): TagChanges {
  const was = new Map(before.map((tag) => [tag.name, tag]));
  const is = new Map(after.map((tag) => [tag.name, tag]));
  return {
    added: after.filter((tag) => !was.has(tag.name)).map((tag) => tag.name),
    moved: before.filter((tag) => !same(tag, is.get(tag.name))),
  };
}

function same(a: Tag, b: Tag | undefined): boolean {
  if (b === undefined) return false;
  return a.commit === b.commit && a.message === b.message && a.tagger === b.tagger && a.email === b.email;
}

/** Notices about tags that were restored in a phase; none if nothing changed. */
function tagNotices(restorations: readonly Restoration[]): Diagnostic[] {
  const names = (which: 'found' | 'left', kind: 'added' | 'moved'): string[] => [
    ...new Set(
      restorations.flatMap((one) => one[which][kind].map((tag) => (typeof tag === 'string' ? tag : tag.name))),
    ),
  ];
  const left = [...names('left', 'moved'), ...names('left', 'added')];
  const moved = names('found', 'moved').filter((name) => !left.includes(name));
  const added = names('found', 'added').filter((name) => !left.includes(name));
  const done = [
    ...(moved.length === 0 ? [] : [`restored ${listed('tag', moved)} that a fetch had moved`]),
    ...(added.length === 0 ? [] : [`removed ${listed('tag', added)} that a fetch had created`]),
  ];
  const problems = [...new Set(restorations.flatMap((one) => one.problems))].join('; ');
  return [
    ...(done.length === 0 ? [] : [notice('notice', done.join('; '))]),
    ...(left.length === 0
      ? []
      : [notice('warning', `a fetch changed ${listed('tag', left)}, and they could not be restored: ${problems}`)]),
  ];
}

/** The notice if tags could not be read after a fetch. */
function unreadTags(why: string): Diagnostic {
  return notice('warning', `tags that a fetch changed could not be read: ${why}`);
}

function notice(severity: Diagnostic['severity'], message: string): Diagnostic {
  return { severity, code: 'tags-restored', message };
}
