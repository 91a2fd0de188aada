import { mkdir, stat, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** A folder for a server to serve, and the name of the only database in it. */
export interface ServedFolder {
  readonly dataDir: string;
  readonly name: string;
}

/** Served in place of a name that Dolt cannot serve. */
const NEUTRAL_NAME = 'database';
/** What Dolt 2.3.0 answers itself; a database of this name is never reached (measured). `sys` and others are. */
const TAKEN: readonly string[] = ['information_schema', 'mysql'];
/**
 * `@` and `/` begin a revision; of a name with `:` Dolt serves the empty text; `%` and `\` are decoded to another path
 * (Dolt 2.3.0, measured). Control characters work, and are still nothing to send to a server.
 */
const UNSERVABLE = /[@/:%\\\p{Cc}]/u;

/**
 * The name under which a database is served: that of its folder, since views and triggers may hold it, or a neutral one
 * where Dolt cannot serve the folder's.
 */
export function servedName(database: string): string {
  const name = basename(resolve(database));
  return name === '' || UNSERVABLE.test(name) || TAKEN.includes(name.toLowerCase()) ? NEUTRAL_NAME : name;
}

/**
 * Makes a folder that holds nothing but a link to the `.dolt` of a database. A server of the database folder itself would
 * also serve the databases in its sub-folders, and one of the same name instead of it (Dolt 2.3.0, measured). Locks, notes
 * and data are the database's own.
 * @param privateDir a folder that its owner removes; removing it leaves what the link leads to alone
 * @throws Failure `no-database` where there is none: Dolt would make one
 */
export async function serveAlone(database: string, privateDir: string): Promise<ServedFolder> {
  const data = resolve(database, '.dolt');
  const found = await stat(data).catch(() => null);
  if (found === null || !found.isDirectory()) throw new Failure('no-database', `${database} holds no Dolt database`);
  const name = servedName(database);
  const dataDir = join(privateDir, 'data', name);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Windows lets every user make a junction, and only some a symbolic link.
  await symlink(data, join(dataDir, '.dolt'), 'junction');
  return { dataDir, name };
}
