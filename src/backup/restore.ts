import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure, toFailure } from '../core/failure.ts';
import { type CloneSource, cloneDatabase } from '../dolt/clone.ts';
import { isTableFile } from '../dolt/database-files.ts';
import { CONNECT_MS, tryConnection } from '../egress/try-connection.ts';
import { readWithRetries } from '../sync/read-peer.ts';
import { fileRemote } from '../sync/remotes/file-remote.ts';
import { timeLimit } from '../sync/time-limits.ts';
import { mayBeIntact } from './drill-errors.ts';
import type { DrillContext, DrillRequest } from './drill-request.ts';

/** A backup that was restored into a private folder. */
interface RestoredBackup {
  /** The folder that holds its `.dolt`. */
  readonly database: string;
  /** Size of the table files that the clone consists of, in bytes. */
  readonly bytes: number;
}

/**
 * Clones the backup at a peer from nothing, in an engine of its own with the credentials of this peer only.
 * @param folder a private folder that the caller removes
 * @throws Failure with the class of the error
 */
export async function restoreBackup(
  context: DrillContext,
  request: DrillRequest,
  folder: string,
): Promise<RestoredBackup> {
  const { retries, timeoutMs, peer } = request;
  const reading = { retries, signal: context.signal };
  // Dolt would create the folder, and retry a silent server for half a minute.
  if ((await fileRemote(peer.endpoint)) === 'absent')
    throw new Failure('folder-missing', `the folder ${peer.endpoint.folder} does not exist`);
  const { destination } = request.access;
  if (destination !== null) {
    const milliseconds = Math.min(CONNECT_MS, peer.timeout ?? timeoutMs);
    const { env, signal } = context;
    await readWithRetries(() => tryConnection(destination, { env, signal, milliseconds }), reading);
  }
  const database = join(folder, 'clone');
  const attempt = () => readWithRetries(() => clone(context, request, { database, folder }), reading);
  await attempt().catch(async (thrown: unknown) => {
    const { code } = toFailure(thrown);
    if (code === 'interrupted' || mayBeIntact(code)) throw thrown;
    // A push by another writer may replace table files that a clone is about to copy; damage is still there afterwards.
    await attempt();
  });
  return { database, bytes: await tableBytes(join(database, '.dolt', 'noms')) };
}

async function clone(
  context: DrillContext,
  { access, branch, dolt, peer, timeoutMs }: DrillRequest,
  { database, folder }: { readonly database: string; readonly folder: string },
): Promise<void> {
  const { url, user, reach, engineCredentials } = access;
  const source: CloneSource = { remote: peer.name, url, ref: peer.ref, user, reach, branch };
  const options = { dolt, database, engineCredentials, removeWith: [folder] };
  await cloneDatabase(context, options, source, timeLimit(peer, 'clone', timeoutMs));
}

/** Without the journal, which holds the clone's own writes. */
async function tableBytes(noms: string): Promise<number> {
  const paths = await readdir(noms, { recursive: true });
  const tables = paths.filter((path) => isTableFile(basename(path)));
  const sizes = await Promise.all(tables.map(async (path) => (await stat(join(noms, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
