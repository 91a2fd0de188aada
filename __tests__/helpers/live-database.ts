import { cp } from 'node:fs/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { stringify } from 'yaml';
import { type Commanded, type CommandOptions, command } from './commanding.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from './database.ts';
import { committing } from './scenario.ts';
import { type DoltSqlServer, startDoltSqlServer } from './servers/dolt-sql-server.ts';
import type { TempFolder } from './temp-folder.ts';
import { madeOnce } from './templates.ts';

/** A database of ours, and a copy of it that a running server works on and offers as a remote over TLS. */
export interface LiveDatabase extends AsyncDisposable {
  readonly local: TestDatabase;
  /** The folder of the copy: to be opened while the server is stopped. */
  readonly live: TestDatabase;
  readonly server: DoltSqlServer;
  /** Runs statements at the server, in one session. */
  sql(...statements: string[]): Promise<void>;
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** Ends the server before the test does. */
  stop(): Promise<void>;
  /** Runs a command of ours; the server is the peer `live`. */
  run(live: boolean | null, options?: CommandOptions): Promise<Commanded>;
}

/** Rows of a table that `dolt_ignore` keeps out of commits: only the server's working set has them. */
export const WISPS = ["INSERT INTO dolt_ignore VALUES ('wisps', 1)"];

/** @param seed statements for both databases, in addition to `items` */
export async function liveDatabase(folder: TempFolder, ...seed: string[]): Promise<LiveDatabase> {
  const [local, live] = [openTestDatabase(folder.file('local')), openTestDatabase(folder.file('live'))];
  await madeOnce(JSON.stringify(['live', seed]), [local.path, live.path], async () => {
    await makeDatabase(local.path);
    if (seed.length > 0) await local.sql(...committing('seed', seed));
    await cp(local.path, live.path, { recursive: true });
    if (seed.includes(WISPS[0] ?? '')) {
      await live.sql('CREATE TABLE wisps (id INT PRIMARY KEY)', 'INSERT INTO wisps VALUES (1), (2)');
    }
  });
  const server = await startDoltSqlServer(folder.path, live.path);
  const { user, password, sqlPort: port } = server;
  const connected = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const ssl = { rejectUnauthorized: false };
    const there = { host: '127.0.0.1', port, user, password, database: 'live', ssl };
    const connection = await createConnection({ ...there, stringifyObjects: true });
    return await work(connection).finally(() => connection.end());
  };
  return {
    local,
    live,
    server,
    sql: (...statements) =>
      connected(async (connection) => {
        for (const statement of statements) await connection.query(statement);
      }),
    rows: (query) => connected(async (connection) => (await connection.query<RowDataPacket[]>(query))[0]),
    async run(isLive, { env = {}, ...options } = {}) {
      const peer = { endpoint: server.url, ...(isLive === null ? {} : { live: isLive }) };
      const credentials = { live: { url: new URL(server.url).origin, user, password } };
      return await command(folder, stringify({ live: peer }), {
        ...options,
        env: { SSL_CERT_FILE: server.ca, BD_FEDERATION_TOWN: 'north', ...env },
        credentials: { text: stringify(credentials) },
      });
    },
    stop: async () => {
      await server[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}
