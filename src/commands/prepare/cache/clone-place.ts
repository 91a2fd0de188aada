import { dirname, join } from 'node:path';
import type { Peer } from '../../../config/configuration.ts';
import { cloneIdentity } from '../../../config/endpoint/data-place.ts';
import { shortDigest } from '../../../core/digest.ts';
import { isInside } from '../../../core/files.ts';
import { makeOwnFolder, replaceableFolder, requireOwnFolder, warnOfReplaceable } from '../../../core/shared-folder.ts';
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
