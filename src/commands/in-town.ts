import type { Configuration, Peer } from '../config/configuration.ts';
import type { RunResult } from '../contract/result.ts';
import { boundaryOf } from '../core/boundary.ts';
import { monotonicMs } from '../core/clock.ts';
import { Failure } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import { branchHead, checkedOutBranch } from '../dolt/heads.ts';
import type { Database } from '../dolt/sql.ts';
import type { InstalledDolt } from '../install/install.ts';
import { finishAdvances } from '../sync/advance.ts';
import { federate as federatePeers } from '../sync/federation.ts';
import { explainFileAccess } from '../sync/file-access.ts';
import type { Notice } from '../sync/notice.ts';
import { rememberFolders } from '../sync/peer-folders.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { type Registered, registerPeers, releaseRemotes, unreleased } from '../sync/registration.ts';
import type { Registering } from '../sync/remote-plan.ts';
import { settleUncommitted } from '../sync/uncommitted.ts';
import { countUnsaved } from '../sync/unsaved.ts';
import { adoptedProblems } from './adopted-problem.ts';
import type { Context } from './context.ts';
import { type InboxSettings, inboxRuns } from './inbox-runs.ts';
import { countEarlierOpen, type Left, leaveConflicts } from './leave-conflicts.ts';
import { mergeProblems } from './merge-problems.ts';
import { noteTimes } from './note-times.ts';
import { noticesOf, toProblem } from './notices.ts';
import type { Town } from './open-town.ts';
import type { Access } from './peer-access.ts';
import { peerResult } from './peer-result.ts';
import { noteRegistered, preparePeers } from './prepare-peers.ts';
import { rawWords } from './raw-words.ts';
import { recallHeads } from './recall-heads.ts';
import { replacedProblems } from './replaced-problem.ts';
import type { FederateRequest } from './request.ts';
import { emptiedProblems, firstPushProblems, uncommittedProblems, unsavedProblems } from './run-problems.ts';
import { runStatus } from './run-status.ts';

