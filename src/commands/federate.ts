import type { Peer } from '../config/configuration.ts';
import { endpointOptions } from '../config/endpoint-options.ts';
import { loadConfiguration, requireFederation } from '../config/load.ts';
import type { RunResult } from '../contract/result.ts';
import { monotonicMs } from '../core/clock.ts';
import { Failure, type Location } from '../core/failure.ts';
import { loadCredentials } from '../credentials/load-credentials.ts';
import { doltCapabilities } from '../dolt/capabilities.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import { branchHead, checkedOutBranch } from '../dolt/heads.ts';
import type { Database } from '../dolt/sql.ts';
import { type InstalledDolt, installDolt } from '../install/install.ts';
import { finishAdvances } from '../sync/advance.ts';
import { federate as federatePeers } from '../sync/federation.ts';
import type { Notice } from '../sync/notice.ts';
import { newPeerRun, type PeerRun } from '../sync/peer-run.ts';
import { registerPeers } from '../sync/registration.ts';
import { settleUncommitted } from '../sync/uncommitted.ts';
import type { Context } from './context.ts';
import { checkLeases } from './leases.ts';
import { type Left, leaveConflicts } from './leave-conflicts.ts';
import { mergeProblems } from './merge-problems.ts';
import { noteTimes } from './note-times.ts';
import { noticesOf, toProblem } from './notices.ts';
import { openTown, type Town } from './open-town.ts';
import type { Access } from './peer-access.ts';
import { peerResult, problem } from './peer-result.ts';
import { noteUnregistered, preparePeers } from './prepare-peers.ts';
import { rawWords } from './raw-words.ts';
import { replacedProblems } from './replaced-problem.ts';
import type { FederateRequest } from './request.ts';
import { runStatus } from './run-status.ts';
import { selectPeers } from './select-peers.ts';

export interface FederateOutcome {
  readonly result: RunResult;
  /** null where no Dolt was needed. */
  readonly doltPath: string | null;
  /** Where each peer that took part is configured, by name; those that stand in no file are absent. */
  readonly locations: Readonly<Record<string, Location>>;
}

/**
 * `sync`, `pull`, `push` and `status`: brings the town and its peers together as far as the command goes.
 * @throws Failure for everything that stops the whole run; what stops one peer stands in its result
 */
export async function federate(request: FederateRequest, context: Context): Promise<FederateOutcome> {
  const started = monotonicMs();
  const configuration = await loadConfiguration(context, request.overrides);
  requireFederation(configuration);
  const peers = selectPeers(configuration, request);
  if (request.failOn === 'primary' && !configuration.peers.some((peer) => peer.role === 'primary')) {
    throw new Failure('no-primary', '`fail-on primary` was asked for, but no primary is configured');
  }
  checkLeases(peers, request);
  if (peers.length === 0) {
    const isNone = configuration.peers.length === 0;
    const message = isNone ? 'no peer is configured' : 'no peer has the name and role asked for';
    return notRun(request, { started, peers, code: 'no-peers', message });
  }
  if (request.untrusted) {
    const message = 'this event may not write, so no peer was contacted; only the configuration was checked';
    return notRun(request, { started, peers, code: 'untrusted-event', message });
  }
  const credentials = await loadCredentials(request.credentials, { ...context, mask: (one) => context.log.mask(one) });
  const dolt = await installDolt(request.dolt, context);
  const access: Access = {
    credentials,
    job: context,
    githubToken: request.dolt.githubToken,
    dolthubHost: endpointOptions(context.env, request.overrides).dolthubHost,
    patterns: configuration.allowedRemotePatterns.value,
    capabilities: await neededCapabilities(peers, dolt.path, context),
  };
  const town = await openTown(request, context, { configuration, dolt: dolt.path, access });
  try {
    const ground = {
      town,
      peers,
      configured: configuration.peers,
      dolt,
      access,
      policy: configuration.dirty.value,
      started,
    };
    const result = await inTown(request, context, ground);
    return { result, doltPath: dolt.path, locations: locationsOf(peers) };
  } finally {
    await town.close();
  }
}

/** A Dolt is asked only where a peer depends on the answer. */
async function neededCapabilities(
  peers: readonly Peer[],
  dolt: string,
  context: Context,
): Promise<Access['capabilities']> {
  const depends = peers.some((peer) => peer.endpoint.kind === 's3');
  return depends ? doltCapabilities(dolt, context) : { s3: false };
}

interface Ground {
  readonly town: Town;
  readonly peers: readonly Peer[];
  /** All that are configured, also where only some take part. */
  readonly configured: readonly Peer[];
  readonly access: Access;
  readonly dolt: InstalledDolt;
  readonly policy: Parameters<typeof settleUncommitted>[1]['policy'];
  readonly started: number;
}

