import { enterGates } from '../../beads/processes/gates.ts';
import type { Configuration, Peer } from '../../config/configuration.ts';
import { doltUrl } from '../../config/endpoint/dolt-url.ts';
import { DEFAULT_DOLT_VERSION } from '../../contract/dolt-options.ts';
import { toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { doltCapabilities } from '../../dolt/capabilities.ts';
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
 * Adds a new peer as a remote of the database at once, if the configuration or the user keeps it as a remote, there is a
 * database and a Dolt, and adding it creates nothing. Nothing here fails the command: if the configuration keeps peers, the
 * next sync does what cannot be done now.
 */
export async function registerNow(
  peer: Peer,
  place: Place & { readonly configuration: Configuration; readonly asked: boolean },
  context: Context,
): Promise<void> {
  const { log } = context;
  const notAdded = `${peer.name} is not a remote of the database`;
  // Another tool could push the whole history to this remote.
  if (tierRefusal(peer) !== null) {
    if (place.asked) log.warning(`${notAdded}: a peer above tier T1 is never registered.`);
    return;
  }
  const isKept = place.configuration.register.value === 'keep';
  if (!isKept && !place.asked) {
    log.info(NOT_KEPT);
    return;
  }
  const again = `To add it later, run \`dolt-federation remove-peer ${peer.name}\` and then this command again.`;
  const why = await unlessImpossible(context, isKept ? '' : again, () => registerIn(peer, place, context));
  // No run adds it.
  if (why !== null && !isKept) log.warning(`${notAdded}: ${why}. ${again}`);
}

/** @returns why the peer cannot be added now; null: it was added */
async function registerIn(
  peer: Peer,
  place: Place & { readonly configuration: Configuration },
  context: Context,
): Promise<string | null> {
  if ((await fileRemote(peer.endpoint).catch(() => 'absent')) === 'absent')
    return 'its folder does not exist, and Dolt would create it';
  const found = await locateDatabase(place, context);
  if (found.kind !== 'database') return 'no database was found';
  await refuseFrozen(found.path, place.configuration, context);
  const isOpened = await withDatabase(found, context, async (sql, dolt) => {
    const url = doltUrl(peer, await doltCapabilities(dolt, context), place.configuration.allowedRemotePatterns.value);
    const { failures } = await registerPeers(sql, [{ peer: peer.name, url, ref: peer.ref }], {
      path: found.path,
      registering: 'keep',
      fix: false,
      peers: place.configuration.peers.map(({ name }) => name),
      log: context.log,
      notify: ({ message }) => context.log.warning(message),
    });
    for (const failure of failures.values()) throw failure;
  });
  return isOpened ? null : 'no Dolt was found';
}

/**
 * Removes the remotes of a peer that dolt-federation added, with their tracking branches. Reports what was removed, and
 * what stays and why.
 */
export async function removeRemotesOf(name: string, place: Place, context: Context): Promise<void> {
  const { log } = context;
  const cure = `To remove it, run \`dolt remote remove ${name}\` in the database.`;
  await unlessImpossible(context, cure, async () => {
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
  work: (sql: Sql, dolt: string) => Promise<void>,
): Promise<boolean> {
  const dolt = await findDolt({ wanted: PINNED }, context);
  if (dolt === null) return false;
  const gates = await enterGates(bd?.guarded ?? [], context, 0);
  try {
    const server = await openServer(context, { dolt: dolt.path, database: path, lockTimeouts: NO_LOCK_TIMEOUTS });
    try {
      const database = await openDatabase(server, 1);
      await work(database, dolt.path).finally(() => database.close());
      return true;
    } finally {
      await server.stop();
    }
  } finally {
    await gates.leave();
  }
}

/** @param cure what the user can do if `work` fails; may be empty */
async function unlessImpossible<T>(context: Context, cure: string, work: () => Promise<T>): Promise<T | null> {
  return await work().catch((thrown: unknown) => {
    const { message, hint } = toFailure(thrown);
    const sentences = [`The remote in the database was not changed: ${message}.`, hint, cure];
    context.log.warning(sentences.filter((text) => text !== '').join(' '));
    return null;
  });
}
