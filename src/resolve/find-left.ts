import { type Failure, toFailure } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { Engines } from '../dolt/engines.ts';
import { checkout, createBranch } from '../dolt/heads.ts';
import type { Database } from '../dolt/sql.ts';
import { isLimit, mergeLimit } from '../sync/merge-limits.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { scratchName } from '../sync/scratch.ts';
import type { LeftMerge, LostRow } from './conflicts-file.ts';
import { leftRows } from './left-rows.ts';
import { lostRows } from './lost-rows.ts';

/** What a run left for a person, and the peers of which that could not be read. */
export interface FoundLeft {
  readonly merges: readonly LeftMerge[];
  readonly lost: readonly LostRow[];
  readonly unread: ReadonlyMap<PeerRun, Failure>;
}

/**
 * What a run left for a person, from the heads at which it ended: so the file fits the town even where other peers were
 * merged meanwhile. Each peer has its limits; one that passes them keeps no other from the file.
 * @param at our head after the run, and how long each peer may take, in milliseconds
 */
export async function findLeft(
  engines: Engines,
  runs: readonly PeerRun[],
  at: { readonly head: string; readonly mergeTimeoutMs: number },
): Promise<FoundLeft> {
  const { head } = at;
  const merges: LeftMerge[] = [];
  const lost: LostRow[] = [];
  const unread = new Map<PeerRun, Failure>();
  for (const run of runs) {
    if (!isLeft(run) && !mayHaveLost(run)) continue;
    try {
      await engines.use(PLAIN_KIT, ({ database, allWithin }) =>
        allWithin(mergeLimit('reporting', at.mergeTimeoutMs), async () => {
          if (run.head !== null && isLeft(run)) {
            const rows = await leftRows(database, { ours: head, theirs: run.head });
            if (rows !== null) merges.push({ peer: run.peer.name, ours: head, theirs: run.head, rows });
          }
          if (mayHaveLost(run)) lost.push(...(await lostOf(database, run, head)));
        }),
      );
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!isLimit(failure)) throw thrown;
      unread.set(run, failure);
    }
  }
  return { merges, lost, unread };
}

/** Whether rows of the merges with a peer may need a person. */
function mayHaveLost({ failure, conflicts }: PeerRun): boolean {
  return failure === null && conflicts.some(({ left, lost }) => left && lost !== undefined);
}

/** Under `manual` a broken unique key is for a person as well; other strategies settle it or say why not. */
export function isLeft({ failure, peer }: PeerRun): boolean {
  if (failure?.code === 'constraint-violation') return peer.strategy === 'manual';
  return failure?.code === 'conflict';
}

/** The rows of the merges with one peer that need a person; its conflicts get the statements that bring them back. */
async function lostOf(database: Database, run: PeerRun, head: string): Promise<LostRow[]> {
  const branch = scratchName();
  await createBranch(database, { name: branch, at: head });
  const found = await database.session(async (sql) => {
    await checkout(sql, branch);
    return await lostRows(sql, run.peer.name, run.conflicts);
  });
  const statements = new Map(found.map(({ conflict, lost }) => [conflict, lost.sql ?? null]));
  run.conflicts = run.conflicts.map((conflict) =>
    conflict.lost === undefined
      ? conflict
      : { ...conflict, lost: { ...conflict.lost, sql: statements.get(conflict) ?? null } },
  );
  return found.map(({ lost }) => lost);
}
