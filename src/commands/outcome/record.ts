import type { Configuration } from '../../config/configuration.ts';
import type { Stale } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { toFailure } from '../../core/failure.ts';
import { currencyOf, stalenessOf } from '../../sync/history/staleness.ts';
import { countUnsaved } from '../../sync/history/unsaved.ts';
import { isUnresolved } from '../../sync/merge/is-unresolved.ts';
import { forgetUnreported } from '../../sync/merge/unreported-moves.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { Context } from '../context.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import { mayWrite, type SyncRequest, sendsOnly } from '../request.ts';
import { recordTimes } from './record-times.ts';
import { toolOutput } from './tool-output.ts';
import { countEarlierOpen, type WrittenConflicts, writeConflictsFile } from './write-conflicts-file.ts';

interface Ended {
  readonly database: LocalDatabase;
  readonly configuration: Pick<Configuration, 'peers'>;
  readonly prepared: PreparedSync;
  /** The head of our branch. */
  readonly head: string;
  /** The commit that the peers should have; absent: the head. */
  readonly promised?: string | undefined;
  /** Whether the rows of all merges of our branch are reported in the `PeerProgress`; absent: no. */
  readonly isReported?: boolean;
}

/** The recorded facts, for the result. */
interface Recorded {
  readonly conflicts: WrittenConflicts;
  readonly unsaved: number | null;
  readonly state: readonly Diagnostic[];
  /** The peers that count as failed because of `stale-after`. */
  readonly stale: ReadonlyMap<PeerProgress, Stale>;
}

/** Records what the next run or a person needs: verified heads and unresolved rows. */
export async function record(
  request: SyncRequest,
  context: Context,
  { database, configuration, prepared, head, promised = head, isReported = false }: Ended,
): Promise<Recorded> {
  const { engines, ephemeral } = database;
  // `resolve` reads the file there, also if a server held the database.
  const home = database.state.folder;
  const { branch, allProgress, lastVerified } = prepared;
  const writes = mayWrite(request);
  const peers = allProgress.filter(({ inbox }) => inbox === null);
  const times = await recordTimes(engines, peers, {
    state: database.state,
    branch,
    head,
    promised,
    mayWrite: writes,
    lastVerified,
  });
  const unsaved = ephemeral && writes ? await countUnsaved(engines, allProgress, head) : null;
  if (writes) await keepUnmerged(database, allProgress, context);
  // The conflicts file may mention all peers and all present deliveries.
  const named = [...configuration.peers, ...allProgress.flatMap(({ inbox, peer }) => (inbox === null ? [] : [peer]))];
  const conflicts =
    writes && !sendsOnly(request)
      ? await writeConflictsFile(
          { engines, path: home, branch, head, allProgress, peers: named, mergeTimeoutMs: request.mergeTimeout },
          context,
        )
      : { file: null, open: await countEarlierOpen(home, branch, context), problems: [], isComplete: false };
  // If that fails, the next run reports them again.
  if (isReported && conflicts.isComplete) await forgetUnreported(database.state.folder, branch).catch(() => undefined);
  reportToolOutput(request, allProgress, context);
  const stale = stalePeers(request, peers, { unsentAt: times.unsentAt, mayPush: prepared.mayPush });
  return { conflicts, unsaved, state: times.warnings, stale };
}

function stalePeers(
  { staleAfter, command }: SyncRequest,
  allProgress: readonly PeerProgress[],
  known: { readonly unsentAt: ReadonlyMap<PeerProgress, string | null>; readonly mayPush: boolean },
): ReadonlyMap<PeerProgress, Stale> {
  if (staleAfter === undefined) return new Map();
  const now = Date.now();
  const found = allProgress.flatMap((progress) => {
    const { actions, failure } = progress;
    if (actions === null || failure?.code === 'interrupted') return [];
    // A backup reads the primary for its tag only.
    if (command === 'backup' && !actions.push) return [];
    const oldestUnsentAt = known.unsentAt.get(progress) ?? null;
    const stale = stalenessOf(currencyOf(progress, { oldestUnsentAt, mayPush: known.mayPush }), staleAfter, now);
    return stale === null ? [] : [[progress, stale] as const];
  });
  return new Map(found);
}

/** Output of Dolt and its tools; only written to the log, and only with `--verbose`. */
function reportToolOutput(
  { reportValues }: Pick<SyncRequest, 'reportValues'>,
  allProgress: readonly PeerProgress[],
  { log, secrets }: Context,
): void {
  for (const { peer, failure } of allProgress) {
    const output = failure === null ? null : toolOutput(failure, secrets, reportValues);
    if (output !== null) log.debug(`${peer.name}: ${output}`);
  }
}

/** `resolve` merges the heads with unresolved rows later, when the copy that fetched them is gone. */
async function keepUnmerged(
  { served, engines }: LocalDatabase,
  allProgress: readonly PeerProgress[],
  { log }: Context,
): Promise<void> {
  const heads = allProgress.filter(isUnresolved).flatMap(({ head }) => head ?? []);
  // The conflicts file is still written; `resolve` then says which head is missing, and the next run brings it.
  await served?.keep(engines, [...new Set(heads)]).catch((thrown: unknown) => log.warning(toFailure(thrown).message));
}
