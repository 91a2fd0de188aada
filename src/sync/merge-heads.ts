import type { PeerEvent } from '../core/logger.ts';
import type { Database } from '../dolt/sql.ts';
import { type Converged, converge } from './converge.ts';
import type { PeerRun } from './peer-run.ts';
import { scratchName } from './scratch.ts';
import { screenPeers } from './screen-peers.ts';
import { headsThatTouch } from './uncommitted.ts';

/** The town's side of a merge. */
interface MergeTown {
  /** Our branch and the commit it points at. */
  readonly branch: string;
  readonly ours: string;
  /** Tables with uncommitted changes; no head that changes one is merged. */
  readonly dirty: readonly string[];
  /** Commits of this run that a remote has taken: heads like any other. */
  readonly accepted: readonly string[];
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  readonly progress: (event: PeerEvent) => void;
}

/**
 * Brings the heads of the peers that may be merged together with ours; whose head had to be left out is told in its run.
 * @returns where everybody meets. No branch of the town moves.
 */
export async function mergeHeads(database: Database, runs: readonly PeerRun[], town: MergeTown): Promise<Converged> {
  await screenPeers(database, runs, town);
  const bringing = runs.filter((run) => run.part?.merge === true && run.failure === null && run.head !== null);
  for (const run of bringing) {
    if ((run.behind ?? 0) > 0)
      town.progress({ peer: run.peer.name, step: 'merging', detail: `${run.behind} commit(s)` });
  }
  const heads = bringing.flatMap((run) => (run.head === null ? [] : [run.head]));
  const waiting = await headsThatTouch(database, town.dirty, { ours: town.ours, theirs: heads });
  const free = [...heads.filter((head) => !waiting.has(head)), ...town.accepted];
  const converged = await converge(database, { ours: town.ours, theirs: free, branch: town.branch }, scratchName);
  for (const run of bringing) {
    const why = run.head === null ? undefined : (waiting.get(run.head) ?? converged.dropped.get(run.head));
    if (why === undefined) continue;
    run.failure = why.failure;
    run.conflicts = [...why.conflicts];
  }
  return converged;
}
