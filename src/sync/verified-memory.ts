import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../core/failure.ts';
import { systemCode } from '../core/system-code.ts';
import { writeWhole } from '../core/write-whole.ts';
import type { PeerRun } from './peer-run.ts';

const entrySchema = z.strictObject({
  /** Where the peer was then: under another endpoint or branch the memory says nothing. */
  endpoint: z.string(),
  branch: z.string(),
  head: z.string(),
  at: z.iso.datetime({ precision: 3 }),
});
const memorySchema = z.strictObject({ version: z.literal(1), peers: z.record(z.string(), entrySchema) });

/** When each peer was last verified, by its name. */
export type VerifiedMemory = ReadonlyMap<string, z.infer<typeof entrySchema>>;

/** More than any number of peers needs; a file that is larger was not written by us. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Inside `.dolt`, so that it goes where the database goes and whatever ignores `.dolt` ignores it. Dolt looks at no file
 * there that it did not make, and neither clones nor collects it (measured on 2.3.0: sql-server, clone, gc, fsck).
 */
export function memoryFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation.json');
}

/**
 * Reads what this machine remembers of a database. A memory that cannot be used is no failure: nothing is remembered then,
 * and `trouble` says why.
 */
export async function readMemory(
  database: string,
): Promise<{ readonly memory: VerifiedMemory; readonly trouble: string | null }> {
  const file = memoryFile(database);
  const nothing = (trouble: string | null) => ({ memory: new Map(), trouble });
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > MAX_BYTES) return nothing(`${file} is no file of ours`);
    const raw: unknown = JSON.parse(await readFile(file, 'utf8'));
    const parsed = memorySchema.safeParse(raw);
    if (!parsed.success) return nothing(`${file} does not hold what it should`);
    return { memory: new Map(Object.entries(parsed.data.peers)), trouble: null };
  } catch (thrown) {
    return nothing(systemCode(thrown) === 'ENOENT' ? null : `${file} cannot be read: ${errorMessage(thrown)}`);
  }
}

/** Writes a memory: the file is the old one or the new one, never a part. @throws what the system refuses with */
export async function writeMemory(database: string, memory: VerifiedMemory): Promise<void> {
  const peers = Object.fromEntries([...memory].sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeWhole(memoryFile(database), `${JSON.stringify({ version: 1, peers })}\n`, 0o600);
}

/** When a peer was last verified where it is now. */
export function recall(memory: VerifiedMemory, { peer, branch }: PeerRun): string | null {
  const entry = memory.get(peer.name);
  return entry?.endpoint === peer.endpoint.canonical && entry.branch === branch ? entry.at : null;
}

/** A memory with what this run has verified; other peers keep what they have. */
export function withVerified(memory: VerifiedMemory, runs: readonly PeerRun[], at: string): VerifiedMemory {
  const verified = runs.flatMap(({ peer, branch, head, verified: isVerified, failure }) =>
    isVerified && failure === null && head !== null
      ? [[peer.name, { endpoint: peer.endpoint.canonical, branch, head, at }] as const]
      : [],
  );
  return new Map([...memory, ...verified]);
}
