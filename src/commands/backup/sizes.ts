import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { endsWithin, monotonicMs } from '../../core/time.ts';
import type { BackupSize } from '../../sync/history/last-verified.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { Drilled } from './drill-copies.ts';

/** A size is only shown, so it may not hold up a run: a folder may have any number of files, on a disk that is gone. */
const LIMITS = { files: 20_000, milliseconds: 10_000 } as const;

/**
 * Measures a backup: the folder if the peer is one, else the clone of its drill.
 * @returns null: unknown
 */
export async function sizeOf(progress: PeerProgress, drill: Drilled | null): Promise<BackupSize | null> {
  const { kind, folder } = progress.peer.endpoint;
  if (kind === 'file' && folder !== null) {
    const bytes = await folderBytes(folder, LIMITS).catch(() => null);
    return bytes === null ? null : { bytes, of: 'folder' };
  }
  return drill?.kind === 'proven' ? { bytes: drill.bytes, of: 'clone' } : null;
}

/**
 * The sizes of all files in a folder; null beyond a limit.
 * @throws errors of the file system
 */
export async function folderBytes(
  folder: string,
  { files, milliseconds }: { readonly files: number; readonly milliseconds: number },
): Promise<number | null> {
  const measuring = sum(folder, { files, until: monotonicMs() + milliseconds });
  // A call on a disk that is gone may never return.
  return (await endsWithin(measuring, milliseconds)) ? await measuring : null;
}

async function sum(
  folder: string,
  { files, until }: { readonly files: number; readonly until: number },
): Promise<number | null> {
  let [bytes, seen] = [0, 0];
  for await (const entry of await opendir(folder, { recursive: true })) {
    seen += 1;
    if (seen > files || monotonicMs() >= until) return null;
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
