import type { Configuration, Peer } from '../config/configuration.ts';
import type { RunResult } from '../contract/result.ts';
import { boundaryOf } from '../core/boundary.ts';
import { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { branchHead, checkedOutBranch } from '../dolt/sql/heads.ts';
import type { Database } from '../dolt/sql/sql.ts';
import type { InstalledDolt } from '../install/install.ts';
import { finishAdvances } from '../sync/advance.ts';
import { countUnsaved } from '../sync/history/unsaved.ts';
import { applyDirtyPolicy } from '../sync/merge/uncommitted.ts';
import type { Notice } from '../sync/notice.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { explainFileAccess, rememberFolders } from '../sync/remotes/file-access.ts';
import { type Registered, registerPeers, releaseRemotes, unreleased } from '../sync/remotes/registration.ts';
import type { Registering } from '../sync/remotes/remote-plan.ts';
import { federate as federatePeers } from '../sync/sync.ts';
import type { Context } from './context.ts';
import { noticesOf, peerResult, toProblem } from './outcome/peer-result.ts';
import {
  adoptedProblems,
  emptiedProblems,
  firstPushProblems,
  mergeProblems,
  replacedProblems,
  uncommittedProblems,
  unsavedProblems,
} from './outcome/problems.ts';
import { recordTimes } from './outcome/record-times.ts';
import { runStatus } from './outcome/run-status.ts';
import { toolOutput } from './outcome/tool-output.ts';
import { countEarlierOpen, type WrittenConflicts, writeConflictsFile } from './outcome/write-conflicts-file.ts';
import { type InboxSettings, inboxRuns } from './prepare/inbox-peers.ts';
import { readLastVerified } from './prepare/last-verified.ts';
import type { LocalDatabase } from './prepare/open-database.ts';
import type { Access } from './prepare/peer-access.ts';
import { preparePeers, recordRegistered } from './prepare/prepare-peers.ts';
import type { SyncRequest } from './request.ts';

/** What a run stands on. */
export interface SyncContext {
  readonly local: LocalDatabase;
  readonly peers: readonly Peer[];
  /** All that are configured, also where only some take part. */
  readonly configured: readonly Peer[];
  readonly access: Access;
  readonly dolt: InstalledDolt;
  /** What was told of the configuration before. */
  readonly notices: readonly Notice[];
  readonly mayPush: boolean;
  readonly register: Configuration['register']['value'];
  readonly policy: Parameters<typeof applyDirtyPolicy>[1]['policy'];
  readonly settings: InboxSettings & Pick<Configuration, 'town'>;
  readonly started: number;
}

/** What a run undoes at its end, however it ends. */
interface Undo {
  upstreams: Registered['upstreams'];
  folders: () => Promise<void>;
}

/**
 * One run in the town's database: everything that peers do and get, and what came of it. What it changed for itself only,
 * such as remotes, is as it was afterwards, also where the run failed.
 * @throws Failure for everything that stops the whole run
 */
export async function runSync(request: SyncRequest, context: Context, syncContext: SyncContext): Promise<RunResult> {
  const reported: Notice[] = [];
  const notify = (notice: Notice) => void reported.push(notice);
  const undo: Undo = { upstreams: [], folders: async () => undefined };
  const result = await runIn(request, context, { syncContext, notify, undo }).finally(() =>
    release(request, syncContext, { notify, undo }),
  );
  return { ...result, problems: [...result.problems, ...reported.map((notice) => toProblem(notice))] };
}

async function release(
  request: SyncRequest,
  { local, register }: SyncContext,
  { notify, undo }: { readonly notify: (notice: Notice) => void; readonly undo: Undo },
): Promise<void> {
  if (registeringOf(request, register) !== 'keep' || undo.upstreams.length > 0) {
    await local.engines
      .use(NO_CREDENTIALS, ({ database }) => releaseRemotes(database, local.path, undo))
      .catch((thrown: unknown) => notify(unreleased(thrown)));
  }
  await undo.folders();
}

function registeringOf(request: SyncRequest, register: SyncContext['register']): Registering {
  return request.command === 'status' || request.dryRun ? 'look' : register;
}

async function runIn(
  request: SyncRequest,
  context: Context,
  {
    syncContext,
    notify,
    undo,
  }: { readonly syncContext: SyncContext; readonly notify: (notice: Notice) => void; readonly undo: Undo },
): Promise<RunResult> {
  const { engines, path, ephemeral } = syncContext.local;
  const { branch, isCheckedOut, before, ours, dirty, runs, lastVerified } = await engines.use(
    NO_CREDENTIALS,
    ({ database }) => prepare(database, { request, context, syncContext, notify, undo }),
  );
  const { known, dropped } = lastVerified;
  const { discardLocal } = request.rewrites;
  const past = { known, dropped, discardLocal };
  const senderName = syncContext.settings.town.value;
  const options = {
    ...request,
    ...context,
    ...past,
    branch,
    ours,
    town: senderName,
    dirty,
    timeoutMs: request.timeout,
    mergeTimeoutMs: request.mergeTimeout,
    notify,
  };
  const { head, merge } = await federatePeers(engines, runs, options);
  await explainFileAccess(runs);
  const mayWrite = request.command !== 'status' && !request.dryRun;
  // What was delivered here is no peer that could be asked again.
  const remotes = runs.filter(({ inbox }) => inbox === null);
  const memory = await recordTimes(engines, remotes, { path, branch, head, mayWrite, lastVerified });
  const unsaved = ephemeral && mayWrite ? await countUnsaved(engines, runs, head) : null;

  const left: WrittenConflicts =
    mayWrite && request.command !== 'push'
      ? await writeConflictsFile(
          {
            engines,
            path,
            branch,
            head,
            runs,
            peers: namesOf(syncContext.configured, runs),
            mergeTimeoutMs: request.mergeTimeout,
          },
          context,
        )
      : { file: null, open: await countEarlierOpen(path, context), problems: [] };

  reportToolOutput(runs, context);
  const results = runs.map(peerResult);
  const problems = [
    ...unsavedProblems(unsaved),
    ...mergeProblems(merge),
    ...left.problems,
    ...uncommittedProblems(dirty),
    ...runs.flatMap(firstPushProblems),
    ...runs.flatMap(emptiedProblems),
    ...runs.flatMap((run) => replacedProblems(run, path)),
    ...runs.flatMap((run) => adoptedProblems(run, { path, branch, isCheckedOut })),
    ...memory,
    ...runs.flatMap(noticesOf),
    ...[...syncContext.local.notices, ...syncContext.notices].map((notice) => toProblem(notice)),
  ];
  return {
    version: 1,
    command: request.command,
    status: runStatus(
      results.map((result) => result.status),
      {
        moved: head !== before,
        unsaved: unsaved ?? 0,
        halfDone: runs.some(({ failure }) => failure?.code === 'live-unknown'),
      },
    ),
    database: path,
    branch,
    head,
    doltVersion: syncContext.dolt.version,
    durationMs: monotonicMs() - syncContext.started,
    merge: request.command === 'status' || request.command === 'push' ? null : merge,
    peers: results,
    problems,
    ...(syncContext.local.clonedFrom === null ? {} : { cloned: true as const }),
    ...(unsaved === null ? {} : { unsaved }),
    ...(left.file === null ? {} : { conflictsPath: left.file }),
    ...(left.open === 0 ? {} : { open: left.open }),
  };
}

/** Whom the conflicts file may speak of: all peers, and the deliveries that are there. */
function namesOf(configured: readonly Peer[], runs: readonly PeerRun[]): readonly Peer[] {
  return [...configured, ...runs.flatMap(({ inbox, peer }) => (inbox === null ? [] : [peer]))];
}

/** What Dolt and the tools below it said, for who looks closely: the log alone has it, and only with `--verbose`. */
function reportToolOutput(runs: readonly PeerRun[], { log, secrets }: Context): void {
  for (const { peer, failure } of runs) {
    const words = failure === null ? null : toolOutput(failure, secrets);
    if (words !== null) log.debug(`${peer.name}: ${words}`);
  }
}

interface Preparation {
  readonly request: SyncRequest;
  readonly context: Context;
  readonly syncContext: SyncContext;
  readonly notify: (notice: Notice) => void;
  readonly undo: Undo;
}

/** Everything that comes before the peers are read, in an engine without any credential. */
async function prepare(database: Database, { request, context, syncContext, notify, undo }: Preparation) {
  const { local, peers, access, policy, mayPush } = syncContext;
  const checkedOut = await checkedOutBranch(database);
  const branch = request.branch ?? checkedOut;
  const before = await branchHead(database, branch);
  if (before === null) throw new Failure('branch-not-found', `${local.path} has no branch ${branch}`);
  const boundary = await boundaryOf(context, []);
  const { runs: remotes, toRegister } = await preparePeers(peers, { request, branch, access, mayPush, boundary });
  const { path } = local;
  const { configured, settings } = syncContext;
  const received = await inboxRuns(database, { request, path, branch, settings, peers, configured });
  for (const notice of received.notices) notify(notice);
  const runs = [...remotes, ...received.runs];
  const refused = runs.find((run) => run.failure?.code === 'bad-usage')?.failure;
  if (refused != null) throw refused;
  const mayWrite = request.command !== 'status' && !request.dryRun;
  if (!mayWrite) undo.folders = await rememberFolders(runs);
  const registered = await registerPeers(database, toRegister, {
    path: local.path,
    registering: registeringOf(request, syncContext.register),
    fix: request.fixRemotes === true,
    peers: syncContext.configured.map(({ name }) => name),
    log: context.log,
    notify,
  });
  undo.upstreams = registered.upstreams;
  recordRegistered(runs, registered);
  if (mayWrite) for (const notice of await finishAdvances(database)) notify(notice);
  const dirty = await applyDirtyPolicy(database, { branch, policy, mayWrite });
  const ours = (await branchHead(database, branch)) ?? before;
  const lastVerified = await readLastVerified(database, remotes, { path: local.path, branch, ours, mayWrite });
  return { branch, isCheckedOut: branch === checkedOut, before, ours, dirty, runs, lastVerified };
}
