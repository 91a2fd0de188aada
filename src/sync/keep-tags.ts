import { errorMessage } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { Engines } from '../dolt/engines.ts';
import type { Database, Sql } from '../dolt/sql.ts';
import { readTags, type Tag } from '../dolt/tags.ts';
import { removeMarks } from '../dolt/transfer.ts';
import type { Around } from './in-engines.ts';
import type { Notice } from './notice.ts';
import { type Restoration, restoreTags } from './restore-tags.ts';
import { tagNotices, unseenTags } from './tag-notices.ts';

type OwnTag = Pick<Tag, 'name' | 'commit'>;

interface Phase {
  /** What to go back to; null before the first fetch. */
  before: readonly Tag[] | null;
  readonly own: readonly OwnTag[];
  /** Whether something was fetched after which nobody has looked at the tags yet. */
  open: boolean;
  readonly restorations: Restoration[];
}

/**
 * Does a phase of a run that fetches, and leaves the tags of the database as they were: `DOLT_FETCH` brings every tag of
 * a remote whose commit is here, and overwrites ours of the same name (measured on Dolt 2.3.0). What to go back to is
 * read before the fetches of each engine. Tags are put back after them, and, where an engine ended too early for that, at
 * the end. What was put back is told, also where the work throws.
 * @param own tags that the work itself makes: what it made stays
 * @param work gets what it has to do around all fetches that run side by side in one engine
 */
export async function keepTags(
  engines: Engines,
  { tell, own = [] }: { readonly tell: (notice: Notice) => void; readonly own?: readonly OwnTag[] },
  work: (around: Around) => Promise<void>,
): Promise<void> {
  const phase: Phase = { before: null, own, open: false, restorations: [] };
  try {
    await work(async (engine, fetches) => {
      // Between two engines others may make tags; only what is not put back yet makes the older list the right one.
      if (!phase.open) phase.before = await readTags(engine.database);
      phase.open = true;
      try {
        return await fetches();
      } finally {
        // An engine that ended is no obstacle: the next one puts back what this one left.
        await restore(engine.database, phase).catch(() => undefined);
      }
    });
  } finally {
    if (phase.open) {
      await engines
        .use(PLAIN_KIT, ({ database }) => restore(database, phase))
        .catch((thrown: unknown) => tell(unseenTags(errorMessage(thrown))));
    }
    for (const notice of tagNotices(phase.restorations)) tell(notice);
  }
}

async function restore(database: Database, phase: Phase): Promise<void> {
  await removeMarks(database);
  phase.restorations.push(await restoreTags(database, [...(phase.before ?? []), ...(await madeHere(database, phase))]));
  phase.open = false;
}

/** The tags of our own that were made since. */
async function madeHere(sql: Sql, { before, own }: Phase): Promise<readonly Tag[]> {
  if (own.length === 0) return [];
  const known = new Set((before ?? []).map(({ name }) => name));
  const made = new Set(own.map(({ name, commit }) => `${name} ${commit}`));
  return (await readTags(sql)).filter(({ name, commit }) => !known.has(name) && made.has(`${name} ${commit}`));
}
