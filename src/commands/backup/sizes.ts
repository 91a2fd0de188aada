import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toFailure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import {
  type BackupSize,
  findSize,
  readStateFile,
  rememberSizes,
  writeStateFile,
} from '../../sync/history/last-verified.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { placeOf } from '../prepare/last-verified.ts';
import type { LocalDatabase } from '../prepare/open-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import type { Copied } from './backup.ts';

/** The size of a backup, and how much it grew since it was last measured on this machine; null: unknown. */
export interface Measured {
  readonly bytes: number;
  readonly growth: number | null;
}

/**
 * Measures the backups, and records their sizes for the next run. A peer that is a folder is measured there; of another
 * kind only a clone tells the size. What cannot be measured fails nothing.
 */
export async function measureCopies(
  { engines, work }: Pick<LocalDatabase, 'engines' | 'work'>,
  { branch, lastVerified: { root, warning } }: Pick<PreparedSync, 'branch' | 'lastVerified'>,
  { targets, drills }: Pick<Copied, 'targets' | 'drills'>,
): Promise<ReadonlyMap<PeerProgress, Measured>> {
  const measured = new Map<PeerProgress, Measured>();
  const sizes = new Map<PeerProgress, BackupSize>();
  for (const progress of targets) {
    const size = progress.verified ? await sizeOf(progress, drills) : null;
    if (size !== null) sizes.set(progress, size);
  }
  const { stateFile } = await readStateFile(work);
  for (const [progress, size] of sizes) {
    const before = root === null ? null : findSize(stateFile, placeOf(progress, branch, root));
    const growth = before?.of === size.of ? size.bytes - before.bytes : null;
    measured.set(progress, { bytes: size.bytes, growth });
  }
  if (root === null || warning !== null || sizes.size === 0) return measured;
  const found = [...sizes].map(([progress, size]) => ({ place: placeOf(progress, branch, root), size }));
  // While the database is held, as every write of this file; a failed write was reported by the one before.
  await engines
    .use(NO_CREDENTIALS, () => writeStateFile(work, rememberSizes(stateFile, found)))
    .catch((thrown: unknown) => {
      if (toFailure(thrown).code === 'interrupted') throw thrown;
    });
  return measured;
}

async function sizeOf(progress: PeerProgress, drills: Copied['drills']): Promise<BackupSize | null> {
  const { kind, folder } = progress.peer.endpoint;
  if (kind === 'file' && folder !== null) {
    const bytes = await folderBytes(folder).catch(() => null);
    return bytes === null ? null : { bytes, of: 'folder' };
  }
  const drill = drills.get(progress);
  return drill?.kind === 'proven' ? { bytes: drill.bytes, of: 'clone' } : null;
}

/** The sizes of all files in a folder. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ name, parentPath }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
