import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { readEnv } from '../../../src/core/env.ts';
import { doltEnvironment, preparePrivateRoot } from '../../../src/dolt/environment.ts';
import { serverConfig } from '../../../src/dolt/server/config.ts';
import { testDolt, UNCOLLECTED } from '../dolt-binary.ts';
import { startServerProcess } from './server-process.ts';

/** The messages that remain where Dolt 2.3.0 has lost the output of ssh, as it sometimes does. */
const LOST_WORDS = [
  'rpc error: code = Canceled desc = context canceled',
  'error reading server preface: read |0: file already closed',
];
const MOST_TRIES = 5;

/** A `dolt sql-server` as the product starts it, with credentials in its environment. */
export interface Engine extends AsyncDisposable {
  /** Calls a procedure in the database `local`; a refusal throws only Dolt's own message. */
  call(procedure: string, ...words: string[]): Promise<void>;
  /** The message of a refused call. */
  refusal(procedure: string, ...words: string[]): Promise<string>;
  /** The head of a branch or tracking ref of the database. */
  head(ref: string): Promise<string>;
}

export interface EngineOptions {
  /** Added to the environment of the product's engine. */
  readonly env?: Readonly<Record<string, string>>;
  /** Prepares DOLT_ROOT_PATH before the start. */
  readonly prepareRoot?: (root: string) => Promise<void>;
}

/** @param folder a database called `local`, or an empty folder to clone one into */
export async function startEngine(folder: string, { env = {}, prepareRoot }: EngineOptions = {}): Promise<Engine> {
  const privateDir = await mkdtemp(`${folder}-engine-`);
  const root = await preparePrivateRoot(privateDir);
  await prepareRoot?.(root);
  const server = await startServerProcess({
    command: testDolt(),
    ports: ['sql'],
    args: async ({ sql }) => {
      const file = join(privateDir, 'server.yaml');
      await writeFile(file, serverConfig({ dataDir: folder, privateDir, port: sql, socket: null }));
      return ['sql-server', '--config', file];
    },
    cwd: privateDir,
    env: { ...doltEnvironment(readEnv(), root), ...UNCOLLECTED, DOLT_ROOT_PASSWORD: 'p', ...env },
  });
  const query = async (statement: string, values: readonly string[]): Promise<unknown> => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: server.port.sql,
      user: 'root',
      password: 'p',
    });
    try {
      const [databases] = await connection.query("SHOW DATABASES LIKE 'local'");
      if (Array.isArray(databases) && databases.length > 0) await connection.query('USE `local`');
      return (await connection.query(statement, [...values]))[0];
    } finally {
      await connection.end();
    }
  };
  const call = async (procedure: string, ...words: string[]): Promise<void> => {
    await query(`CALL ${procedure}(${words.map(() => '?').join(', ')})`, words);
  };
  const refused = async (procedure: string, words: readonly string[]): Promise<string> => {
    try {
      await call(procedure, ...words);
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
    throw new Error(`CALL ${procedure}(${words.join(', ')}) was not refused`);
  };
  return {
    call,
    async refusal(procedure, ...words) {
      for (let attempt = 1; ; attempt += 1) {
        const said = await refused(procedure, words);
        if (attempt === MOST_TRIES || !LOST_WORDS.some((words) => said.includes(words))) return said;
      }
    },
    async head(ref) {
      const [row] = z.array(z.object({ hash: z.string() })).parse(await query('SELECT DOLT_HASHOF(?) AS hash', [ref]));
      if (row === undefined) throw new Error(`${ref} has no head`);
      return row.hash;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(privateDir, { recursive: true, force: true });
    },
  };
}

/** Does some work with an engine of its own. */
export async function withEngine<T>(
  folder: string,
  options: EngineOptions,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  await using engine = await startEngine(folder, options);
  return await work(engine);
}

/**
 * Clones a remote into a new folder.
 * @param words the options of DOLT_CLONE, then the URL
 * @returns the clone's head of `main`
 */
export async function cloneInto(folder: string, options: EngineOptions, words: readonly string[]): Promise<string> {
  await mkdir(folder);
  return withEngine(folder, options, async (engine) => {
    await engine.call('DOLT_CLONE', ...words, 'local');
    return engine.head('main');
  });
}
