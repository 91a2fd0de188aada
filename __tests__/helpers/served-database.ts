import { writeFile } from 'node:fs/promises';
import { execaSync } from 'execa';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { stringify } from 'yaml';
import { resolve } from '../../src/commands/resolve.ts';
import type { ResolveResult } from '../../src/contract/result.ts';
import type { Sql } from '../../src/dolt/sql/sql.ts';
import type { Asker } from '../../src/resolve/ask-rows.ts';
import type { ServedExchange } from '../../src/sync/served/exchange.ts';
import { type Commanded, type CommandOptions, command } from './commanding.ts';
import { commandContext } from './configuring.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, publishing, type TestDatabase } from './database.ts';
import { testDolt } from './dolt-binary.ts';
import { ENV } from './examining.ts';
import { committing } from './scenario.ts';
import { type DoltSqlServer, startDoltSqlServer } from './servers/dolt-sql-server.ts';
import type { TempFolder } from './temp-folder.ts';
import { madeOnce } from './templates.ts';

/** The database `local` that a running server holds, with a client of it, and a mailbox that another database uses. */
export interface ServedDatabase extends AsyncDisposable {
  readonly server: DoltSqlServer;
  /** The other database, which pushes to its remote `origin`, the mailbox. */
  readonly other: TestDatabase;
  readonly mailbox: string;
  /** Runs a statement on the open connection of a client. */
  sql(statement: string): Promise<void>;
  /** Runs statements of another client before this returns, so that a run that reports an event waits for it. */
  sqlNow(...statements: string[]): void;
  rows(query: string): Promise<Record<string, unknown>[]>;
  head(): Promise<string>;
  /** The parts that a run must not change: remotes, refs and uncommitted tables. */
  traces(): Promise<readonly unknown[]>;
  run(options?: RunOptions): Promise<Commanded>;
  /** The options with which a command reaches the server. */
  options(): Promise<Pick<CommandOptions, 'overrides' | 'env' | 'credentials'>>;
  /** Runs `resolve` with a file or with answers. */
  resolve(
    options: RunOptions & { readonly file?: string; readonly ask?: () => Asker; readonly warnings?: string[] },
  ): Promise<ResolveResult>;
  /** Ends the server before the test does. */
  stop(): Promise<void>;
}

interface RunOptions extends CommandOptions {
  readonly password?: string;
  /** The host that the credentials are for. */
  readonly host?: string;
  /** Changes of `federation.server`; null: it is not set. */
  readonly setting?: Readonly<Record<string, unknown>> | null;
  readonly dirty?: 'fail' | 'commit';
  /** The name of the database, under `federation.attribution: stamp`. */
  readonly stamp?: string;
}

