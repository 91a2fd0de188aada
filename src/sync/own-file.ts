import { rm } from 'node:fs/promises';
import type { z } from 'zod';
import { errorMessage, explained } from '../core/failure.ts';
import { putAside, readSmall, writeFileAtomic } from '../core/files.ts';

/**
 * The content of a file of ours. `value` is null without a file, and with an unusable one; then `warning` gives the
 * reason.
 */
export interface OwnFile<T> {
  readonly value: T | null;
  readonly warning: string | null;
}

/**
 * Reads a JSON file of ours inside `.dolt`. An unusable file is not a failure: another program may have written it.
 * @param maxBytes more than we would ever write
 */
export async function readOwnFile<T>(file: string, maxBytes: number, schema: z.ZodType<T>): Promise<OwnFile<T>> {
  const unusable = (warning: string): OwnFile<T> => ({ value: null, warning });
  try {
    const found = await readSmall(file, maxBytes, 'refuse');
    if (found.kind === 'absent') return { value: null, warning: null };
    if (found.kind === 'refused') return unusable(`${file} is not a file of dolt-federation: ${found.why}`);
    const raw: unknown = JSON.parse(found.bytes.toString('utf8'));
    const parsed = schema.safeParse(raw);
    return parsed.success ? { value: parsed.data, warning: null } : unusable(`${file} does not have the expected form`);
  } catch (thrown) {
    return unusable(`${file} cannot be read: ${errorMessage(thrown)}`);
  }
}

/**
 * Writes such a file, which only its owner can read.
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`
 */
export async function writeOwnFile(file: string, value: unknown): Promise<void> {
  await replacing(file, () => writeFileAtomic(file, `${JSON.stringify(value)}\n`, 0o600));
}

/** Keeps an unusable file under another name. @returns that name @throws Failure `database-read-only`, `disk-full` */
export async function putOwnFileAside(file: string): Promise<string> {
  return await replacing(file, () => putAside(file));
}

/** @throws Failure `database-read-only` */
export async function removeOwnFile(file: string): Promise<void> {
  await replacing(file, () => rm(file, { force: true }));
}

const REPLACEABLE =
  'Check the owner, permissions and attributes (`lsattr`) of the file and its folder, and whether the disk is mounted read-only.';

async function replacing<T>(file: string, change: () => Promise<T>): Promise<T> {
  return await change().catch((thrown: unknown) => {
    throw explained(thrown, 'database-read-only', `${file} cannot be replaced`, REPLACEABLE);
  });
}
