import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { leasedActions } from '../../src/commands/prepare/leases.ts';
import { exchange } from '../../src/commands/sync.ts';
import type { Peer } from '../../src/config/configuration.ts';
import { ACCEPTS, type Role } from '../../src/contract/vocabulary.ts';
import { readEnv } from '../../src/core/env.ts';
import type { PeerEvent, ProgressEvent } from '../../src/core/logger.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { type Engines, type OwnDatabase, openEngines } from '../../src/dolt/server/engines.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import { addRemote, listRemotes, removeRemote } from '../../src/dolt/sql/remotes.ts';
import { MergeLimits } from '../../src/sync/merge/limits.ts';
import { forgetUnreported } from '../../src/sync/merge/unreported-moves.ts';
import { actionsOf, type SyncCommand } from '../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../src/sync/peer-progress.ts';
import { repairArrivals } from '../../src/sync/remotes/arrivals.ts';
import type { LocalHead, SyncContext } from '../../src/sync/sync-context.ts';
import { testDolt } from './dolt-binary.ts';
import { ENV } from './examining.ts';

interface EnginesOptions {
  readonly memoryLimit?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Interrupts the run. */
  readonly signal?: AbortSignal;
}

/** Opens the engines of a database, as a run does, for as long as the work takes. */
export async function withEngines<T>(
  path: string,
  tempDir: string,
  work: (engines: Engines) => Promise<T>,
  options: EnginesOptions = {},
): Promise<T> {
  const engines = testEngines(path, tempDir, options);
  return await work(engines).finally(() => engines.close());
}

/** Engines of a database, each started when it is first used. The caller closes them. */
export function testEngines(
  path: string,
  tempDir: string,
  { signal = new AbortController().signal, env = {}, ...options }: EnginesOptions = {},
): Engines {
  return openEngines(
    {
      env: { ...readEnv(), ...env },
      userHome: true,
      tempDir,
      signal,
      onResource() {},
      secrets: new Secrets(),
    },
    { dolt: testDolt(), database: path, repair: repairArrivals, ...options },
    5,
  );
}

/** Opens a database in an engine without any credential. */
export async function withDatabase<T>(
  path: string,
  tempDir: string,
  work: (database: OwnDatabase) => Promise<T>,
): Promise<T> {
  return await withEngines(path, tempDir, (engines) => inDatabase(engines, work));
}

/** Works on the database in an engine without any credential. */
export async function inDatabase<T>(engines: Engines, work: (database: OwnDatabase) => Promise<T>): Promise<T> {
  return await engines.use(NO_CREDENTIALS, ({ database }) => work(database));
}

export function filePeer(name: string, folder: string, role: Role = 'peer'): Peer {
  const url = `file://${folder}`;
  return {
    name,
    endpoint: { written: url, canonical: url, dolt: url, kind: 'file', folder },
    dataPlace: url,
    role,
    tier: 'T1',
    branch: null,
    strategy: 'newest',
    accept: [],
    trust: null,
    ref: null,
    user: null,
    live: false,
    aws: null,
    allowedHosts: [],
    timeout: null,
    origin: { layer: 'default' },
  };
}

/** A peer for tests of merges: changes that the check before a merge would refuse must be safe to merge, too. */
export function acceptedPeer(name: string, folder: string, role: Role = 'upstream'): Peer {
  return { ...filePeer(name, folder, role), accept: ACCEPTS };
}

/** The options of a run that tests change. */
export type ExchangeOptions = Partial<Omit<SyncContext, 'engines' | 'limits'>> &
  Partial<LocalHead> & { readonly mergeTimeoutMs?: number };

export interface Federated extends Awaited<ReturnType<typeof exchange>> {
  readonly allProgress: readonly PeerProgress[];
  run(name: string): PeerProgress;
}

/** The options of one run of the core. */
export interface FederateRun {
  readonly peers: readonly Peer[];
  readonly command?: SyncCommand;
  /** Heads that may be replaced, by peer. */
  readonly leases?: Readonly<Record<string, string>>;
  readonly options?: ExchangeOptions;
  readonly onEvent?: (event: PeerEvent) => void;
}

/** Runs the core of a sync against real remotes, with engines of its own. */
export async function federateDatabase(
  test: FederateRun & { readonly local: string; readonly tempDir: string },
): Promise<Federated> {
  return withEngines(test.local, test.tempDir, (engines) => federateIn(engines, test));
}

/** The context of a sync as tests run it. */
export function testContext(
  engines: Engines,
  {
    mergeTimeoutMs = 120_000,
    peers = 1,
    ...options
  }: Partial<Omit<SyncContext, 'engines' | 'limits'>> & { readonly mergeTimeoutMs?: number; readonly peers?: number },
): SyncContext {
  return {
    engines,
    state: { folder: engines.folder, other: null, env: ENV },
    attribution: 'off',
    served: null,
    branch: 'main',
    town: null,
    rules: BEADS_RULES,
    dirty: [],
    dryRun: false,
    initEmpty: true,
    maxDelete: 50,
    known: [],
    unread: [],
    discardLocal: [],
    notify() {},
    retries: 3,
    timeoutMs: 600_000,
    fetchWaitMs: 60_000,
    env: {},
    limits: new MergeLimits(mergeTimeoutMs, peers),
    parallel: 4,
    signal: new AbortController().signal,
    onProgress() {},
    ...options,
  };
}

/** Runs the core of a sync with engines that are already open. */
export async function federateIn(engines: Engines, test: FederateRun): Promise<Federated> {
  const ours = await inDatabase(engines, async (database) => {
    const known = new Map((await listRemotes(database)).map(({ name, url }) => [name, url]));
    for (const { name, endpoint, ref } of test.peers) {
      if (known.get(name) === endpoint.dolt) continue;
      // A copy of a database has the remotes of the original.
      if (known.has(name)) await removeRemote(database, name);
      await addRemote(database, { name, url: endpoint.dolt, ref });
    }
    return await branchHead(database, 'main');
  });
  const allProgress = test.peers.map((peer) => {
    const expected = test.leases?.[peer.name] ?? null;
    const actions = leasedActions(actionsOf(test.command ?? 'sync', peer.role), expected !== null);
    const progress = newPeerProgress(newPeerPlan({ peer, actions, branch: 'main', expected }));
    progress.register({ name: peer.name, url: peer.endpoint.dolt, stays: true });
    return progress;
  });
  const { ours: head = ours ?? '', dropped = [], accepted = [], takenBack = [], ...options } = test.options ?? {};
  const onProgress = (event: ProgressEvent): void => {
    if ('peer' in event) test.onEvent?.(event);
  };
  const context = testContext(engines, { onProgress, peers: allProgress.length, ...options });
  const federated = await exchange(context, { ours: head, dropped, accepted, takenBack }, allProgress);
  // As a command does after it wrote the conflicts file.
  if (federated.isReported) await forgetUnreported(context.state.folder, context.branch);
  return {
    ...federated,
    allProgress,
    run(name) {
      const found = allProgress.find((progress) => progress.peer.name === name);
      if (found === undefined) throw new Error(`no peer ${name}`);
      return found;
    },
  };
}