export async function servedDatabase(folder: TempFolder, ...seed: string[]): Promise<ServedDatabase> {
  const mailbox = `file://${folder.file('mailbox')}`;
  const paths = ['local', 'mailbox', 'other'].map((name) => folder.file(name));
  await madeOnce(JSON.stringify(['served', seed]), paths, async () => {
    const made = await makeDatabase(folder.file('local'));
    await made.sql(...committing('seed', seed), ...publishing(mailbox));
    await cloneDatabase(mailbox, folder.file('other'));
  });
  const [local, other] = [openTestDatabase(folder.file('local')), openTestDatabase(folder.file('other'))];
  const server = await startDoltSqlServer(folder.path, local.path);
  const { user, password, sqlPort: port } = server;
  const client: Connection = await createConnection({ host: '127.0.0.1', port, user, password, database: 'local' });
  // The server may end first.
  client.on('error', () => undefined);
  const rows = async (query: string) => (await client.query<RowDataPacket[]>(query))[0];
  const stop = async () => {
    client.destroy();
    await server[Symbol.asyncDispose]();
  };
  const write = async ({ password: given = password, host = '127.0.0.1', setting = {}, dirty, stamp }: RunOptions) => {
    const config = folder.file('c.yaml');
    const own = setting === null ? {} : { server: { port, ...setting } };
    const named = stamp === undefined ? {} : { attribution: 'stamp', town: stamp };
    await writeFile(config, stringify({ federation: { ...own, ...named, ...(dirty === undefined ? {} : { dirty }) } }));
    const url = `mysql://${host}:${port}`;
    const { remotesapi } = setting ?? {};
    const entry = { url, user, password: given, ...(remotesapi === undefined ? {} : { remotesapi }) };
    const credentials = setting === null ? {} : { 'federation.server': entry };
    return { overrides: { config }, env: { SSL_CERT_FILE: server.ca }, credentials: { text: stringify(credentials) } };
  };
  return {
    server,
    other,
    mailbox,
    rows,
    stop,
    sql: async (statement) => {
      await client.query(statement);
    },
    sqlNow: (...statements) => {
      const client = ['--host', '127.0.0.1', '--port', String(port), '--user', user, '--no-tls', '--use-db', 'local'];
      const env = { DOLT_ROOT_PATH: folder.file('.test-dolt'), HOME: folder.path, DOLT_CLI_PASSWORD: password };
      execaSync(testDolt(), [...client, 'sql', '-q', statements.join(';\n')], { cwd: folder.path, env });
    },
    head: async () => String((await rows("SELECT hash FROM dolt_branches WHERE name = 'main'"))[0]?.['hash']),
    traces: async () => [
      await rows('SELECT name, url FROM dolt_remotes'),
      await rows('SELECT name, hash FROM dolt_remote_branches'),
      await rows('SELECT name FROM dolt_branches'),
      await rows('SELECT tag_name FROM dolt_tags'),
      await rows('SELECT table_name, staged, status FROM dolt_status'),
    ],
    options: () => write({}),
    async run(options = {}) {
      const { overrides, env, credentials } = await write(options);
      return await command(folder, stringify({ mailbox }), {
        ...options,
        env: { ...env, ...options.env },
        overrides: { ...overrides, ...options.overrides },
        credentials,
      });
    },
    async resolve({ file, ask, database = 'local', stateDir, warnings = [], ...options }) {
      const { overrides, env, credentials } = await write(options);
      return await resolve(
        {
          file,
          database: database === '' ? undefined : database,
          credentials,
          maxDelete: 50,
          mergeTimeout: 120_000,
          overrides: { ...overrides, peers: stringify({ mailbox }) },
          dolt: { source: 'release', path: testDolt() },
        },
        {
          ...commandContext(folder.path, { env: { ...ENV, ...env }, warnings }),
          tempDir: folder.file('tmp'),
          ...(stateDir === undefined ? {} : { stateDir }),
          ask,
        },
      );
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Another database publishes a row. @returns its commit */
export async function otherCommits({ other }: ServedDatabase): Promise<string> {
  const rows = committing('theirs', ["INSERT INTO items VALUES (3, 'three', 'other')"]);
  return await other.headAfter(...rows, "CALL DOLT_PUSH('origin', 'main')");
}

/** A client of the server commits a row. @returns its commit */
export async function clientCommits({ sql, head }: ServedDatabase): Promise<string> {
  await sql("INSERT INTO items VALUES (4, 'four', 'client')");
  await sql("CALL DOLT_COMMIT('-Am', 'ours')");
  return await head();
}

/** The same exchange, in which the test makes the fast-forward of the server. */
export function atMove(
  exchange: ServedExchange,
  move: (sql: Sql, ...fastForward: Parameters<Sql['run']>) => Promise<void>,
): ServedExchange {
  const session: ServedExchange['server']['session'] = (work) =>
    exchange.server.session((sql) => {
      const run: Sql['run'] = (...call) => (call[0].includes('--ff-only') ? move(sql, ...call) : sql.run(...call));
      return work({ ...sql, run });
    });
  return { ...exchange, server: { ...exchange.server, session } };
}
