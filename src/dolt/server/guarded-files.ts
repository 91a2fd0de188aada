import { randomUUID } from 'node:crypto';
import { chmod, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readSmallText, writeFileAtomic } from '../../core/files.ts';
import { parsedJson } from '../../core/json.ts';

/** Files that Dolt 2.3.0 rewrites with mode 0777, regardless of umask (measured). */
const WIDENED = ['config.json', 'repo_state.json'] as const;
/** Maximum mode of such a file. Dolt replaces it by renaming, so it needs no further write access. */
const FILE_MODE = 0o644;

/** A path and the mode to restore. */
export interface GuardedPath {
  readonly path: string;
  readonly mode: number;
  /** Of a folder: a file from which a later run restores the mode. Another text means that another run does it. */
  readonly record?: { readonly file: string; readonly text: string };
}

/** The permissions that `.dolt` had; a killed run leaves the file. */
const recordSchema = z.strictObject({ mode: z.int().min(0o700).max(0o7777), by: z.string() });

/**
 * Closes the folder `.dolt` to other users while a server works in it, because Dolt makes two of its files writable for
 * everyone. A folder of another user is not changed.
 * @param database the folder that holds `.dolt`
 * @param before the answer of an earlier call, once a server of ours holds the database: who else closed the folder is
 * gone or ends, so its record becomes ours. Absent: the server has not begun
 * @returns what `restoreModes` needs when the server has ended; `before` itself if nothing changed
 */
export async function guardFiles(database: string, before?: readonly GuardedPath[]): Promise<readonly GuardedPath[]> {
  const folder = join(database, '.dolt');
  const present = process.platform === 'win32' ? null : await modeOf(folder);
  if (present === null) return before ?? [];
  const isOpen = (present & 0o077) !== 0;
  const file = join(folder, 'dolt-federation-mode.json');
  const recorded = before === undefined ? '' : await readSmallText(file);
  if (before !== undefined && !isOpen && (recorded === '' || before.some(({ record }) => record?.text === recorded)))
    return before;
  const files = before?.filter(({ record }) => record === undefined) ?? (await filesIn(folder));
  // Closed by its owner, or by another run that uses the database and will open it again.
  const mode = isOpen ? present : recordSchema.safeParse(parsedJson(recorded)).data?.mode;
  if (mode === undefined) return files;
  const text = JSON.stringify({ mode, by: randomUUID() } satisfies z.infer<typeof recordSchema>);
  try {
    await writeFileAtomic(file, text, 0o600);
    await chmod(folder, mode & 0o700);
    return [...files, { path: folder, mode, record: { file, text } }];
  } catch {
    // On a full disk the record of a killed run stays, and its text is enough to restore the mode.
    if (!isOpen) return [...files, { path: folder, mode, record: { file, text: recorded } }];
    if ((await readSmallText(file)) === text) await rm(file, { force: true }).catch(() => undefined);
    return files;
  }
}

async function filesIn(folder: string): Promise<readonly GuardedPath[]> {
  return await Promise.all(
    WIDENED.map(async (name) => {
      const path = join(folder, name);
      return { path, mode: ((await modeOf(path)) ?? FILE_MODE) & FILE_MODE };
    }),
  );
}

/** Removes every permission that was added meanwhile, and opens the folder again. */
export async function restoreModes(guarded: readonly GuardedPath[]): Promise<void> {
  for (const { path, mode, record } of guarded) {
    if (record !== undefined && (await readSmallText(record.file)) !== record.text) continue;
    const now = await modeOf(path);
    if (now !== null && now !== mode) {
      await chmod(path, record === undefined ? now & mode : mode).catch(() => undefined);
    }
    if (record !== undefined) await rm(record.file, { force: true }).catch(() => undefined);
  }
}

async function modeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.mode & 0o7777,
    () => null,
  );
}
