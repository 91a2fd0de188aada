import { constants, type Stats } from 'node:fs';
import { access, lstat, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { isInside, readSmallText } from '../../core/files.ts';
import { refusedPath } from '../../dolt/failure-text.ts';
import { refusedIn } from '../../dolt/sql/failure.ts';
import type { PeerProgress } from '../peer-progress.ts';

/** A file or folder that a remote needs and this user cannot access. */
interface Inaccessible {
  readonly path: string;
  /** Numeric id of the owner. */
  readonly owner: number;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  /** Whether the mode permits its owner all that a remote needs. */
  readonly permitsOwner: boolean;
}

/** A remote holds a few hundred table files at most; the first inaccessible one is enough. */
const MAX_ENTRIES = 10_000;

/**
 * The first file of a `file://` remote that this user cannot read or, with `writes`, cannot write: the folder, its
 * manifest and lock, its table files. Dolt 2.3.0 creates each of them with mode 0600, regardless of umask and folder.
 * @returns null if all are accessible, or if the system does not say
 */
export async function findInaccessible(folder: string, writes: boolean): Promise<Inaccessible | null> {
  const wanted = writes ? constants.R_OK | constants.W_OK : constants.R_OK;
  if (!(await may(folder, wanted | constants.X_OK))) return describeEntry(folder);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.slice(0, MAX_ENTRIES)) {
    const path = join(folder, name);
    if (!(await may(path, wanted))) return describeEntry(path);
  }
  return null;
}

/**
 * Replaces a refused access by a failure that names the file, its owner and the fix.
 * @param database the folder of the database that the engines serve, in which a fetch writes files
 */
export async function explainFileAccess(allProgress: readonly PeerProgress[], database: string): Promise<void> {
  for (const progress of allProgress) {
    if (progress.failure === null) continue;
    const failure = refusedIn(database, progress.failure);
    const { folder } = progress.peer.endpoint;
    progress.explain(folder === null ? failure : await fileOwnerFailure(folder, failure));
  }
}

/**
 * Explains a refused `file://` folder: `file-owner` if a file of another user causes it, `file-refused` if the folder or
 * one above it does, else the failure unchanged.
 */
export async function fileOwnerFailure(folder: string, failure: Failure): Promise<Failure> {
  if (failure.code !== 'auth') return failure;
  const found = await findInaccessible(folder, true);
  if (found !== null) return await ownerFailure(found, failure);
  const path = refusedPath(failure.message);
  // Dolt makes a folder that is missing.
  if (path === null || !(isInside(folder, path) || isInside(path, folder))) return failure;
  return new Failure('file-refused', failure.message, { toolText: failure.toolText ?? undefined, cause: failure });
}

/** Names the owner of the file and the current user. */
export async function ownerFailure(
  { path, owner, mode, permitsOwner }: Inaccessible,
  cause?: Failure,
): Promise<Failure> {
  const bits = mode.toString(8).padStart(4, '0');
  const self = process.getuid?.() ?? null;
  if (owner === self && permitsOwner) {
    const hint = `Check the attributes (\`lsattr\`) of the file and its folder, and whether the disk is mounted read-only.`;
    return new Failure('file-refused', `${path} cannot be written, although its mode ${bits} permits it`, {
      hint,
      cause,
    });
  }
  if (owner === self) {
    const hint = `Run \`chmod -R u+rwX\` on the folder, or check why it must not be written.`;
    return new Failure('file-owner', `${path} has the mode ${bits}, so its own user cannot use it`, { hint, cause });
  }
  const us = self === null ? 'this user' : await userName(self);
  const message = `${path} belongs to ${await userName(owner)} (mode ${bits}), and ${us} cannot use it`;
  return new Failure('file-owner', message, { cause });
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function describeEntry(path: string): Promise<Inaccessible | null> {
  const found: Stats | null = await lstat(path).catch(() => null);
  if (found === null) return null;
  const needed = found.isDirectory() ? 0o700 : 0o600;
  return { path, owner: found.uid, mode: found.mode & 0o7777, permitsOwner: (found.mode & needed) === needed };
}

/** The id of a user, with the name if /etc/passwd has it. */
async function userName(id: number): Promise<string> {
  const lines = (await readSmallText('/etc/passwd')).split('\n');
  const entry = lines.map((line) => line.split(':')).find(([, , uid]) => uid === String(id));
  return entry?.[0] === undefined ? `user ${id}` : `user ${entry[0]} (${id})`;
}

/** Dolt 2.3.0 creates this folder in a file remote on the first fetch (measured). */
const MADE_BY_FETCH = 'oldgen';

/**
 * Records which folders of `file://` peers a fetch would add something to.
 * @returns removes what was added, unless another writer used it
 */
export async function rememberFolders(peers: readonly Peer[]): Promise<() => Promise<void>> {
  const lacking: string[] = [];
  for (const { endpoint } of peers) {
    const { folder } = endpoint;
    if (folder === null) continue;
    const names = await readdir(folder).catch(() => null);
    if (names !== null && !names.includes(MADE_BY_FETCH)) lacking.push(join(folder, MADE_BY_FETCH));
  }
  return async () => {
    for (const folder of lacking) await rmdir(folder).catch(() => undefined);
  };
}
