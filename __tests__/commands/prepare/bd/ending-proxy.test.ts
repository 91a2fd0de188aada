import { readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { execaSync } from 'execa';
import { stringify } from 'yaml';
import type { BdUsage } from '../../../../src/beads/workspace.ts';
import { holdAtOnce } from '../../../../src/commands/prepare/bd/behind-gates.ts';
import type { Found } from '../../../../src/commands/prepare/locate-database.ts';
import { findConflicted } from '../../../../src/commands/prepare/resolve-database.ts';
import { openLocated } from '../../../../src/commands/prepare/served/open-located.ts';
import { findServing, type Serving } from '../../../../src/commands/prepare/served/served-by.ts';
import { loadConfiguration } from '../../../../src/config/load.ts';
import { Failure, toFailure } from '../../../../src/core/failure.ts';
import { openEngines } from '../../../../src/dolt/server/engines.ts';
import { lockFile } from '../../../../src/dolt/server/lock.ts';
import { lockedBy } from '../../../../src/dolt/server/lock-table.ts';
import { command } from '../../../helpers/commanding.ts';
import { commandContext, configure } from '../../../helpers/configuring.ts';
import { makeDatabase } from '../../../helpers/database.ts';
import { testDolt } from '../../../helpers/dolt-binary.ts';
import { startDoltSqlServer } from '../../../helpers/servers/dolt-sql-server.ts';
import { listen } from '../../../helpers/servers/listen.ts';
import { testPort } from '../../../helpers/servers/test-port.ts';
import { type TempFolder, tempFolder } from '../../../helpers/temp-folder.ts';

/** Above the greatest id of a process. */
const NO_PROCESS = 4_194_305;
const bd = { password: '', passwordBy: null, isPlacedByFiles: true, pid: null };

/** A database whose bd noted a proxy at a port. */
function foundAt(path: string, port: number, pid = process.pid): Extract<Found, { kind: 'database' }> {
  const setting = { host: '127.0.0.1', port, user: 'root', database: 'local', remotesapi: null, tls: false };
  const server = { ...bd, proxy: { pid, port, birth: null }, setting };
  return { kind: 'database', path, server, bd: null, notices: [] };
}

function servingAt({ path, server }: ReturnType<typeof foundAt>, port: number): Serving {
  if (server === null) throw new Error('no server of bd');
  return { path, setting: { ...server.setting, port }, password: '', cutOff: null, isSilent: false };
}

/** A database that a server holds before bd notes it. */
async function servedOnceNoted(path: string, port: number, mode: BdUsage['mode']): Promise<Serving | null> {
  const noted = foundAt(path, port);
  const first = { ...noted, server: null, bd: { mode, guarded: [] } };
  return (await findServing(first, async () => noted, configure(''), commandContext(dirname(path)))).serving;
}

test('a database is opened through the server that holds it, and directly after an ended bd proxy releases it', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('local'));
  await using server = await startDoltSqlServer(folder.path, path);
  const servedAt = async (port: number) => {
    const found = foundAt(path, port);
    return (await findServing(found, async () => found, configure(''), commandContext(folder.path))).serving;
  };
  expect(await servedAt(server.sqlPort)).toMatchObject({ setting: { port: server.sqlPort } });
  expect(await servedOnceNoted(path, server.sqlPort, 'proxied-server')).toMatchObject({
    setting: { port: server.sqlPort },
  });
  // The server starts after the database was found, and before it is opened.
  const free: Found = { ...foundAt(path, server.sqlPort), bd: { mode: 'proxied-server', guarded: [] } };
  const context = { ...commandContext(folder.path), tempDir: folder.path };
  const opened = await openLocated<number | null>(
    { found: free, serving: null },
    () => findServing(free, async () => free, configure(''), context),
    {
      direct: async () => {
        await holdAtOnce(openEngines(context, { dolt: testDolt(), database: path }, 1));
        return null;
      },
      through: async ({ setting }) => setting.port,
    },
  );
  expect(opened).toBe(server.sqlPort);
  // bd starts no server there, so nothing is waited for.
  expect(await servedOnceNoted(path, server.sqlPort, 'embedded')).toBeNull();
  if (process.platform !== 'linux') return;
  // Nothing listens at the port that bd noted, and the server still holds the database.
  const serving = servedAt(await testPort());
  await server[Symbol.asyncDispose]();
  expect(await serving).toBeNull();
});

const inUse = () => Promise.reject(new Failure('database-in-use', 'a server has it'));

test.each([
  ['is opened directly', 'direct', [1, 2, 3, null], async () => 'direct'],
  ['is in use after the direct attempt', 'database-in-use', [1, 2, 3, null, 4], inUse],
  ['is at a fourth server', 'server-unreachable', [1, 2, 3, 4], inUse],
])('a database whose three servers of bd ended %s', async (_, expected, ports, direct) => {
  await using folder = await tempFolder();
  const found = { ...foundAt(folder.path, 1), bd: { mode: 'proxied-server', guarded: [] } } as const;
  const [first, ...later] = ports.map((port) => ({ found, serving: port === null ? null : servingAt(found, port) }));
  if (first === undefined) throw new Error('no server');
  const locateAgain = async () => later.shift() ?? first;
  const through = () => Promise.reject(new Failure('server-unreachable', 'it ended'));
  const opened = openLocated(first, locateAgain, { direct, through });
  expect(await opened.catch((thrown: unknown) => toFailure(thrown).code)).toBe(expected);
  expect(later).toEqual([]);
});

