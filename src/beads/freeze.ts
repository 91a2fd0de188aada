import { lstat, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Env } from '../core/env.ts';
import { errorMessage, Failure, systemCode } from '../core/failure.ts';
import { readSmallText } from '../core/files.ts';
import { shorten } from '../core/text.ts';

export const FREEZE_FILE = 'MIGRATION-FREEZE';
/** Names the one file that counts; no folder is searched then. */
const VARIABLE = 'BD_MIGRATION_FREEZE_FILE';
const MAX_BYTES = 64 * 1024;
const MAX_SHOWN = 200;

/**
 * Refuses to write while a person, or a tool that migrates the database, has stopped all writers of a workspace. bd 1.3.0
 * then ends with exit code 14.
 * @param from folders in which, and above which, the file counts
 * @throws Failure `migration-freeze`, also if it cannot be determined whether there is such a file
 */
export async function requireNotFrozen(from: readonly string[], env: Env): Promise<void> {
  const file = await frozenBy(from, env);
  if (file === null) return;
  const [line = ''] = (await readSmallText(file, MAX_BYTES)).split('\n');
  const [operator = '', , reason = ''] = line.split('\t').map((field) => shorten(field.trim(), MAX_SHOWN));
  const by = operator === '' ? '' : ` by ${operator}`;
  throw new Failure(
    'migration-freeze',
    `the beads workspace is frozen for a migration${by}${reason === '' ? '' : ` (${reason})`}: ${file}`,
    {
      hint: `Run again when the migration is finished. To allow writes, remove ${file}, or set ${VARIABLE} to another path.`,
    },
  );
}

/**
 * The file that freezes a workspace; null: there is none.
 * @param at the path to look at for a path, if another folder has the place of the checkout
 * @throws Failure `migration-freeze` if that cannot be determined
 */
export async function frozenBy(
  from: readonly string[],
  env: Env,
  at: (path: string) => string = (path) => path,
): Promise<string | null> {
  const named = env[VARIABLE];
  if (named !== undefined) return (await isMarker(at(named), 'follow')) ? named : null;
  const seen = new Set<string>();
  for (const start of from) {
    for (let folder = resolve(start); !seen.has(folder); folder = dirname(folder)) {
      seen.add(folder);
      const file = join(folder, FREEZE_FILE);
      if ((await isMarker(at(file), 'refuse')) && !(await isShared(dirname(at(file))))) return file;
    }
  }
  return null;
}

/** Only a regular file counts; a link counts where the variable names it. */
async function isMarker(file: string, links: 'follow' | 'refuse'): Promise<boolean> {
  try {
    return (links === 'follow' ? await stat(file) : await lstat(file)).isFile();
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new Failure('migration-freeze', `cannot determine whether the workspace is frozen: ${errorMessage(thrown)}`, {
      hint: `Make ${file} readable, or set ${VARIABLE} to a path that this user can read.`,
      cause: thrown,
    });
  }
}

/** In a folder such as /tmp, every user of the machine could stop all others. */
async function isShared(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  return (mode & 0o1000) !== 0 && (mode & 0o002) !== 0;
}
