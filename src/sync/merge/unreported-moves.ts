import { join } from 'node:path';
import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import { putOwnFileAside, readOwnFile, removeOwnFile, writeOwnFile } from '../own-file.ts';

const fileSchema = z.strictObject({
  version: z.literal(1),
  heads: z.array(z.strictObject({ branch: z.string(), head: z.string().regex(HASH) })),
});

type Unreported = Readonly<z.infer<typeof fileSchema>>['heads'][number];

const MAX_BYTES = 1024 * 1024;

function unreportedFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation-unreported.json');
}

async function read(database: string): Promise<{ heads: readonly Unreported[]; isUsable: boolean }> {
  const { value, warning } = await readOwnFile(unreportedFile(database), MAX_BYTES, fileSchema);
  return { heads: value?.heads ?? [], isUsable: warning === null };
}

/**
 * The head of a branch after which no run has reported the merges: the last run that moved the branch ended before it
 * wrote the conflicts file. null: all are reported.
 */
export async function unreportedSince(database: string, branch: string): Promise<string | null> {
  return (await read(database)).heads.find((one) => one.branch === branch)?.head ?? null;
}

/**
 * Records the head of a branch before it moves, because rows of a merge are found only in one run. An earlier record stays.
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`
 */
export async function recordUnreported(database: string, moving: Unreported): Promise<void> {
  const { heads, isUsable } = await read(database);
  if (heads.some(({ branch }) => branch === moving.branch)) return;
  if (!isUsable) await putOwnFileAside(unreportedFile(database));
  await writeOwnFile(unreportedFile(database), { version: 1, heads: [...heads, moving] });
}

/** Removes the record after the rows are in the conflicts file. @throws Failure as `recordUnreported` */
export async function forgetUnreported(database: string, branch: string): Promise<void> {
  const { heads } = await read(database);
  const others = heads.filter((one) => one.branch !== branch);
  if (others.length === heads.length) return;
  if (others.length === 0) await removeOwnFile(unreportedFile(database));
  else await writeOwnFile(unreportedFile(database), { version: 1, heads: others });
}
