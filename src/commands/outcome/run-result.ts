import type { Peer } from '../../config/configuration.ts';
import { comparePeers } from '../../config/peers.ts';
import { ERRORS, type ErrorCode } from '../../contract/error-codes.ts';
import type { Conflict, MergeReport, PeerResult, RunResult, Stale } from '../../contract/result.ts';
import type { RunStatus } from '../../contract/vocabulary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { isInside } from '../../core/files.ts';
import { groupBy } from '../../core/lists.ts';
import { counted, hintFor } from '../../core/text.ts';
import { monotonicMs } from '../../core/time.ts';
import { credentialsToAdd } from '../../credentials/given.ts';
import { pathFrom } from '../../report/validate/paths.ts';
import { inboxSender } from '../../sync/inbox.ts';
import { newPeerPlan } from '../../sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../sync/peer-progress.ts';
import type { LegOfResult } from '../fan-out/shard.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import type { OfflinePeer } from '../prepare/untrusted/untrusted-settings.ts';
import { type SyncRequest, sendsOnly } from '../request.ts';
import type { AfterSync } from './export-after-sync.ts';
import {
  adoptedProblems,
  emptiedProblems,
  firstPushProblems,
  mergeProblems,
  missingBranchProblems,
  replacedProblems,
  toProblem,
  uncommittedProblems,
  undoPlaceOf,
  unfilledProblems,
  unsavedProblems,
} from './problems.ts';
import { peerStatus, runStatus } from './run-status.ts';
import { staleError, stalenessProblems } from './staleness.ts';
import { messageOf } from './tool-output.ts';
import type { WrittenConflicts } from './write-conflicts-file.ts';

/** Without an open database, its branch is unknown and no peer is shown. */
const NO_BRANCH = '';

/** The outcome of a run. */
interface Ended {
  readonly started: number;
  readonly doltVersion: string;
  readonly database: LocalDatabase;
  readonly prepared: PreparedSync;
  /** Peers that were not contacted because the event may not write. */
  readonly offline: readonly OfflinePeer[];
  /** The head of our branch. */
  readonly head: string;
  /** null: the run was interrupted. */
  readonly merge: MergeReport | null;
  readonly conflicts: WrittenConflicts;
  /** Commits that no peer has, if the database is deleted with the machine; null: the database stays. */
  readonly unsaved: number | null;
  /** Warnings about the state file. */
  readonly state: readonly Diagnostic[];
  readonly stale: ReadonlyMap<PeerProgress, Stale>;
  readonly afterSync: AfterSync;
  readonly leg: LegOfResult;
  /** The workspace of the job; null: outside of one. */
  readonly workspace: string | null;
  readonly notices: readonly Diagnostic[];
}

/** The result of a run that opened a database. */
export function runResult(request: SyncRequest, ended: Ended): RunResult {
  const { database, prepared, head, merge, conflicts, unsaved, afterSync, workspace } = ended;
  const { path } = database;
  const limit = request.staleAfter === undefined ? {} : { staleAfterMs: request.staleAfter };
  const dry = request.dryRun && request.command !== 'status' ? { dryRun: true as const } : {};
  const { branch, isCheckedOut, allProgress, dirty } = prepared;
  const found = allProgress.map((progress) => peerResult(progress, ended.stale.get(progress) ?? null, request));
  const peers = withOffline(request.dryRun ? found.map(beforeSync) : found, ended.offline, branch);
  const moved = head !== prepared.before;
  const status = runStatus(
    peers.map((peer) => peer.status),
    {
      moved,
      unsaved: unsaved ?? 0,
      halfDone: allProgress.some(({ pushFailure }) => pushFailure === 'refused'),
      exportFailed: afterSync.problems.length > 0,
    },
  );
  return {
    version: 1,
    command: request.command,
    // The state of the peers is not the result of the change.
    status: request.untrusted ? 'skipped' : status,
    database: path,
    ...(workspace === null || !isInside(workspace, path) ? {} : { folder: pathFrom(workspace, path) }),
    branch,
    head,
    doltVersion: ended.doltVersion,
    durationMs: monotonicMs() - ended.started,
    merge: request.command === 'status' || sendsOnly(request) ? null : merge,
    peers,
    problems: [
      ...unsavedProblems(unsaved),
      ...afterSync.problems,
      ...mergeProblems(merge),
      ...conflicts.problems,
      ...uncommittedProblems([...dirty, ...(database.served?.dirty ?? [])]),
      ...peers.flatMap((peer) => stalenessProblems(peer, { command: request.command, ...limit, ...dry })),
      ...allProgress.flatMap(firstPushProblems),
      ...allProgress.flatMap(emptiedProblems),
      ...allProgress.flatMap(unfilledProblems),
      ...allProgress.flatMap(missingBranchProblems),
      ...allProgress.flatMap((progress) => replacedProblems(progress, undoPlaceOf(database))),
      ...allProgress.flatMap((progress) => adoptedProblems(progress, { path, branch, isCheckedOut })),
      ...ended.state,
      ...allProgress.flatMap(noticesOf),
      ...ended.notices,
    ].map(toProblem),
    ...ended.leg,
    ...dry,
    ...(moved ? { moved } : {}),
    ...(database.clonedFrom === null ? {} : { cloned: true as const }),
    ...limit,
    ...(unsaved === null ? {} : { unsaved }),
    ...(conflicts.file === null ? {} : { conflictsPath: conflicts.file }),
    ...(conflicts.open === 0 ? {} : { open: conflicts.open }),
    ...(afterSync.export === null ? {} : { export: afterSync.export }),
  };
}

