import type { Configuration, Peer } from '../config/configuration.ts';
import type { RunResult } from '../contract/result.ts';
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
import type { PeerRun } from '../sync/peer-run.ts';
import { registerPeers } from '../sync/registration.ts';
import { settleUncommitted } from '../sync/uncommitted.ts';
import { countUnsaved } from '../sync/unsaved.ts';
import type { Context } from './context.ts';
import { type InboxSettings, inboxRuns } from './inbox-runs.ts';
import { countEarlierOpen, type Left, leaveConflicts } from './leave-conflicts.ts';
import { mergeProblems } from './merge-problems.ts';
import { noteTimes } from './note-times.ts';
import { noticesOf, toProblem } from './notices.ts';
import type { Town } from './open-town.ts';
import type { Access } from './peer-access.ts';
import { peerResult } from './peer-result.ts';
import { noteUnregistered, preparePeers } from './prepare-peers.ts';
import { rawWords } from './raw-words.ts';
import { replacedProblems } from './replaced-problem.ts';
import type { FederateRequest } from './request.ts';
import { firstPushProblems, uncommittedProblems, unsavedProblems } from './run-problems.ts';
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
  readonly policy: Parameters<typeof settleUncommitted>[1]['policy'];
  readonly settings: InboxSettings & Pick<Configuration, 'town'>;
  readonly started: number;
}

/**
 * One run in the town's database: everything that peers do and get, and what came of it.
 * @throws Failure for everything that stops the whole run
 */
export async function inTown(request: FederateRequest, context: Context, ground: Ground): Promise<RunResult> {
  const { engines, path, fleeting } = ground.town;
  const told: Notice[] = [];
  const tell = (notice: Notice) => void told.push(notice);
  const { branch, before, ours, dirty, runs } = await engines.use(PLAIN_KIT, ({ database }) =>
    prepare(database, { request, context, ground, tell }),
  );
  const town = ground.settings.town.value;
  const options = { ...request, ...context, branch, ours, town, dirty, timeoutMs: request.timeout, tell };
  const { head, merge } = await federatePeers(engines, runs, options);
  await explainFileAccess(runs);
  const mayWrite = request.command !== 'status' && !request.dryRun;
  // What was delivered here is no peer that could be asked again.
  const remotes = runs.filter(({ inbox }) => inbox === null);
  const memory = await noteTimes(engines, remotes, { path, head, mayWrite });
  const unsaved = fleeting && mayWrite ? await countUnsaved(engines, runs, head) : null;

  const left: Left =
    mayWrite && request.command !== 'push'
      ? await leaveConflicts({ engines, path, branch, head, runs, peers: namesOf(ground.configured, runs) }, context)
      : { file: null, open: await countEarlierOpen(path, context), problems: [] };

  tellRawWords(runs, context);
  const results = runs.map(peerResult);
  const problems = [
    ...unsavedProblems(unsaved),
    ...mergeProblems(merge),
    ...left.problems,
    ...uncommittedProblems(dirty),
    ...runs.flatMap(firstPushProblems),
    ...runs.flatMap((run) => replacedProblems(run, path)),
    ...memory,
    ...runs.flatMap(noticesOf),
    ...[...ground.town.notices, ...ground.notices, ...told].map((notice) => toProblem(notice)),
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
}

/** Everything that comes before the peers are read, in an engine without any credential. */
async function prepare(database: Database, { request, context, ground, tell }: Preparation) {
  const { town, peers, access, policy } = ground;
  const branch = request.branch ?? (await checkedOutBranch(database));
  const before = await branchHead(database, branch);
  if (before === null) throw new Failure('branch-not-found', `${town.path} has no branch ${branch}`);
  const { runs: remotes, toRegister } = await preparePeers(peers, { request, branch, access });
  const { path } = town;
  const { configured, settings } = ground;
  const received = await inboxRuns(database, { request, path, branch, settings, peers, configured });
  for (const notice of received.notices) tell(notice);
  const runs = [...remotes, ...received.runs];
  const refused = runs.find((run) => run.failure?.code === 'bad-usage')?.failure;
  if (refused != null) throw refused;
  const corrected = (message: string): void => {
    context.log.warning(message);
    tell({ severity: 'notice', code: 'remote-corrected', message });
  };
  noteUnregistered(runs, await registerPeers(database, toRegister, { info: context.log.info, corrected }));
  const mayWrite = request.command !== 'status' && !request.dryRun;
  if (mayWrite) for (const notice of await finishAdvances(database)) tell(notice);
  const dirty = await settleUncommitted(database, { branch, policy, mayWrite });
  return { branch, before, ours: (await branchHead(database, branch)) ?? before, dirty, runs };
}
