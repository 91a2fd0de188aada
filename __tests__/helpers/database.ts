import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnv } from '../../src/core/env.ts';
import { doltEnvironment, preparePrivateRoot } from '../../src/dolt/environment.ts';
import { run } from '../../src/dolt/process.ts';
import { testDolt, UNCOLLECTED } from './dolt-binary.ts';
import { madeOnce } from './templates.ts';

/** A Dolt database made and read with the `dolt` command, as its users would. */
export interface TestDatabase {
  readonly path: string;
  /** Runs statements in one session. */
  sql(...statements: string[]): Promise<string>;
  /** Rows of one query, every value as Dolt's JSON has it. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** Rows of several queries, read in one process. */
  read(...queries: string[]): Promise<Record<string, unknown>[][]>;
  /** Runs statements and commits every table. */
  commit(message: string, ...statements: string[]): Promise<string>;
  head(branch?: string): Promise<string>;
  /** Runs statements in one session; the head of `main` afterwards, without another process. */
  headAfter(...statements: string[]): Promise<string>;
  /** Pushes to a remote that the database does not know afterwards. @param refspec as `dolt push` takes it */
  publish(url: string, refspec?: string): Promise<void>;
  dolt(...args: string[]): Promise<string>;
}

/** Statements that push to a remote that the database does not know afterwards. */
export function publishing(url: string, refspec = 'main'): readonly string[] {
  return [
    `CALL DOLT_REMOTE('add', 'published', '${url}')`,
    `CALL DOLT_PUSH('published', '${refspec}')`,
    "CALL DOLT_REMOTE('remove', 'published')",
  ];
}

const MAIN = "SELECT hash FROM dolt_branches WHERE name = 'main'";

/** A query of all branches, for `headsIn`. */
export const HEADS = "SELECT CONCAT(name, '=', hash) AS head FROM dolt_branches";

/** The heads in the printed answer of `HEADS`, by branch. */
export function headsIn(printed: string): ReadonlyMap<string, string> {
  return new Map([...printed.matchAll(/(\w+)=([0-9a-v]{32})/g)].map(([, name = '', hash = '']) => [name, hash]));
}

const rootOf = (path: string): string => join(dirname(path), '.test-dolt');

const prepared = new Map<string, Promise<string>>();

/** Prepares what the `dolt` commands in a folder have in common: once, unless the folder was removed since. */
async function preparedRoot(parent: string): Promise<string> {
  const before = prepared.get(parent);
  if (before !== undefined && existsSync(await before)) return await before;
  // Another call prepares it: a command that runs already must not find its files half written.
  if (prepared.get(parent) !== before) return await preparedRoot(parent);
  const root = mkdir(parent, { recursive: true }).then(() => preparePrivateRoot(parent));
  prepared.set(parent, root);
  return await root;
}

/** For these Dolt may start git or ssh. */
const OF_REMOTES = /\bDOLT_(?:BACKUP|CLONE|FETCH|PULL|PUSH)\b/i;