async function inTown(request: FederateRequest, context: Context, ground: Ground): Promise<RunResult> {
  const { engines, path } = ground.town;
  const { branch, before, ours, dirty, runs } = await engines.use(PLAIN_KIT, ({ database }) =>
    prepare(database, { request, context, ground }),
  );
  const told: Notice[] = [];
  const tell = (notice: Notice) => void told.push(notice);
  const options = { ...request, ...context, branch, ours, dirty, timeoutMs: request.timeout, tell };
  const { head, merge } = await federatePeers(engines, runs, options);
  const mayWrite = request.command !== 'status' && !request.dryRun;
  const memory = await noteTimes(engines, runs, { path, head, mayWrite });

  const left: Left =
    mayWrite && request.command !== 'push'
      ? await leaveConflicts({ engines, path, branch, head, runs, peers: ground.configured }, context)
      : { file: null, problems: [] };

  tellRawWords(runs, context);
  const results = runs.map(peerResult);
  const problems = [
    ...mergeProblems(merge),
    ...left.problems,
    ...(dirty.length === 0
      ? []
      : [
          problem('notice', 'uncommitted-changes', {
            message: `not federated, since not committed: ${dirty.join(', ')}`,
          }),
        ]),
    ...runs
      .filter((run) => run.state === 'remote-empty' && run.pushedCommits > 0)
      .map((run) =>
        problem('warning', 'remote-empty', {
          message: `${run.peer.name} was empty and got its first push`,
          hint: 'Check that this was the endpoint you meant; `init-empty: false` refuses first pushes.',
          peer: run.peer.name,
        }),
      ),
    ...runs.flatMap((run) => replacedProblems(run, path)),
    ...memory,
    ...runs.flatMap(noticesOf),
    ...told.map((notice) => toProblem(notice)),
  ];
  return {
    version: 1,
    command: request.command,
    status: runStatus(
      results.map((result) => result.status),
      head !== before,
    ),
    database: path,
    branch,
    head,
    doltVersion: ground.dolt.version,
    durationMs: monotonicMs() - ground.started,
    merge: request.command === 'status' || request.command === 'push' ? null : merge,
    peers: results,
    problems,
    ...(left.file === null ? {} : { conflictsPath: left.file }),
  };
}

/** What Dolt and the tools below it said, for who looks closely: the log alone has it, and only with `--verbose`. */
function tellRawWords(runs: readonly PeerRun[], { log }: Context): void {
  for (const { peer, failure } of runs) {
    const words = failure === null ? null : rawWords(failure);
    if (words !== null) log.debug(`${peer.name}: ${words}`);
  }
}

/** Everything that comes before the peers are read, in an engine without any credential. */
async function prepare(
  database: Database,
  { request, context, ground }: { request: FederateRequest; context: Context; ground: Ground },
) {
  const { town, peers, access, policy } = ground;
  const branch = request.branch ?? (await checkedOutBranch(database));
  const before = await branchHead(database, branch);
  if (before === null) throw new Failure('branch-not-found', `${town.path} has no branch ${branch}`);
  const { runs, toRegister } = await preparePeers(peers, { request, branch, access });
  const refused = runs.find((run) => run.failure?.code === 'bad-usage')?.failure;
  if (refused != null) throw refused;
  noteUnregistered(runs, await registerPeers(database, toRegister, context.log));
  const mayWrite = request.command !== 'status' && !request.dryRun;
  if (mayWrite) await finishAdvances(database);
  const dirty = await settleUncommitted(database, { branch, policy, mayWrite });
  return { branch, before, ours: (await branchHead(database, branch)) ?? before, dirty, runs };
}

/** The result of a run that had nothing to do or was not allowed to do it. */
function notRun(
  request: FederateRequest,
  why: {
    readonly started: number;
    readonly peers: readonly Peer[];
    readonly code: 'no-peers' | 'untrusted-event';
    readonly message: string;
  },
): FederateOutcome {
  const branch = request.branch ?? 'main';
  const result: RunResult = {
    version: 1,
    command: request.command,
    status: 'unchanged',
    database: null,
    branch,
    head: null,
    doltVersion: null,
    durationMs: monotonicMs() - why.started,
    merge: null,
    peers: why.peers.map((peer) => peerResult(newPeerRun(peer, null, branch))),
    problems: [problem('warning', why.code, { message: why.message })],
  };
  return { result, doltPath: null, locations: locationsOf(why.peers) };
}

function locationsOf(peers: readonly Peer[]): FederateOutcome['locations'] {
  return Object.fromEntries(
    peers.flatMap(({ name, origin }) => (origin.layer === 'file' ? [[name, origin.location] as const] : [])),
  );
}
