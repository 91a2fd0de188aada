import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cloneDatabase, makeDatabase, openTestDatabase, type TestDatabase } from '../database.ts';

/** Databases that share a history, each with commits of its own and a mailbox of its own. */
export interface Databases {
  /** Names, in order. */
  readonly names: readonly string[];
  readonly path: string;
  of(name: string): TestDatabase;
  mailbox(name: string): string;
  /** The value of `federation` in the configuration of a database: its own mailbox first, then those of the others. */
  federation(name: string): unknown;
  /** The commits that a database made on its own, by database. */
  readonly own: Readonly<Record<string, readonly string[]>>;
}

const placeOf = (path: string, name: string) => join(path, name, 'local');

/** @param names of the databases; the last mailbox does not exist yet, and the others have the shared commits. */
export async function makeDatabases(path: string, names: readonly string[]): Promise<Databases> {
  const [first, ...others] = names;
  const last = names.at(-1);
  if (first === undefined) throw new Error('no databases');
  await mkdir(join(path, 'mailboxes'), { recursive: true });
  const mailbox = (name: string) => join(path, 'mailboxes', name);
  const founder = await makeDatabase(placeOf(path, first));
  const url = `file://${mailbox(first)}`;
  await founder.dolt('remote', 'add', 'first', url);
  await founder.dolt('push', 'first', 'main');
  for (const name of others) await freshClone(url, join(path, name));
  for (const name of others) if (name !== last) await cp(mailbox(first), mailbox(name), { recursive: true });
  const own: Record<string, readonly string[]> = {};
  for (const [index, name] of names.entries()) {
    const local = openTestDatabase(placeOf(path, name));
    for (const { name: remote } of await local.rows('SELECT name FROM dolt_remotes'))
      await local.dolt('remote', 'remove', String(remote));
    const row = 10 * (index + 1);
    own[name] = [
      await local.commit(`a row of ${name}`, `INSERT INTO items VALUES (${row}, '${name}', '${name}')`),
      await local.commit(`a change of ${name}`, `UPDATE items SET title = 'changed' WHERE id = ${row}`),
    ];
  }
  return databasesAt(path, names, own);
}

/** The same databases in another folder. */
export function databasesAt(path: string, names: readonly string[], own: Databases['own']): Databases {
  const mailbox = (name: string) => join(path, 'mailboxes', name);
  return {
    names,
    path,
    own,
    mailbox,
    of: (name) => openTestDatabase(placeOf(path, name)),
    federation: (name) => ({
      remote: `file://${mailbox(name)}`,
      peers: Object.fromEntries(
        names.filter((other) => other !== name).map((other) => [other, `file://${mailbox(other)}`]),
      ),
    }),
  };
}

/** A fresh clone of a remote, in a folder of its own. */
export async function freshClone(url: string, folder: string): Promise<TestDatabase> {
  await mkdir(folder, { recursive: true });
  return cloneDatabase(url, join(folder, 'local'));
}

/** The complaint of `dolt fsck`; null if it has none. */
export async function damage(local: TestDatabase): Promise<string | null> {
  const said = await local.dolt('fsck').catch((thrown: unknown) => String(thrown));
  return said.includes('No problems found.') ? null : said;
}

/** Makes a `file://` remote look like a database, so that Dolt itself can be asked about it. Nothing is copied. */
export async function asDatabase(remote: string, folder: string): Promise<TestDatabase> {
  await mkdir(join(folder, '.dolt'), { recursive: true });
  await symlink(remote, join(folder, '.dolt', 'noms'));
  const state = { head: 'refs/heads/main', remotes: {}, backups: {}, branches: {} };
  await writeFile(join(folder, '.dolt', 'repo_state.json'), JSON.stringify(state));
  return openTestDatabase(folder);
}