/** Ends a server and starts another one on the same database before this returns, so that nothing sees it free. */
function replaceServer(database: string, former: number, config: string): void {
  const inode = statSync(lockFile(database)).ino;
  const isLocked = `awk '$2 == "FLOCK" && $5 != ${former} && $6 ~ /:${inode}$/ { found = 1 } END { exit !found }' /proc/locks`;
  const server = `"${testDolt()}" sql-server --config "${config}" > "${config}.log" 2>&1 & echo $! > "${config}.pid"`;
  const env = { DOLT_ROOT_PATH: dirname(config), HOME: dirname(config) };
  execaSync('sh', ['-c', `kill -9 ${former}; ${server}; until ${isLocked}; do :; done`], { env, cwd: dirname(config) });
}

if (process.platform === 'linux') {
  test.each([
    ['the server of a new proxy', 'bd', true],
    ['another run', 'df-abcdef', false],
  ])('a database that %s takes while the proxy of bd ends is not cut off', async (_, name, isServed) => {
    await using folder = await tempFolder();
    const { path } = await makeDatabase(folder.file('local'));
    await using _server = await startDoltSqlServer(folder.path, path);
    const locked = await lockedBy(lockFile(path));
    const former = locked.kind === 'held' ? locked.pid : null;
    const [ended, port] = [await testPort(), await testPort()];
    const config = folder.file(name, 'server.yaml');
    await mkdir(dirname(config));
    await writeFile(config, stringify({ listener: { host: '127.0.0.1', port }, data_dir: path }));
    const said: string[] = [];
    const info = (message: string) => {
      said.push(message);
      if (said.length === 1 && former !== null) replaceServer(path, former, config);
    };
    const context = commandContext(folder.path);
    let located = 0;
    const locate = async (): Promise<Found> => {
      located += 1;
      const found = foundAt(path, port);
      // bd notes a new proxy after its server has locked the database.
      return located === 1 ? { ...found, server: null } : found;
    };
    const wait = { ...context, log: { ...context.log, info } };
    const { serving } = await findServing(foundAt(path, ended, NO_PROCESS), locate, configure(''), wait);
    process.kill(Number(readFileSync(`${config}.pid`, 'utf8')), 'SIGKILL');
    expect(serving).toEqual(
      isServed ? expect.objectContaining({ setting: expect.objectContaining({ port }), cutOff: null }) : null,
    );
    expect(said[0]).toMatch(/^nothing listens at 127\.0\.0\.1:\d+; waiting at most 60 s until its server frees \//);
  });
}

async function statusAt(folder: TempFolder, path: string): Promise<void> {
  const { result } = await command(folder, '', { database: undefined, ceiling: null, command: 'status' });
  expect(result).toMatchObject({ database: path, peers: [{ name: 'origin', state: 'remote-empty' }] });
}

async function opensToResolve(folder: TempFolder, path: string): Promise<void> {
  const context = { ...commandContext(folder.path), tempDir: folder.path };
  const configuration = await loadConfiguration(context, {});
  const known = { configuration, credentials: new Map() };
  const { home, open } = await findConflicted(undefined, context, known);
  const local = await open(testDolt(), 'main');
  await local.close();
  expect([home, local.path, local.served]).toEqual([path, path, null]);
  const unreadable = {
    ...context,
    get stateDir(): string {
      throw new Error('no folder for state');
    },
  };
  const again = await findConflicted(undefined, unreadable, known);
  await expect(again.open(testDolt(), 'main')).rejects.toThrow('no folder for state');
  expect(await lockedBy(lockFile(path))).toEqual({ kind: 'free' });
}

test.each([
  ['a run', statusAt],
  ['resolve', opensToResolve],
])('a bd proxy that ends after it was found does not fail %s', async (_, expectOpened) => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('.beads', 'dolt', 'north'));
  const metadata = { backend: 'dolt', dolt_mode: 'proxied-server', dolt_database: 'north' };
  await writeFile(folder.file('.beads', 'metadata.json'), JSON.stringify(metadata));
  await writeFile(
    folder.file('.beads', 'config.yaml'),
    `sync: {mode: dolt-native}\nfederation: {remote: "file://${folder.file('box')}"}\n`,
  );
  await mkdir(folder.file('box'));
  await using server = await startDoltSqlServer(folder.path, path);
  const proxy = createServer((socket) => {
    socket.destroy();
    proxy.close();
    void server[Symbol.asyncDispose]();
  });
  const { port } = await listen(proxy);
  await writeFile(folder.file('.beads', 'dolt', 'proxy.pid'), JSON.stringify({ pid: process.pid, port }));
  if (process.platform !== 'linux') return void proxy.close();
  await expectOpened(folder, path);
});
