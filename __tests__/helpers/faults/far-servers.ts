import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { openRemoteCopy, openTestDatabase, publishing, type TestDatabase } from '../database.ts';
import { bareRepository } from '../servers/bare-repository.ts';
import { startDoltSqlServer } from '../servers/dolt-sql-server.ts';
import { startGitHttp } from '../servers/git-http.ts';
import { startRemotesrv } from '../servers/remotesrv.ts';
import { startSshd } from '../servers/sshd.ts';
import { startUnavailable } from '../servers/unavailable.ts';
import { damage, freshClone } from './databases.ts';

export const FAR_KINDS = ['remotesrv', 'git over http', 'dolt sql-server', 'ssh'] as const;
export type FarKind = (typeof FAR_KINDS)[number];

/** A remote on a real server. */
export interface FarRemote {
  /** Port of the server. */
  readonly port: number;
  /** Port of a server of the same protocol that is down; null for a protocol without one. */
  readonly downPort: number | null;
  /** The endpoint, reached at a port of this machine, and the variables that a run needs. */
  endpoint(port: number): string;
  environment(port: number): Readonly<Record<string, string>>;
  head(): Promise<string>;
  /** Ends the server of this remote, and returns its head and the complaint of `dolt fsck`. */
  end(): Promise<{ readonly head: string; readonly complaint: string | null }>;
}

/** Real servers of one kind. */
export interface FarServer extends AsyncDisposable {
  readonly kind: FarKind;
  /** Makes a remote that starts with the contents of the seed. */
  remote(name: string): Promise<FarRemote>;
}

/** @param seed a database */
export async function startFarServer(kind: FarKind, folder: string, seed: string): Promise<FarServer> {
  switch (kind) {
    case 'remotesrv':
      return remotesrv(folder, seed);
    case 'git over http':
      return git(folder, seed);
    case 'dolt sql-server':
      return sqlServer(folder, seed);
    case 'ssh':
      return ssh(folder, seed);
  }
}

/** The facts that a copy can show. @param copy makes one in a folder */
function byCopying(
  folder: string,
  copy: (folder: string) => Promise<TestDatabase>,
): Pick<FarRemote, 'head' | 'end' | 'environment'> {
  let copies = 0;
  const made = () => {
    copies += 1;
    return copy(join(folder, String(copies)));
  };
  return {
    environment: () => ({}),
    head: async () => (await made()).head(),
    end: async () => examined(await made()),
  };
}

async function remotesrv(folder: string, seed: string): Promise<FarServer> {
  const server = await startRemotesrv(folder);
  const down = await startUnavailable('h2c');
  await openTestDatabase(seed).publish(`${server.url}/org/seed`);
  return {
    kind: 'remotesrv',
    async remote(name) {
      const place = join(server.dir, 'org', name);
      await cp(join(server.dir, 'org', 'seed'), place, { recursive: true });
      const endpoint = (port: number) => `http://localhost:${port}/org/${name}`;
      const port = server.port.http;
      // Its files are those of a `file://` remote, so that no process has to clone it.
      const read = byCopying(join(folder, 'look', name), (copy) => openRemoteCopy(place, join(copy, 'local')));
      return { port, downPort: down.port, endpoint, ...read };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await down[Symbol.asyncDispose]();
    },
  };
}

async function git(folder: string, seed: string): Promise<FarServer> {
  const root = join(folder, 'git');
  const repository = await bareRepository(join(root, 'seed.git'), { withBranch: true });
  const seedHead = await openTestDatabase(seed).headAfter(...publishing(`git+file://${repository.path}`));
  const dataOf = (path: string) => readFile(join(path, 'refs', 'dolt', 'data'), 'utf8');
  const server = await startGitHttp({ root });
  const down = await startUnavailable('h1');
  return {
    kind: 'git over http',
    async remote(name) {
      const own = join(root, `${name}.git`);
      await cp(repository.path, own, { recursive: true });
      const endpoint = (port: number) => `http://localhost:${port}/${name}.git`;
      const { port } = server;
      const read = byCopying(join(folder, 'look', name), (copy) => freshClone(endpoint(port), copy));
      // The same ref is the same data, so that only a changed one has to be cloned.
      const head = async () => ((await dataOf(own)) === (await dataOf(repository.path)) ? seedHead : read.head());
      return { port, downPort: down.port, endpoint, ...read, head };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await down[Symbol.asyncDispose]();
    },
  };
}

const headRows = z.array(z.object({ hash: z.string() }));

/** Every remote is a database with a live server of its own, over TLS and with a password. */
async function sqlServer(folder: string, seed: string): Promise<FarServer> {
  const opened = new Set<AsyncDisposable>();
  return {
    kind: 'dolt sql-server',
    async remote(name) {
      const local = join(folder, name, 'local');
      await cp(seed, local, { recursive: true });
      const server = await startDoltSqlServer(join(folder, name), local);
      opened.add(server);
      const own = dirname(server.ca);
      const pem = async (file: string) => readFile(join(own, file), 'utf8');
      const down = await startUnavailable('h2', { cert: await pem('server.pem'), key: await pem('server.key') });
      opened.add(down);
      const place = (port: number) => `https://localhost:${port}`;
      return {
        port: Number(new URL(server.url).port),
        downPort: down.port,
        endpoint: (port) => `${place(port)}/local`,
        environment: (port) => ({
          SSL_CERT_FILE: server.ca,
          FAR_PASSWORD: server.password,
          DOLT_FEDERATION_CREDENTIALS: `origin: {url: "${place(port)}", user: ${server.user}, password: {env: FAR_PASSWORD}}`,
        }),
        async head() {
          const access = { host: '127.0.0.1', port: server.sqlPort, user: server.user, password: server.password };
          const connection = await createConnection({
            ...access,
            database: 'local',
            ssl: { rejectUnauthorized: false },
          });
          const [rows] = await connection.query("SELECT hash FROM dolt_branches WHERE name = 'main'");
          await connection.end();
          return String(headRows.parse(rows)[0]?.hash);
        },
        async end() {
          await server[Symbol.asyncDispose]();
          return examined(openTestDatabase(local));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each[Symbol.asyncDispose]();
    },
  };
}

async function ssh(folder: string, seed: string): Promise<FarServer> {
  const server = await startSshd(folder);
  const key = await readFile(server.key, 'utf8');
  return {
    kind: 'ssh',
    async remote(name) {
      const path = join(folder, name, 'local');
      await mkdir(join(folder, name));
      await cp(seed, path, { recursive: true });
      const local = openTestDatabase(path);
      const place = (port: number) => `ssh://${server.user}@127.0.0.1:${port}`;
      return {
        port: server.port,
        downPort: null,
        endpoint: (port) => `${place(port)}${path}`,
        environment: (port) => ({
          FAR_KEY: key,
          FAR_HOSTS: server.knownHosts.replace(`:${server.port} `, `:${port} `),
          DOLT_FEDERATION_CREDENTIALS: `origin: {url: "${place(port)}", ssh-key: {env: FAR_KEY}, known-hosts: {env: FAR_HOSTS}}`,
        }),
        head: () => local.head(),
        end: () => examined(local),
      };
    },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}

async function examined(local: TestDatabase): ReturnType<FarRemote['end']> {
  return { head: await local.head(), complaint: await damage(local) };
}