/** Runs a `dolt` command. @param parent of the private folder that it uses */
async function runDolt(parent: string, cwd: string, args: readonly string[]): Promise<string> {
  const root = await preparedRoot(parent);
  // At each start Dolt 2.3.0 asks `uname` three times, if it finds it: a fifteenth of the time of a short process.
  const path = args[0] === 'sql' && !args.some((arg) => OF_REMOTES.test(arg)) ? { PATH: root } : {};
  const env = { ...doltEnvironment(readEnv(), root), ...UNCOLLECTED, ...path };
  const result = await run(testDolt(), args, { env, cwd });
  if (result.exitCode !== 0) throw new Error(`dolt ${args.join(' ')}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** Opens an existing database folder. */
export function openTestDatabase(path: string): TestDatabase {
  const dolt = (...args: string[]): Promise<string> => runDolt(rootOf(path), path, args);
  const sql = (...statements: string[]): Promise<string> => dolt('sql', '-q', statements.join(';\n'));
  const read = async (...queries: string[]): Promise<Record<string, unknown>[][]> => {
    const printed = (await dolt('sql', '-r', 'json', '-q', queries.join(';\n')))
      .split('\n')
      .filter((line) => line !== '');
    if (queries.length > 1 && printed.length !== queries.length) throw new Error(`not one result a query: ${printed}`);
    return queries.map((_, index) => {
      const parsed: { rows?: Record<string, unknown>[] } = JSON.parse(printed[index] ?? '{}');
      return parsed.rows ?? [];
    });
  };
  const rows = async (query: string): Promise<Record<string, unknown>[]> => (await read(query))[0] ?? [];
  const head = async (branch = 'main'): Promise<string> =>
    String((await rows(`SELECT hash FROM dolt_branches WHERE name = '${branch}'`))[0]?.['hash']);
  const headAfter = async (...statements: string[]): Promise<string> => {
    const printed = await sql(...statements, MAIN);
    const hash = printed.match(/\b[0-9a-v]{32}\b/g)?.at(-1);
    if (hash === undefined) throw new Error(`no head in: ${printed}`);
    return hash;
  };
  return {
    path,
    dolt,
    sql,
    rows,
    read,
    head,
    commit: (message, ...statements) => headAfter(...statements, `CALL DOLT_COMMIT('-A', '-m', '${message}')`),
    headAfter,
    async publish(url, refspec = 'main') {
      await sql(...publishing(url, refspec));
    },
  };
}

/** The default author of commits in a database. */
interface Author {
  readonly name: string;
  readonly email: string;
}

/** The author of databases without another one. */
export const ANN: Author = { name: 'Ann', email: 'ann@example.org' };

/** Writes what `dolt config --local --add` writes, without two processes. */
export async function writeAuthor(path: string, { name, email }: Author): Promise<void> {
  await writeFile(join(path, '.dolt', 'config.json'), JSON.stringify({ 'user.name': name, 'user.email': email }));
}

/** Makes a database and runs statements in it, all in one process at most. Its first commit has no tables. */
async function createDatabase(path: string, author: Author, ...statements: readonly string[]): Promise<TestDatabase> {
  await rm(path, { recursive: true, force: true });
  await madeOnce(JSON.stringify([author, statements]), [path], async () => {
    await runNew(path, author, statements);
  });
  return openTestDatabase(path);
}

/** Makes a database in one process. @returns what its statements print */
export async function runNew(path: string, author: Author, statements: readonly string[]): Promise<string> {
  const root = rootOf(path);
  await preparedRoot(root);
  const place = await mkdtemp(join(root, 'new-'));
  const session = ['name', 'email'].map((key) => {
    const value = key === 'name' ? author.name : author.email;
    return `SET @@dolt_author_${key} = '${value}', @@dolt_committer_${key} = '${value}'`;
  });
  const script = ['CREATE DATABASE made', 'USE made', ...session, ...statements];
  const printed = await runDolt(root, place, ['sql', '-q', script.join(';\n')]);
  await writeAuthor(join(place, 'made'), author);
  await mkdir(dirname(path), { recursive: true });
  await rename(join(place, 'made'), path);
  await rm(place, { recursive: true });
  return printed;
}

/** Makes a database and runs statements in it. */
export async function makeDatabaseOf(path: string, ...statements: readonly string[]): Promise<TestDatabase> {
  return await createDatabase(path, ANN, ...statements);
}

/** Makes a database without tables. */
export async function makeEmptyDatabase(path: string): Promise<TestDatabase> {
  return await createDatabase(path, ANN);
}

/** Makes a database with a table `items` of two rows and one commit of it. */
export async function makeDatabase(path: string): Promise<TestDatabase> {
  return await createDatabase(
    path,
    ANN,
    'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
    "INSERT INTO items VALUES (1, 'one', 'ann'), (2, 'two', 'bob')",
    "CALL DOLT_COMMIT('-A', '-m', 'first rows')",
  );
}

/** Clones a remote's URL. */
export async function cloneDatabase(url: string, path: string): Promise<TestDatabase> {
  await mkdir(dirname(path), { recursive: true });
  await runDolt(rootOf(path), dirname(path), ['clone', url, path]);
  await writeAuthor(path, { name: 'Bob', email: 'another@example.org' });
  return openTestDatabase(path);
}

/**
 * Opens a copy of a `file://` remote as a database: Dolt writes into what it opens, and a clone has no remote branches.
 */
export async function openRemoteCopy(remote: string, folder: string): Promise<TestDatabase> {
  await cp(remote, join(folder, '.dolt', 'noms'), { recursive: true });
  const state = { head: 'refs/heads/main', remotes: {}, backups: {}, branches: {} };
  await writeFile(join(folder, '.dolt', 'repo_state.json'), JSON.stringify(state));
  return openTestDatabase(folder);
}

/** Opens what a remote has: a clone, or a copy of a `file://` remote, which takes one process less. */
export async function openRemote(url: string, folder: string): Promise<TestDatabase> {
  return url.startsWith('file:') ? openRemoteCopy(fileURLToPath(url), folder) : cloneDatabase(url, folder);
}

/** The head of the branch `main` of a remote; null if it has none. */
export async function remoteHead(url: string, scratch: string): Promise<string | null> {
  try {
    const there = await openRemote(url, scratch);
    const [row] = await there.rows(MAIN);
    return row === undefined ? null : String(row['hash']);
  } catch {
    return null;
  }
}