/** What a run stands on. */
export interface Ground {
  readonly town: Town;
  readonly peers: readonly Peer[];
  /** All that are configured, also where only some take part. */
  readonly configured: readonly Peer[];
  readonly access: Access;
  readonly dolt: InstalledDolt;
  /** What was told of the configuration before. */
  readonly notices: readonly Notice[];
  readonly mayPush: boolean;
  readonly register: Configuration['register']['value'];
  readonly policy: Parameters<typeof settleUncommitted>[1]['policy'];
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
export async function inTown(request: FederateRequest, context: Context, ground: Ground): Promise<RunResult> {
  const told: Notice[] = [];
  const tell = (notice: Notice) => void told.push(notice);
  const undo: Undo = { upstreams: [], folders: async () => undefined };
  const result = await runIn(request, context, { ground, tell, undo }).finally(() =>
    release(request, ground, { tell, undo }),
  );
  return { ...result, problems: [...result.problems, ...told.map((notice) => toProblem(notice))] };
}

async function release(
  request: FederateRequest,
  { town, register }: Ground,
  { tell, undo }: { readonly tell: (notice: Notice) => void; readonly undo: Undo },
): Promise<void> {
  if (registeringOf(request, register) !== 'keep' || undo.upstreams.length > 0) {
    await town.engines
      .use(PLAIN_KIT, ({ database }) => releaseRemotes(database, town.path, undo))
      .catch((thrown: unknown) => tell(unreleased(thrown)));
  }
  await undo.folders();
}

function registeringOf(request: FederateRequest, register: Ground['register']): Registering {
  return request.command === 'status' || request.dryRun ? 'look' : register;
}

async function runIn(
  request: FederateRequest,
  context: Context,
  { ground, tell, undo }: { readonly ground: Ground; readonly tell: (notice: Notice) => void; readonly undo: Undo },
): Promise<RunResult> {
  const { engines, path, fleeting } = ground.town;
  const { branch, isCheckedOut, before, ours, dirty, runs, recalled } = await engines.use(PLAIN_KIT, ({ database }) =>
    prepare(database, { request, context, ground, tell, undo }),
  );
  const { known, dropped } = recalled;
  const { discardLocal } = request.rewrites;
  const past = { known, dropped, discardLocal };
  const town = ground.settings.town.value;
  const options = {
    ...request,
    ...context,
    ...past,
    branch,
    ours,
    town,
    dirty,
    timeoutMs: request.timeout,
    mergeTimeoutMs: request.mergeTimeout,
    tell,
  };
  const { head, merge } = await federatePeers(engines, runs, options);
  await explainFileAccess(runs);
  const mayWrite = request.command !== 'status' && !request.dryRun;
  // What was delivered here is no peer that could be asked again.
  const remotes = runs.filter(({ inbox }) => inbox === null);
  const memory = await noteTimes(engines, remotes, { path, branch, head, mayWrite, recalled });
  const unsaved = fleeting && mayWrite ? await countUnsaved(engines, runs, head) : null;

  const left: Left =
    mayWrite && request.command !== 'push'
      ? await leaveConflicts(
          {
            engines,
            path,
            branch,
            head,
            runs,
            peers: namesOf(ground.configured, runs),
            mergeTimeoutMs: request.mergeTimeout,
          },
          context,
        )
      : { file: null, open: await countEarlierOpen(path, context), problems: [] };

  tellRawWords(runs, context);
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
    ...[...ground.town.notices, ...ground.notices].map((notice) => toProblem(notice)),
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
    doltVersion: ground.dolt.version,
    durationMs: monotonicMs() - ground.started,
    merge: request.command === 'status' || request.command === 'push' ? null : merge,
    peers: results,
    problems,
    ...(ground.town.clonedFrom === null ? {} : { cloned: true as const }),
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
function tellRawWords(runs: readonly PeerRun[], { log, secrets }: Context): void {
  for (const { peer, failure } of runs) {
    const words = failure === null ? null : rawWords(failure, secrets);
    if (words !== null) log.debug(`${peer.name}: ${words}`);
  }
}

interface Preparation {
  readonly request: FederateRequest;
  readonly context: Context;
  readonly ground: Ground;
  readonly tell: (notice: Notice) => void;
  readonly undo: Undo;
}

/** Everything that comes before the peers are read, in an engine without any credential. */
async function prepare(database: Database, { request, context, ground, tell, undo }: Preparation) {
  const { town, peers, access, policy, mayPush } = ground;
  const checkedOut = await checkedOutBranch(database);
  const branch = request.branch ?? checkedOut;
  const before = await branchHead(database, branch);
  if (before === null) throw new Failure('branch-not-found', `${town.path} has no branch ${branch}`);
  const boundary = await boundaryOf(context, []);
  const { runs: remotes, toRegister } = await preparePeers(peers, { request, branch, access, mayPush, boundary });
  const { path } = town;
  const { configured, settings } = ground;
  const received = await inboxRuns(database, { request, path, branch, settings, peers, configured });
  for (const notice of received.notices) tell(notice);
  const runs = [...remotes, ...received.runs];
  const refused = runs.find((run) => run.failure?.code === 'bad-usage')?.failure;
  if (refused != null) throw refused;
  const mayWrite = request.command !== 'status' && !request.dryRun;
  if (!mayWrite) undo.folders = await rememberFolders(runs);
  const registered = await registerPeers(database, toRegister, {
    path: town.path,
    registering: registeringOf(request, ground.register),
    fix: request.fixRemotes === true,
    peers: ground.configured.map(({ name }) => name),
    log: context.log,
    tell,
  });
  undo.upstreams = registered.upstreams;
  noteRegistered(runs, registered);
  if (mayWrite) for (const notice of await finishAdvances(database)) tell(notice);
  const dirty = await settleUncommitted(database, { branch, policy, mayWrite });
  const ours = (await branchHead(database, branch)) ?? before;
  const recalled = await recallHeads(database, remotes, { path: town.path, branch, ours, mayWrite });
  return { branch, isCheckedOut: branch === checkedOut, before, ours, dirty, runs, recalled };
}
