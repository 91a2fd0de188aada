import type { Configuration, Peer } from '../config/configuration.ts';
import { DEFAULT_DOLT_VERSION } from '../contract/dolt-options.ts';
import { toFailure } from '../core/failure.ts';
import { listRemotes, removeRemote } from '../dolt/remotes.ts';
import { openServer } from '../dolt/server.ts';
import { openDatabase, type Sql } from '../dolt/sql.ts';
import { NO_PATIENCE } from '../dolt/when-free.ts';
import { findDolt } from '../install/find.ts';
import { fileRemote } from '../sync/file-remote.ts';
import { registerPeers } from '../sync/registration.ts';
import type { Context } from './context.ts';
import { locateDatabase } from './locate-database.ts';

const PINNED = { kind: 'exact', version: DEFAULT_DOLT_VERSION } as const;

interface Place {
  /** What the user named; undefined: the database is searched. */
  readonly database: string | undefined;
  readonly configuration: Pick<Configuration, 'workspace' | 'database'>;
}

/**
 * Makes the database know a new peer at once, where there is a database and a Dolt to open it with, and where knowing
 * it creates nothing. What cannot be done now is done by the next sync, so nothing here fails the command.
 */
export async function registerNow(peer: Peer, place: Place, context: Context): Promise<void> {
  if ((await fileRemote(peer.endpoint).catch(() => 'absent')) === 'absent') return;
  // What Dolt gets for s3:// depends on which Dolt it is, which the next sync finds out.
  if (peer.endpoint.kind === 's3') return;
  const remote = { name: peer.name, url: peer.endpoint.dolt, ref: peer.ref };
  await withTown(place, context, async (sql) => {
    for (const failure of (
      await registerPeers(sql, [remote], { info: context.log.info, corrected: context.log.warning })
    ).values())
      throw failure;
  });
}

/** Makes the database forget a peer at once, where that is possible; the next sync leaves the remote alone otherwise. */
export async function forgetNow(name: string, place: Place, context: Context): Promise<void> {
  await withTown(place, context, async (sql) => {
    const known = await listRemotes(sql);
    if (known.some((remote) => remote.name === name)) await removeRemote(sql, name);
  });
}

async function withTown(place: Place, context: Context, work: (sql: Sql) => Promise<void>): Promise<void> {
  try {
    const found = await locateDatabase(place, context);
    const dolt = found.kind === 'database' ? await findDolt({ wanted: PINNED }, context) : null;
    if (found.kind !== 'database' || dolt === null) return;
    const options = { ...context, dolt: dolt.path, database: found.path, patience: NO_PATIENCE };
    const server = await openServer(options);
    try {
      const database = await openDatabase(server, 1);
      await work(database).finally(() => database.close());
    } finally {
      await server.stop();
    }
  } catch (thrown) {
    context.log.warning(`The remote in the database was left as it is: ${toFailure(thrown).message}`);
  }
}
