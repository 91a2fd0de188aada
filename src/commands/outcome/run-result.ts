import type { Peer } from '../../config/configuration.ts';
import type { MergeReport, RunResult } from '../../contract/result.ts';
import type { RunStatus } from '../../contract/vocabulary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { monotonicMs } from '../../core/time.ts';
import { newPeerProgress } from '../../sync/peer-progress.ts';
import type { LocalDatabase } from '../prepare/open-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import type { SyncRequest } from '../request.ts';
import { noticesOf, peerResult, toProblem } from './peer-result.ts';
import {
  adoptedProblems,
  emptiedProblems,
  firstPushProblems,
  mergeProblems,
  replacedProblems,
  uncommittedProblems,
  unsavedProblems,
} from './problems.ts';
import { runStatus } from './run-status.ts';
import type { WrittenConflicts } from './write-conflicts-file.ts';

/** Without an open database, its branch is unknown and no peer is shown. */
const NO_BRANCH = '';

/** What a run ends with. */
interface Ended {
  readonly started: number;
  readonly doltVersion: string;
  readonly database: LocalDatabase;
  readonly prepared: PreparedSync;
  /** The head of our branch. */
  readonly head: string;
  /** null: the run was interrupted. */
  readonly merge: MergeReport | null;
  readonly conflicts: WrittenConflicts;
  /** Commits that no peer has, if the database is deleted with the machine; null: the database stays. */
  readonly unsaved: number | null;
  /** Warnings about the state file. */
  readonly state: readonly Diagnostic[];
  readonly notices: readonly Diagnostic[];
}

/** The result of a run that opened a database. */
export function runResult(request: SyncRequest, ended: Ended): RunResult {
  const { database, prepared, head, merge, conflicts, unsaved } = ended;
  const { path } = database;
  const { branch, isCheckedOut, runs, dirty } = prepared;
  const peers = runs.map(peerResult);
  const status = runStatus(
    peers.map((peer) => peer.status),
    {
      moved: head !== prepared.before,
      unsaved: unsaved ?? 0,
      halfDone: runs.some(({ failure }) => failure?.code === 'live-unknown'),
    },
  );
  return {
    version: 1,
    command: request.command,
    status,
    database: path,
    branch,
    head,
    doltVersion: ended.doltVersion,
    durationMs: monotonicMs() - ended.started,
    merge: request.command === 'status' || request.command === 'push' ? null : merge,
    peers,
    problems: [
      ...unsavedProblems(unsaved),
      ...mergeProblems(merge),
      ...conflicts.problems,
      ...uncommittedProblems(dirty),
      ...runs.flatMap(firstPushProblems),
      ...runs.flatMap(emptiedProblems),
      ...runs.flatMap((run) => replacedProblems(run, path)),
      ...runs.flatMap((run) => adoptedProblems(run, { path, branch, isCheckedOut })),
      ...ended.state,
      ...runs.flatMap(noticesOf),
      ...ended.notices,
    ].map(toProblem),
    ...(database.clonedFrom === null ? {} : { cloned: true as const }),
    ...(unsaved === null ? {} : { unsaved }),
    ...(conflicts.file === null ? {} : { conflictsPath: conflicts.file }),
    ...(conflicts.open === 0 ? {} : { open: conflicts.open }),
  };
}

/** The result of a run that had nothing to do or was not allowed to run. */
export function notRunResult(
  request: SyncRequest,
  why: {
    readonly started: number;
    readonly peers: readonly Peer[];
    readonly notices: readonly Diagnostic[];
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
    peers: why.peers.map((peer) =>
      peerResult(newPeerProgress({ peer, actions: null, branch: request.branch ?? NO_BRANCH })),
    ),
    problems: why.notices.map(toProblem),
  };
}
