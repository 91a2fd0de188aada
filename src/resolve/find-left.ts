import { checkout, createBranch } from '../dolt/heads.ts';
import type { Database } from '../dolt/sql.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { scratchName } from '../sync/scratch.ts';
import type { LeftMerge, LostRow } from './conflicts-file.ts';
import { leftRows } from './left-rows.ts';
import { lostRows } from './lost-rows.ts';

/**
 * What a run left for a person, from the heads at which it ended: so the file fits the town even where other peers were
 * merged meanwhile.
 * @param head our head after the run
 */
export async function findLeft(
  database: Database,
  runs: readonly PeerRun[],
  head: string,
): Promise<{ readonly merges: readonly LeftMerge[]; readonly lost: readonly LostRow[] }> {
  const merges: LeftMerge[] = [];
  const lost: LostRow[] = [];
  for (const run of runs) {
    if (run.head !== null && isLeft(run)) {
      const rows = await leftRows(database, { ours: head, theirs: run.head });
      if (rows !== null) merges.push({ peer: run.peer.name, ours: head, theirs: run.head, rows });
    }
    if (run.failure === null) lost.push(...(await lostOf(database, run, head)));
  }
  return { merges, lost };
}

/** Under `manual` a broken unique key is for a person as well; other strategies settle it or say why not. */
export function isLeft({ failure, peer }: PeerRun): boolean {
  if (failure?.code === 'constraint-violation') return peer.strategy === 'manual';
  return failure?.code === 'conflict';
}

/** The rows of the merges with one peer that need a person; its conflicts get the statements that bring them back. */
async function lostOf(database: Database, run: PeerRun, head: string): Promise<LostRow[]> {
  if (!run.conflicts.some(({ left, lost }) => left && lost !== undefined)) return [];
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
