import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Remote } from '../../dolt/sql/remotes.ts';
import { readOwnFile, writeOwnFile } from '../own-file.ts';

const MAX_BYTES = 1024 * 1024;

export function reportedFilePath(database: string): string {
  return join(database, '.dolt', 'dolt-federation-reported.json');
}

/** A digest by peer: an address may contain a password. */
const reportedSchema = z.strictObject({ version: z.literal(1), remotes: z.record(z.string(), z.string()) });

/** A remote that has the name of a peer and another address. */
export interface DifferingRemote {
  readonly peer: string;
  /** The address of the peer. */
  readonly url: string;
  readonly other: Remote;
}

/**
 * Notes in the database which differing remotes a run reports, so that later runs report only changes.
 * @returns those that no run has reported yet
 */
export async function unreported<T extends DifferingRemote>(path: string, differing: readonly T[]): Promise<T[]> {
  const file = reportedFilePath(path);
  const { value } = await readOwnFile(file, MAX_BYTES, reportedSchema);
  const before = new Map(Object.entries(value?.remotes ?? {}));
  const found = differing.map((one) => ({ one, digest: digestOf(one) }));
  const changed = found.filter(({ one, digest }) => before.get(one.peer) !== digest).map(({ one }) => one);
  if (changed.length > 0) {
    const remotes = Object.fromEntries([...before, ...found.map(({ one, digest }) => [one.peer, digest] as const)]);
    // If it cannot be written, the next run reports the remote again.
    await writeOwnFile(file, { version: 1, remotes }).catch(() => undefined);
  }
  return changed;
}

function digestOf({ url, other }: DifferingRemote): string {
  return createHash('sha256')
    .update(JSON.stringify([url, other.name, other.url]))
    .digest('hex');
}
