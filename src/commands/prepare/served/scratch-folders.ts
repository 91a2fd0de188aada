import { access, constants, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { serverText } from '../../../config/server.ts';
import { shortDigest } from '../../../core/digest.ts';
import { Failure } from '../../../core/failure.ts';
import { isFolder, realPath } from '../../../core/files.ts';
import { makeOwnFolder } from '../../../core/shared-folder.ts';
import type { StatePlace } from '../../../sync/history/last-verified.ts';
import type { Context } from '../../context.ts';
import { nameAtServer, type ServedAt } from './served-by.ts';

/**
 * The folder that keeps the conflicts file of a served database: its own, or the scratch copy, as for the state.
 * @returns null if nothing is kept between runs
 */
export async function conflictsFolder({ stateDir }: Pick<Context, 'stateDir'>, at: ServedAt): Promise<string | null> {
  if (at.path !== null && (await isOwnDatabase(at.path))) return at.path;
  return stateDir === undefined ? null : (await keptScratchFolders(stateDir, at)).database;
}

/** The scratch copy of a served database, and the folder that both sides exchange commits through. */
export interface ScratchFolders {
  readonly database: string;
  readonly exchange: string;
}

/** The scratch folders that are kept between runs. Every path to the folder of the database leads to the same ones. */
export async function keptScratchFolders(stateDir: string, at: ServedAt): Promise<ScratchFolders> {
  // A proxy of bd has another port each time, so a port identifies only a database without a folder.
  const of = at.path === null ? serverText(at.setting) : await realPath(at.path);
  return foldersOf(stateDir, of, nameAtServer(at));
}

function foldersOf(stateDir: string, of: string, name: string): ScratchFolders {
  return scratchFoldersIn(join(stateDir, 'served', shortDigest(`${of}/${name}`)), name);
}

/** The scratch folders of a database of this name, below a folder that has nothing else. */
export function scratchFoldersIn(folder: string, name: string): ScratchFolders {
  return {
    database: join(folder, 'scratch', name),
    exchange: join(folder, 'exchange'),
  };
}

/**
 * The state of a database that a server holds is where runs without the server keep it, if this run could be one of them.
 * Earlier versions recorded it in the copy.
 */
export async function stateOfServed(
  path: string | null,
  scratch: string,
  { env }: Pick<Context, 'env'>,
): Promise<StatePlace> {
  if (path === null) return { folder: scratch, other: null, env };
  const isOurs = await isOwnDatabase(path);
  return isOurs ? { folder: path, other: scratch, env } : { folder: scratch, other: path, env };
}

/** Whether files of ours belong into the folder of a database: in that of another user, they would be unreadable for that user. */
export async function isOwnDatabase(path: string): Promise<boolean> {
  const folder = join(path, '.dolt');
  const user = process.getuid?.();
  const { uid } = await stat(folder);
  return (
    (user === undefined || uid === user) &&
    (await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    ))
  );
}

/**
 * The copies in which runs through a server work on the database of a folder, and the others that hold its moves: earlier
 * versions made one for each path to the folder, and its name at the server can change.
 * @param name the name at the server; null: that of the folder
 * @returns the present one first, if it exists
 */
export async function keptScratchCopies(
  path: string,
  name: string | null,
  { stateDir, log }: Pick<Context, 'stateDir' | 'log'>,
): Promise<string[]> {
  if (stateDir === undefined) return [];
  const real = await realPath(path);
  const names = [name ?? basename(path), basename(path), basename(real)];
  const all = [real, path].flatMap((of) => names.map((one) => foldersOf(stateDir, of, one).database));
  const copies: string[] = [];
  for (const copy of new Set(all)) if (await ensureUsable(copy, stateDir, log)) copies.push(copy);
  return copies;
}

async function ensureUsable(copy: string, stateDir: string, log: Context['log']): Promise<boolean> {
  if (!(await isFolder(join(copy, '.dolt')))) return false;
  try {
    await makeOwnFolder(stateDir, copy);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    log.warning(`${thrown.message}. Heads that runs through a server recorded there do not count. ${thrown.hint}`);
    return false;
  }
}
