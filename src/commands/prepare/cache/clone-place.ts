import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Peer } from '../../../config/configuration.ts';
import { cloneIdentity } from '../../../config/endpoint/data-place.ts';
import { shortDigest } from '../../../core/digest.ts';
import { Failure } from '../../../core/failure.ts';
import { isFolder, isInside } from '../../../core/files.ts';
import { makeOwnFolder, replaceableFolder, requireOwnFolder, warnOfReplaceable } from '../../../core/shared-folder.ts';
import { readOwnFile, writeOwnFile } from '../../../sync/own-file.ts';
import type { Context } from '../../context.ts';

/** The peer to clone from: the one that is named, else the primary. */
export function bootstrapPeer(peers: readonly Peer[], bootstrap: string | undefined): Peer | undefined {
  return peers.find(({ name, role }) => (bootstrap === undefined ? role === 'primary' : name === bootstrap));
}

/** The branch that a clone of a peer checks out; null: the default branch of the peer. */
export function branchToClone({ branch }: Peer, asked: string | undefined): string | null {
  return branch ?? asked ?? null;
}

/**
 * The place of the clone of a peer in a job. Steps of one job can have different configurations: a clone for one of them
 * must not be pushed to the peers of another. So no clone of another peer counts, even of one that is merged: it can also
 * have rows of the earlier step's peers.
 * @throws Failure `file-owner` if another user made a part of it: its commits would be pushed to our peers
 */
export async function placeOfClone(source: Peer, asked: string | undefined, cloneDir: string): Promise<string> {
  const clone = cloneIdentity(source, branchToClone(source, asked));
  const path = join(cloneDir, shortDigest(clone), 'database');
  await requireOwnFolder(cloneDir, path);
  return path;
}

/** Whether a path is in the folder for clones of the job, which the runner deletes. */
export function isClone(path: string, { cloneDir }: Pick<Context, 'cloneDir'>): boolean {
  return cloneDir !== null && path !== cloneDir && isInside(cloneDir, path);
}

/**
 * Makes the folders around a clone of the job, all private, and warns if others can replace them.
 * @throws Failure `file-owner`, `bad-usage` if one cannot be made
 */
export async function makePlaceOfClone(path: string, context: Pick<Context, 'cloneDir' | 'tempDir' | 'log'>) {
  const { cloneDir, tempDir, log } = context;
  if (cloneDir === null || !isClone(path, context)) return;
  await makeOwnFolder(cloneDir, dirname(path));
  // The installation of Dolt warns of the temporary folder.
  await warnOfReplaceable(path, log, await replaceableFolder(tempDir));
}

const sourceSchema = z.strictObject({ version: z.literal(1), endpoint: z.string(), source: z.string() });
const MAX_BYTES = 64 * 1024;

function sourceFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation-clone.json');
}

/** The branch does not count: a database outside the folder for clones keeps the one that is checked out. */
function sourceOf(peer: Peer): string {
  return shortDigest(cloneIdentity(peer, null));
}

/** Records the peer of a clone of a job. @throws Failure `database-read-only`, `disk-full` */
export async function recordSource(database: string, peer: Peer): Promise<void> {
  await writeOwnFile(sourceFile(database), {
    version: 1,
    endpoint: peer.endpoint.canonical,
    source: sourceOf(peer),
  });
}

/**
 * Refuses a clone of a job that a step with another configuration made, as in `placeOfClone`: a beads workspace has one
 * place for all steps.
 * @param source the peer that this step would clone
 * @throws Failure `no-database`
 */
export async function requireOwnClone(database: string, source: Peer | undefined): Promise<void> {
  const { value, warning } = await readOwnFile(sourceFile(database), MAX_BYTES, sourceSchema);
  if (value === null && warning === null) return;
  if (source !== undefined && value?.source === sourceOf(source)) return;
  const other = value === null ? 'another peer' : value.endpoint;
  throw new Failure(
    'no-database',
    `an earlier step cloned ${other} into ${database}, and this step would clone ${source?.endpoint.canonical ?? 'no peer'}`,
    {
      hint: 'Its commits would go to the peers of this step. Set `--bootstrap` as in the earlier step, or give this step a checkout of its own. To use that database nevertheless, name it with `--database`.',
    },
  );
}

/**
 * Requires that a clone can get its place, before a whole database is transferred. An empty folder can be replaced. A
 * database is one that another run has just cloned, which this run then uses.
 * @throws Failure `no-database` if something else is there, or on the way there
 */
export async function requireFreePlace(place: string): Promise<void> {
  for (let path = place; ; path = dirname(path)) {
    const why = await obstacle(path, path === place);
    if (why === 'absent' && path !== dirname(path)) continue;
    if (why === null || why === 'absent') return;
    throw new Failure('no-database', `no database can be cloned into ${place}: ${path} ${why}`, {
      hint: 'Remove it or move it away, mount the disk that it leads to, or give another folder with `--database`.',
    });
  }
}

/** Why an entry is in the way of a clone; null: it is not, or only this user cannot see it. */
async function obstacle(path: string, isPlace: boolean): Promise<string | null> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return 'absent';
  const target = await stat(path).catch(() => null);
  if (target === null) return entry.isSymbolicLink() ? 'is a link that leads nowhere' : null;
  if (!target.isDirectory()) return 'is not a folder';
  if (!isPlace) return null;
  if (entry.isSymbolicLink()) return 'is a link';
  const names = await readdir(path).catch(() => []);
  if (await isFolder(join(path, '.dolt', 'noms'))) return null;
  return names.length === 0 ? null : 'contains other files and no complete database';
}
