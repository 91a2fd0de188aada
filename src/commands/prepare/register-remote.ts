import { enterGates } from '../../beads/processes/gates.ts';
import type { Configuration, Peer } from '../../config/configuration.ts';
import { ENDPOINT_KINDS } from '../../config/endpoint/kinds.ts';
import { DEFAULT_DOLT_VERSION } from '../../contract/dolt-options.ts';
import { toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { readRepoState } from '../../dolt/database-files.ts';
import { NO_LOCK_TIMEOUTS } from '../../dolt/server/lock.ts';
import { openServer } from '../../dolt/server/server.ts';
import { openDatabase, type Sql } from '../../dolt/sql/sql.ts';
import { findDolt } from '../../install/install.ts';
import { fileRemote } from '../../sync/remotes/file-remote.ts';
import { forgetPeer, registerPeers } from '../../sync/remotes/registration.ts';
import { readRemoteRecords } from '../../sync/remotes/remote-records.ts';
import type { Context } from '../context.ts';
import { refuseFrozen } from './bd/frozen.ts';
import { type Found, locateDatabase } from './locate-database.ts';
import { tierRefusal } from './peer-access.ts';

const PINNED = { kind: 'exact', version: DEFAULT_DOLT_VERSION } as const;

interface Place {
  /** The database that the user named; undefined: search for it. */
  readonly database: string | undefined;
  readonly configuration: Pick<Configuration, 'workspace' | 'database' | 'redirect' | 'bdEnv' | 'peers'>;
}

const NOT_KEPT =
  'The peer is registered for runs of dolt-federation. It is not added to `dolt remote`, because bd would then refuse to upgrade this ' +
  'database and `bd federation sync` would push full history to it. To add it anyway: `federation.register: keep`.';

/**
 * Adds a new peer as a remote of the database at once, if the configuration keeps peers as remotes, there is a database
 * and a Dolt, and adding it creates nothing. The next sync does what cannot be done now, so nothing here fails the
 * command.
 */
export async function registerNow(
  peer: Peer,
  place: Place & { readonly configuration: Configuration; readonly register: Configuration['register']['value'] },
  context: Context,
): Promise<void> {
  // Another tool could push the whole history to this remote.
  if (tierRefusal(peer) !== null) return;
  if (place.register === 'run') {
    context.log.info(NOT_KEPT);
    return;
  }
  if ((await fileRemote(peer.endpoint).catch(() => 'absent')) === 'absent') return;
  // The next sync detects what its Dolt supports.
  if (ENDPOINT_KINDS[peer.endpoint.kind].dependsOnDolt) return;
  await unlessImpossible(context, async () => {
    const found = await locateDatabase(place, context);
    if (found.kind !== 'database') return;
    await refuseFrozen(found.path, place.configuration, context);
    await withDatabase(found, context, async (sql) => {
      const { failures } = await registerPeers(sql, [{ peer: peer.name, url: peer.endpoint.dolt, ref: peer.ref }], {
        path: found.path,
        registering: 'keep',
        fix: false,
        peers: place.configuration.peers.map(({ name }) => name),
        log: context.log,
        notify: ({ message }) => context.log.warning(message),
      });
      for (const failure of failures.values()) throw failure;
    });
  });
}

/**
 * Removes the remotes of a peer that dolt-federation added, with their tracking branches. Reports what was removed, and
 * what stays and why.
 */
export async function removeRemotesOf(name: string, place: Place, context: Context): Promise<void> {
  const { log } = context;
  const cure = `To remove it, run \`dolt remote remove ${name}\` in the database.`;
  await unlessImpossible(context, async () => {
    const found = await locateDatabase(place, context);
    if (found.kind !== 'database') {
      log.info(`No database was found, so its remote ${name}, if any, was not removed. ${cure}`);
      return;
    }
    if (!(await hasRemoteOf(name, found.path))) return;
    await refuseFrozen(found.path, place.configuration, context);
    const isOpened = await withDatabase(found, context, async (sql) => {
      const { removed, branches, stays } = await forgetPeer(sql, found.path, name);
      const tracking = branches === 0 ? '' : ` and ${counted(branches, 'tracking ref')}`;
      for (const remote of removed) log.info(`removed the remote ${remote}${tracking} from ${found.path}`);
      if (stays)
        log.warning(`The remote ${name} of the database was not removed: dolt-federation did not add it. ${cure}`);
    });
    if (!isOpened) log.warning(`The remote ${name} of the database was not removed: no Dolt was found. ${cure}`);
  });
}

/** Whether there is anything to remove; checked before an engine starts. */
async function hasRemoteOf(peer: string, database: string): Promise<boolean> {
  const state = await readRepoState(database);
  const { records } = await readRemoteRecords(database);
  return state === null || state.remotes.some(({ name }) => name === peer || records.get(name)?.peer === peer);
}

/** @returns false if this machine has no Dolt */
async function withDatabase(
  { path, bd }: Extract<Found, { kind: 'database' }>,
  context: Context,
  work: (sql: Sql) => Promise<void>,
): Promise<boolean> {
  const dolt = await findDolt({ wanted: PINNED }, context);
  if (dolt === null) return false;
  const gates = await enterGates(bd?.guarded ?? [], context, 0);
  try {
    const server = await openServer(context, { dolt: dolt.path, database: path, lockTimeouts: NO_LOCK_TIMEOUTS });
    try {
      const database = await openDatabase(server, 1);
      await work(database).finally(() => database.close());
      return true;
    } finally {
      await server.stop();
    }
  } finally {
    await gates.leave();
  }
}

async function unlessImpossible(context: Context, work: () => Promise<void>): Promise<void> {
  await work().catch((thrown: unknown) => {
    const { message, hint } = toFailure(thrown);
    context.log.warning(`The remote in the database was not changed: ${message} ${hint}`);
  });
}
