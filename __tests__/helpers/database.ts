import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readEnv } from '../../src/core/env.ts';
import { doltEnvironment, preparePrivateRoot } from '../../src/dolt/environment.ts';
import { run } from '../../src/dolt/process.ts';
import { testDolt } from './dolt-binary.ts';

/** A Dolt database made and looked at with the `dolt` command, as its users would. */
export interface TestDatabase {
  readonly path: string;
  /** Runs statements in one session. */
  sql(...statements: string[]): Promise<string>;
  /** Rows of one query, every value as Dolt's JSON has it. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** Runs statements and commits every table. */
  commit(message: string, ...statements: string[]): Promise<string>;
  head(branch?: string): Promise<string>;
  /** Runs statements in one session; the head of `main` afterwards, without another process. */
  headAfter(...statements: string[]): Promise<string>;
  /** Pushes to a remote that the database does not know afterwards. @param refspec as `dolt push` takes it */
  publish(url: string, refspec?: string): Promise<void>;
  dolt(...args: string[]): Promise<string>;
}

const MAIN = "SELECT hash FROM dolt_branches WHERE name = 'main'";

const rootOf = (path: string): string => join(dirname(path), '.test-dolt');

/** Opens an existing database folder. */
export function openTestDatabase(path: string): TestDatabase {
  const dolt = async (...args: string[]): Promise<string> => {
    await mkdir(rootOf(path), { recursive: true });
    const env = doltEnvironment(readEnv(), await preparePrivateRoot(rootOf(path)));
    const result = await run(testDolt(), args, { env, cwd: path });
    if (result.exitCode !== 0) throw new Error(`dolt ${args.join(' ')}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  };
  const sql = (...statements: string[]): Promise<string> => dolt('sql', '-q', statements.join(';\n'));
  const rows = async (query: string): Promise<Record<string, unknown>[]> => {
    const parsed: { rows?: Record<string, unknown>[] } = JSON.parse(
      (await dolt('sql', '-r', 'json', '-q', query)) || '{}',
    );
    return parsed.rows ?? [];
  };
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
    head,
    commit: (message, ...statements) => headAfter(...statements, `CALL DOLT_COMMIT('-A', '-m', '${message}')`),
    headAfter,
    async publish(url, refspec = 'main') {
      await sql(
        `CALL DOLT_REMOTE('add', 'published', '${url}')`,
        `CALL DOLT_PUSH('published', '${refspec}')`,
        "CALL DOLT_REMOTE('remove', 'published')",
      );
    },
  };
}

/** Makes a database without tables. */
export async function makeEmptyDatabase(path: string): Promise<TestDatabase> {
  await mkdir(path, { recursive: true });
  const town = openTestDatabase(path);
  await town.dolt('init', '--name', 'A Townsman', '--email', 'townsman@example.org', '-b', 'main');
  return town;
}

/** Makes a database with a table `items` of two rows and one commit of it. */
export async function makeDatabase(path: string): Promise<TestDatabase> {
  const town = await makeEmptyDatabase(path);
  await town.commit(
    'first rows',
    'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
    "INSERT INTO items VALUES (1, 'one', 'ann'), (2, 'two', 'bob')",
  );
  return town;
}

/** Clones a remote's URL. */
export async function cloneDatabase(url: string, path: string): Promise<TestDatabase> {
  const parent = openTestDatabase(dirname(path));
  await parent.dolt('clone', url, path);
  const town = openTestDatabase(path);
  // What `dolt config --local --add` writes, without two processes.
  const author = { 'user.name': 'Another Townsman', 'user.email': 'another@example.org' };
  await writeFile(join(path, '.dolt', 'config.json'), JSON.stringify(author));
  return town;
}

/** The head of a branch of a `file://` remote, read with a fresh clone; null where it holds none. */
export async function remoteHead(url: string, scratch: string): Promise<string | null> {
  await mkdir(dirname(scratch), { recursive: true });
  try {
    return await (await cloneDatabase(url, scratch)).head();
  } catch {
    return null;
  }
}
