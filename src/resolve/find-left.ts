import type { Conflict } from '../contract/result.ts';
import type { Cells } from '../dolt/cell.ts';
import type { Database } from '../dolt/sql.ts';
import { rowsByKey } from '../dolt/stored-rows.ts';
import { tableShape } from '../dolt/table-shape.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import type { LeftMerge, LostRow } from './conflicts-file.ts';
import { leftRows } from './left-rows.ts';

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
    const collisions = run.conflicts.filter(({ kind, left }) => LOST_KINDS.has(kind) && left);
    if (run.failure === null) {
      for (const conflict of collisions)
        lost.push(...(await lostRows(database, { peer: run.peer.name, conflict, head })));
    }
  }
  return { merges, lost };
}

/** Rows that a merge removed although they say something that no other row says. */
const LOST_KINDS: ReadonlySet<Conflict['kind']> = new Set(['id-collision', 'duplicate', 'dependant']);

/** Under `manual` a broken unique key is for a person as well; other strategies settle it or say why not. */
export function isLeft({ failure, peer }: PeerRun): boolean {
  if (failure?.code === 'constraint-violation') return peer.strategy === 'manual';
  return failure?.code === 'conflict';
}

/** Of two rows added under one key, the whole of that which is not the one that the town has now. */
async function lostRows(
  database: Database,
  of: { readonly peer: string; readonly conflict: Conflict; readonly head: string },
): Promise<LostRow[]> {
  const { peer, head, conflict } = of;
  const { table, key, heads } = conflict;
  const shape = await tableShape(database, table);
  const at = async (commit: string): Promise<Cells | undefined> => {
    const [row] = await rowsByKey(database, shape, { keys: [key], commit });
    return row;
  };
  const now = JSON.stringify(await at(head));
  const rows: LostRow[] = [];
  for (const commit of [heads.ours, heads.theirs]) {
    const row = await at(commit);
    if (row !== undefined && JSON.stringify(row) !== now) rows.push({ peer, table, head: commit, row });
  }
  return rows;
}