/** The result of a run that had nothing to do or was not allowed to run. */
export function notRunResult(
  request: SyncRequest,
  why: {
    readonly started: number;
    readonly peers: readonly Peer[];
    readonly offline: readonly OfflinePeer[];
    readonly notices: readonly Diagnostic[];
    readonly leg: LegOfResult;
    readonly status: Extract<RunStatus, 'unchanged' | 'skipped'>;
  },
): RunResult {
  return {
    version: 1,
    command: request.command,
    status: why.status,
    database: null,
    branch: request.branch ?? null,
    head: null,
    doltVersion: null,
    durationMs: monotonicMs() - why.started,
    merge: null,
    peers: withOffline(
      why.peers.map((peer) => leftResult(peer, request.branch ?? NO_BRANCH)),
      why.offline,
      request.branch ?? NO_BRANCH,
    ),
    problems: why.notices.map(toProblem),
    ...why.leg,
  };
}

/** A peer that took no part. */
function leftResult(peer: Peer, branch: string): PeerResult {
  return peerResult(newPeerProgress(newPeerPlan({ peer, actions: null, branch })), null, { reportValues: 'none' });
}

/** With the peers that were not contacted, in the order of a configuration. */
function withOffline(peers: readonly PeerResult[], offline: readonly OfflinePeer[], branch: string): PeerResult[] {
  if (offline.length === 0) return [...peers];
  const left = offline.map(({ peer, notContacted }) => ({ ...leftResult(peer, branch), notContacted }));
  return [...peers, ...left].toSorted(comparePeers);
}

const RESOLVABLE: readonly ErrorCode[] = ['conflict', 'id-collision', 'unique-conflict'];

/** A dry run records nothing that `resolve` could read. */
function beforeSync(peer: PeerResult): PeerResult {
  const { error } = peer;
  if (error === null || !RESOLVABLE.includes(error.code) || error.hint !== ERRORS[error.code].hint) return peer;
  const hint = 'Run `dolt-federation sync` first: it records the rows. Then run `dolt-federation resolve`.';
  return { ...peer, error: { ...error, hint } };
}

/** One peer's run, as the JSON shows it. */
function peerResult(
  progress: PeerProgress,
  stale: Stale | null,
  request: Pick<SyncRequest, 'reportValues'>,
): PeerResult {
  const status = peerStatus(progress);
  const error = errorOf(progress, request) ?? (stale === null ? null : staleError(progress.peer.name, stale));
  return {
    name: progress.peer.name,
    endpoint: progress.peer.endpoint.written,
    role: progress.peer.role,
    tier: progress.peer.tier,
    state: progress.state,
    status: stale === null || status === 'conflict' ? status : 'failed',
    ahead: progress.ahead,
    behind: progress.behind,
    pulledCommits: progress.pulledCommits,
    pushedCommits: progress.pushedCommits,
    remoteHead: progress.head,
    verified: progress.verified,
    lastVerifiedAt: progress.lastVerifiedAt,
    oldestUnsyncedAt: progress.oldestUnsyncedAt,
    conflicts: [...progress.conflicts],
    ...(progress.held.length === 0 ? {} : { held: [...progress.held] }),
    error,
    attempts: progress.attempts,
    durationMs: progress.durationMs,
    ...(progress.plan === null ? {} : { plan: progress.plan }),
    ...(progress.replaced === null ? {} : { replaced: progress.replaced }),
    ...(progress.adopted === null ? {} : { adopted: progress.adopted }),
    ...(progress.attribution === null ? {} : { attribution: progress.attribution }),
    ...(progress.rewritten === null ? {} : { rewritten: progress.rewritten }),
    ...(stale === null ? {} : { stale }),
    ...memoryOf(progress),
  };
}

function memoryOf({ actions, remembered, inbox }: PeerProgress): Pick<PeerResult, 'memory'> {
  if (actions === null || inbox !== null) return {};
  if (remembered === null) return { memory: 'none' };
  return remembered.isRestored === true ? { memory: 'restored' } : {};
}

