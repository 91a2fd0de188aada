import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { beadsDatabase } from '../beads/workspace.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { systemCode } from '../core/system-code.ts';

interface Search {
  /** What the user named, relative to `cwd`. */
  readonly database: string | undefined;
  readonly cwd: string;
  /** Folder above which nothing is searched. */
  readonly ceiling: string | null;
  /** Absolute path of `.beads`, where there is one. */
  readonly workspace: string | null;
  /** Where a clone goes when nothing names a place. */
  readonly cloneDir: string | null;
}

/** Where the database is, or where a clone of it belongs. */
export type Found =
  | { readonly kind: 'database'; readonly path: string }
  | { readonly kind: 'to-clone'; readonly path: string }
  | { readonly kind: 'nowhere' };

/**
 * Finds the database: the folder that was named, else what the beads workspace says, else the nearest folder upward
 * that holds `.dolt`.
 * @throws Failure `no-database` when the named folder exists and is no database
 */
export async function locateDatabase(search: Search): Promise<Found> {
  if (search.database !== undefined) return named(resolve(search.cwd, search.database));
  const beads = search.workspace === null ? null : await beadsDatabase(search.workspace);
  if (beads !== null) return (await holdsDolt(beads)) ? found(beads) : toClone(beads);
  const upward = await nearest(search.cwd, search.ceiling);
  if (upward !== null) return found(upward);
  if (search.cloneDir === null) return { kind: 'nowhere' };
  const clone = join(search.cloneDir, 'database');
  return (await holdsDolt(clone)) ? found(clone) : toClone(clone);
}

const found = (path: string): Found => ({ kind: 'database', path });
const toClone = (path: string): Found => ({ kind: 'to-clone', path });

async function named(path: string): Promise<Found> {
  if (await holdsDolt(path)) return found(path);
  const there = await stat(path).catch(() => null);
  if (there === null) return toClone(path);
  const hint =
    basename(path) === '.dolt'
      ? `Name its parent, ${dirname(path)}.`
      : 'Name the folder that holds `.dolt`, or one that does not exist yet to clone into.';
  throw new Failure('no-database', `${path} holds no Dolt database`, { hint });
}

async function nearest(from: string, ceiling: string | null): Promise<string | null> {
  for (let folder = from; ; folder = dirname(folder)) {
    if (await holdsDolt(folder)) return folder;
    if (folder === ceiling || folder === dirname(folder)) return null;
  }
}

/** What may not be looked at is no place without a database: nothing else may be taken, or cloned, in its stead. */
async function holdsDolt(folder: string): Promise<boolean> {
  try {
    return (await stat(join(folder, '.dolt', 'noms'))).isDirectory();
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new Failure('no-database', `${join(folder, '.dolt')} cannot be looked into: ${errorMessage(thrown)}`, {
      hint: 'Check that this user may read the folder, or name another one with `--database`.',
      cause: thrown,
    });
  }
}
