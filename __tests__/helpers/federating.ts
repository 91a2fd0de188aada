import type { Peer } from '../../src/config/configuration.ts';
import type { Role } from '../../src/contract/vocabulary.ts';
import { readEnv } from '../../src/core/env.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { branchHead } from '../../src/dolt/heads.ts';
import { openServer } from '../../src/dolt/server.ts';
import { type Database, openDatabase } from '../../src/dolt/sql.ts';
import { type Federated as FederatedTown, type FederationOptions, federate } from '../../src/sync/federation.ts';
import { newPeerRun, type PeerRun } from '../../src/sync/peer-run.ts';
import { registerPeers } from '../../src/sync/registration.ts';
import { type Direction, partOf } from '../../src/sync/roles.ts';
import { testDolt } from './dolt-binary.ts';

const silent = { debug() {}, info() {}, warning() {}, mask() {} };

/** Opens a database with a server of ours, as a run does, for as long as the work takes. */
export async function withDatabase<T>(
  path: string,
  tempDir: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const server = await openServer({
    dolt: testDolt(),
    database: path,
    env: readEnv(),
    tempDir,
    signal: new AbortController().signal,
    onResource() {},
    mask() {},
  });
  try {
    const database = await openDatabase(server.address, 4);
    return await work(database).finally(() => database.close());
  } finally {
    await server.stop();
  }
}

export function filePeer(name: string, folder: string, role: Role = 'peer'): Peer {
  const url = `file://${folder}`;
  return {
    name,
    endpoint: { written: url, canonical: url, dolt: url, kind: 'file', folder },
    role,
    tier: 'T1',
    branch: null,
    strategy: 'newest',
    ref: null,
    user: null,
    aws: null,
    origin: { layer: 'default' },
  };
}

export interface Federated extends FederatedTown {
  readonly runs: readonly PeerRun[];
  run(name: string): PeerRun;
}

/** What one run of the core does. */
interface FederateRun {
  readonly peers: readonly Peer[];
  readonly command?: Direction;
  readonly options?: Partial<FederationOptions>;
  readonly onEvent?: (event: PeerEvent, database: Database) => void;
}

/** Runs the core of a sync against real remotes, with a server of its own. */
export async function federateTown(
  test: FederateRun & { readonly town: string; readonly tempDir: string },
): Promise<Federated> {
  return withDatabase(test.town, test.tempDir, (database) => federateIn(database, test));
}

/** Runs the core of a sync in a database that is open already. */
export async function federateIn(database: Database, test: FederateRun): Promise<Federated> {
  await registerPeers(database, test.peers, silent);
  const runs = test.peers.map((peer) => ({
    ...newPeerRun(peer, partOf(test.command ?? 'sync', peer.role), 'main'),
    registered: true,
  }));
  const federated = await federate(database, runs, {
    branch: 'main',
    ours: (await branchHead(database, 'main')) ?? '',
    dirty: [],
    dryRun: false,
    initEmpty: true,
    retries: 3,
    parallel: 4,
    signal: new AbortController().signal,
    progress: (event) => test.onEvent?.(event, database),
    ...test.options,
  });
  return {
    ...federated,
    runs,
    run(name) {
      const found = runs.find((run) => run.peer.name === name);
      if (found === undefined) throw new Error(`no run of ${name}`);
      return found;
    },
  };
}