const KIND_CODES = {
  'id-collision': 'id-collision',
  dependant: 'id-collision',
  reference: 'id-collision',
  duplicate: 'unique-conflict',
  'unique-conflict': 'unique-conflict',
  renamed: 'renamed-row',
  changed: 'conflict',
  deleted: 'conflict',
  restored: 'conflict',
  keyless: 'conflict',
} as const satisfies Record<Conflict['kind'], ErrorCode>;

/** The outcome for rows of each kind; the text follows their number. */
const KIND_TEXTS: Readonly<Partial<Record<Conflict['kind'], string>>> = {
  'id-collision': 'added on both sides with the same key; one row was kept',
  dependant: 'lost with the row that they depend on',
  reference: 'refer to another row that has the key now',
  duplicate: 'removed because another row has their unique value',
  'unique-conflict': 'have their old unique value again because another row has the new one',
  renamed: 'were changed on one side and given another key on the other; both rows were kept',
};

/** A warning about rows of a completed merge that a person should check; null if there are none. */
function collision({ peer, conflicts, plan }: PeerProgress): Failure | null {
  const left = conflicts.filter((conflict) => conflict.left);
  const [first] = left;
  if (first === undefined) return null;
  const text = [...groupBy(left, ({ kind }) => kind)].map(([kind, rows]) => {
    const tables = [...new Set(rows.map(({ table }) => table))].join(', ');
    return `${counted(rows.length, 'row')} of ${tables} ${KIND_TEXTS[kind] ?? 'are in conflict'}`;
  });
  const where = left.some(({ elsewhere }) => elsewhere !== true)
    ? `The rest ${plan === null ? 'was' : 'would be'} merged with ${peer.name}.`
    : `Another database made the merge, and it was received from ${peer.name}.`;
  return new Failure(KIND_CODES[first.kind], `${text.join('; ')}. ${where}`);
}

function errorOf(progress: PeerProgress, { reportValues }: Pick<SyncRequest, 'reportValues'>): PeerResult['error'] {
  const failure = progress.failure ?? collision(progress);
  if (failure === null) return null;
  const { code, retryable, hint } = failure;
  const { peer, credentials } = progress;
  const isRefused = code === 'auth' && failure.toolText !== null;
  const entry = isRefused && credentials === null ? credentialsToAdd(peer) : undefined;
  if (entry !== undefined) {
    const message = messageOf(failure, { sentence: `${peer.name} requires credentials, and none were given` });
    return {
      code,
      message,
      hint: `Add an entry to the credentials (\`dolt-federation help credentials\`):\n${entry}`,
      retryable,
    };
  }
  const damage = code === 'corrupt' && failure.toolText !== null ? damageOf(progress) : null;
  if (damage !== null) {
    const message = messageOf(failure, { sentence: damage.sentence, reportValues });
    return { code, message, hint: damage.hint, retryable };
  }
  const note = isRefused && credentials != null ? { note: credentials } : {};
  // A delivery uses the settings of its sender.
  const owner = inboxSender(peer.name) ?? peer.name;
  const message = messageOf(failure, { peer: peer.name, reportValues, ...note });
  return { code, message, hint: hintFor(owner, hint), retryable };
}

const DAMAGED_PEER =
  'If the data there is damaged, keep a copy of it, because it may contain commits that no other database has. Then restore it from a backup, or empty the peer and push again.';

/** The database that may be damaged if Dolt says so; null: ours, because Dolt read nothing else. */
function damageOf({
  state,
  pushFailure,
  peer: { name },
}: PeerProgress): { readonly sentence: string; readonly hint: string } | null {
  if (state === 'unreachable') {
    return {
      sentence: `${name} has damaged data, or sends something else`,
      hint: `Check what the endpoint serves. ${DAMAGED_PEER} \`dolt fsck\` shows whether this database is damaged, too.`,
    };
  }
  if (pushFailure !== 'failed') return null;
  // A push reads our commits, and what is stored there already. Dolt does not say which of them is damaged.
  return {
    sentence: `the push to ${name} found damaged data, in this database or there`,
    hint: `Copy the folder of this database, and run \`dolt fsck\` in it. If it finds damage, restore a backup, or clone from a peer into another folder. If it finds none, check what the endpoint serves. ${DAMAGED_PEER}`,
  };
}

/** Notices about what a peer brings. That it changes definitions is not news where they could not be merged. */
export function noticesOf({ notices, otherMakers, manyTags, failure, peer }: PeerProgress): Diagnostic[] {
  const all = [...notices, otherMakers, manyTags].filter((notice) => notice !== null);
  const shown = failure?.code === 'schema-conflict' ? all.filter(({ code }) => code !== 'definitions-differ') : all;
  return shown.map((notice) => ({ ...notice, peer: peer.name }));
}
