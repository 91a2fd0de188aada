import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, realpath, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../core/failure.ts';
import { statOf } from '../core/files.ts';
import { isTableFile, JOURNAL } from './database-files.ts';
import { lockFile } from './server/lock.ts';
import { lockedBy } from './server/lock-table.ts';

/** The checked-out branch and the remotes, without which Dolt opens no database. */
const STATE_FILE = 'repo_state.json';
/** The files that Dolt and later runs read besides the data, without those that only a running server needs. */
const STATE_FILES = [
  'config.json',
  STATE_FILE,
  'dolt-federation.json',
  'dolt-federation-remotes.json',
  'dolt-federation-reported.json',
];
/** The conflicts files: of the database, and of branches. */
const CONFLICTS_FOLDER = 'dolt-federation';
const CONFLICTS_FILE = /^conflicts(?:-[0-9a-f]{8})?\.yaml$/;
/** More is not copied; a journal has at most about that size before Dolt makes a table file of it. */
const MAX_BYTES = 256 * 1024 * 1024;

interface Piece {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly isTable: boolean;
}

/** Whether a copy was made; `busy`: another process has the database open, or wrote meanwhile. */
export type Copied = 'copied' | 'busy' | 'too-large';

/**
 * Copies an idle database for an engine that must not change it: an engine rewrites files even when it only reads, and
 * a fetch stores refs (Dolt 2.3.0). Table files become hard links, so the copy takes milliseconds and hardly any space.
 * @param database the folder that holds `.dolt`
 * @param copy the folder to create
 * @param isOurs whether an idle engine of this process holds the database, so that no other process can open it
 */
export async function copyForReading(database: string, copy: string, isOurs = false): Promise<Copied> {
  const isFree = async () => isOurs || (await lockedBy(lockFile(database))).kind === 'free';
  const stateFiles = [...STATE_FILES, ...(await conflictsFiles(join(database, '.dolt')))];
  return await copyFiles(database, copy, { isFree, maxBytes: MAX_BYTES, stateFiles, linkTable: isLinked });
}

async function conflictsFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, CONFLICTS_FOLDER)).catch(() => []);
  return names.filter((name) => CONFLICTS_FILE.test(name)).map((name) => join(CONFLICTS_FOLDER, name));
}

/**
 * Copies a database that an engine of this process may hold, for a program that only opens the copy, without the settings
 * of the database. The copy never outlives the table files, so links to them serve on every file system.
 * @returns whether the database did not change meanwhile
 */
export async function copyForOpening(database: string, copy: string): Promise<boolean> {
  const linkTable = ({ from, to }: Piece) => symlink(from, to).then(() => true);
  const unlimited = { isFree: async () => true, maxBytes: Number.POSITIVE_INFINITY };
  const options = { ...unlimited, stateFiles: [STATE_FILE], linkTable };
  return (await copyFiles(database, copy, options)) === 'copied';
}

interface CopyOptions {
  readonly isFree: () => Promise<boolean>;
  readonly maxBytes: number;
  readonly stateFiles: readonly string[];
  /** @returns false if the file must be copied */
  readonly linkTable: (piece: Piece) => Promise<boolean>;
}

async function copyFiles(
  database: string,
  copy: string,
  { isFree, maxBytes, stateFiles, linkTable }: CopyOptions,
): Promise<Copied> {
  if (!(await isFree())) return 'busy';
  const source = await realpath(join(database, '.dolt'));
  const target = join(copy, '.dolt');
  const before = await growing(source);
  const data = await dataOf(join(source, 'noms'), join(target, 'noms'), true);
  const pieces = [...data, ...(await stateOf(source, target, stateFiles))];
  for (const folder of new Set(pieces.map(({ to }) => dirname(to))))
    await mkdir(folder, { recursive: true, mode: 0o700 });
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.isTable && (await linkTable(piece))) continue;
    bytes += piece.bytes;
    if (bytes > maxBytes) return 'too-large';
    await copyFile(piece.from, piece.to, constants.COPYFILE_FICLONE);
    // An engine opens a journal to write, also for a database that this user may only read.
    await chmod(piece.to, 0o600);
  }
  return (await isFree()) && (await growing(source)) === before ? 'copied' : 'busy';
}

/** Another file system cannot be linked to, and some forbid links to files of other users. */
async function isLinked({ from, to }: Piece): Promise<boolean> {
  try {
    // Of a link, Linux would link the link.
    await link(await realpath(from), to);
    return true;
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'EXDEV' || code === 'EPERM' || code === 'EACCES' || code === 'ENOTSUP' || code === 'EMLINK')
      return false;
    throw thrown;
  }
}

/**
 * The files of a folder, and of the folders in it. Dolt follows links: a user can keep `oldgen` on another disk.
 * @param followsFolders false below a folder, so that links that lead in a circle have an end
 */
async function dataOf(from: string, to: string, followsFolders: boolean): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const inner = { from: join(from, entry.name), to: join(to, entry.name) };
    const found = await statOf(inner.from);
    if (found?.isDirectory() === true) {
      if (followsFolders || !entry.isSymbolicLink()) pieces.push(...(await dataOf(inner.from, inner.to, false)));
    } else if (found?.isFile() === true && entry.name !== basename(lockFile(''))) {
      pieces.push({ ...inner, bytes: found.size, isTable: isTableFile(entry.name) });
    }
  }
  return pieces;
}

async function stateOf(from: string, to: string, names: readonly string[]): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const name of names) {
    const found = await statOf(join(from, name));
    if (found?.isFile() === true) {
      pieces.push({ from: join(from, name), to: join(to, name), bytes: found.size, isTable: false });
    }
  }
  return pieces;
}

/** Changes whenever the database is written to. */
async function growing(source: string): Promise<string> {
  const files = await Promise.all(['manifest', JOURNAL].map((name) => statOf(join(source, 'noms', name))));
  return JSON.stringify(files.map((found) => (found === null ? null : [found.size, found.mtimeMs, found.ino])));
}
