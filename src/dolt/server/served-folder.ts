import { mkdir, stat, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** A folder for a server, and the name of the only database in it. */
export interface ServedFolder {
  readonly dataDir: string;
  readonly name: string;
}

/** Replaces a name that Dolt cannot serve. */
const NEUTRAL_NAME = 'database';
/** Names that Dolt 2.3.0 reserves; a database of this name cannot be reached (measured). `sys` and others can. */
const TAKEN: readonly string[] = ['information_schema', 'mysql'];
/**
 * `@` and `/` start a revision; Dolt serves a name with `:` under the empty name; `%` and `\` are decoded to another
 * path (Dolt 2.3.0, measured). Control characters work but should not be sent to a server.
 */
const UNSERVABLE = /[@/:%\\\p{Cc}]/u;

/**
 * The name under which a database is served: its folder's name, because views and triggers may contain it, or a neutral
 * one if Dolt cannot serve it.
 */
export function servedName(database: string): string {
  const name = basename(resolve(database));
  return name === '' || UNSERVABLE.test(name) || TAKEN.includes(name.toLowerCase()) ? NEUTRAL_NAME : name;
}

/**
 * Creates a folder with only a link to the `.dolt` of a database. A server of the database folder itself would also
 * serve databases in sub-folders, and one of the same name instead of it (Dolt 2.3.0, measured). Locks, server file and
 * data are the database's own.
 * @param privateDir a folder that its owner removes; removing it does not affect the link's target
 * @throws Failure `no-database` if there is none: Dolt would create one
 */
export async function createServedFolder(database: string, privateDir: string): Promise<ServedFolder> {
  const data = resolve(database, '.dolt');
  const found = await stat(data).catch(() => null);
  if (found === null || !found.isDirectory())
    throw new Failure('no-database', `${database} does not contain a Dolt database`);
  const name = servedName(database);
  const dataDir = join(privateDir, 'data', name);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // On Windows every user can create a junction, but not a symbolic link.
  await symlink(data, join(dataDir, '.dolt'), 'junction');
  return { dataDir, name };
}
