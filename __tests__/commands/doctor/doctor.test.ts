import { chown, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { DoctorRequest } from '../../../src/commands/doctor/index.ts';
import { keptScratchFolders } from '../../../src/commands/prepare/served/scratch-folders.ts';
import type { Env } from '../../../src/core/env.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { openServer } from '../../../src/dolt/server/server.ts';
import { parseAskedVersion } from '../../../src/install/version.ts';
import { EMPTY_STATE, remember, stateFilePath, writeStateFile } from '../../../src/sync/history/last-verified.ts';
import { refusal } from '../../helpers/configuring.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { testDolt } from '../../helpers/dolt-binary.ts';
import { ENV, examine, linesOf } from '../../helpers/examining.ts';
import { holdExclusively } from '../../helpers/hold-lock.ts';
import { releaseHost } from '../../helpers/release-host.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

/** Every file below a folder with its size and time of change. */
async function snapshot(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const seen = await Promise.all(names.map(async (name) => [name, await stat(join(folder, name))] as const));
  return seen.map(([name, found]) => `${name} ${found.isDirectory() ? 'folder' : `${found.size} ${found.mtimeMs}`}`);
}

describe('a machine that meets all requirements', () => {
  test('has no problems, and doctor writes nothing and contacts no host', async () => {
    await using folder = await tempFolder();
    await using host = await releaseHost();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('mailbox'));
    await mkdir(folder.file('tmp'));
    const before = await snapshot(folder.path);
    const port = Number(new URL(host.url).port);
    const peers = `mailbox: file://${folder.file('mailbox')}
reader: {endpoint: "http://127.0.0.1:${port}/org/repo", role: upstream}
hub: http://127.0.0.1:${port}/hub.git
`;
    const result = await examine(folder, peers, { env: { HTTPS_PROXY: host.url, HTTP_PROXY: host.url } });
    expect(result.status).toBe('ok');
    expect(result.checks.filter(({ status }) => status === 'missing')).toEqual([]);
    expect(linesOf(result, 'peers')).toEqual(['ok: hub, mailbox, reader']);
    expect(linesOf(result, 'dolt')).toEqual([`ok: 2.3.0 at ${testDolt()}`]);
    expect(linesOf(result, 'capabilities')).toEqual(['ok: merge commits: deterministic; s3://: not supported']);
    expect(linesOf(result, 'database')).toEqual([`ok: ${folder.file('local')}`]);
    expect(linesOf(result, 'branch')).toEqual(['ok: main is checked out']);
    expect(linesOf(result, 'memory')).toEqual(['ok: nothing recorded yet for hub, mailbox, reader']);
    expect(linesOf(result, 'git')[0]).toMatch(/^ok: \/.*git$/);
    expect(linesOf(result, 'folder', 'mailbox')).toEqual([`ok: ${folder.file('mailbox')}`]);
    expect(host.connections()).toBe(0);
    expect(await snapshot(folder.path)).toEqual(before);
  });

  test('is checked for the named peers only', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = `a: file://${folder.file('a')}\nb: file:///no/such/folder/b`;
    const result = await examine(folder, peers, { only: ['a'], overrides: { dirty: 'commit' } });
    expect(linesOf(result, 'identity')).toEqual(['ok: uncommitted changes are committed by Ann <ann@example.org>']);
    expect(linesOf(result, 'peers')).toEqual(['ok: a']);
    expect(result.status).toBe('ok');
  });
});

test('recorded heads are read from the state file, and a damaged file is named', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const peers = `a: file://${folder.file('a')}`;
  const hash = await local.head();
  const place = { root: hash, endpoint: `file://${folder.file('a')}`, ref: null, branch: 'main', local: 'main' };
  await writeStateFile(local.path, remember(EMPTY_STATE, [{ place, name: 'a', head: hash, verifiedAt: null }]));
  expect(linesOf(await examine(folder, peers), 'memory')).toEqual([
    'ok: the last common head of every peer is recorded',
  ]);
  // A run through a server recorded another peer in its copy.
  const both = `${peers}\nb: file://${folder.file('b')}`;
  const stateDir = folder.file('state');
  const setting = { host: '127.0.0.1', port: 1, user: 'root', database: null, remotesapi: null, tls: false };
  const { database: copy } = await keptScratchFolders(stateDir, { path: local.path, setting });
  await mkdir(join(copy, '.dolt'), { recursive: true });
  const elsewhere = { place: { ...place, endpoint: `file://${folder.file('b')}` }, name: 'b', head: hash };
  await writeStateFile(copy, remember(EMPTY_STATE, [{ ...elsewhere, verifiedAt: null }]));
  const memory = async () => linesOf(await examine(folder, both, { stateDir }), 'memory');
  expect(linesOf(await examine(folder, both), 'memory')).toEqual(['ok: nothing recorded yet for b']);
  expect(await memory()).toEqual(['ok: the last common head of every peer is recorded']);
  const damaged = (path: string) => expect.stringContaining(`warning: ${stateFilePath(path)} cannot be read`);
  const cures = async (overrides = {}) =>
    (await examine(folder, both, { stateDir, overrides })).checks.filter(({ check }) => check === 'memory');
  await writeFile(stateFilePath(local.path), '{');
  expect(linesOf(await examine(folder, peers), 'memory')).toEqual([damaged(local.path)]);
  await writeFile(stateFilePath(copy), '{');
  expect(await memory()).toEqual([damaged(local.path), damaged(copy)]);
  const [begun, renamed] = [/renames it and starts a new one/, /writes renames it\.$/].map(expect.stringMatching);
  expect(await cures()).toMatchObject([{ cure: begun }, { cure: renamed }]);
  if (process.getuid?.() !== 0) return;
  // A run through the server of another user writes its copy, and not what the owner of the database recorded.
  for (const path of [local.path, join(local.path, '.dolt'), stateFilePath(local.path)])
    await chown(path, 64_001, 64_001);
  await writeFile(folder.file('c.yaml'), 'federation: {server: {port: 1}}');
  const release = await holdExclusively(join(local.path, '.dolt', 'noms', 'LOCK'));
  const others = expect.stringContaining('another user');
  expect(await cures({ config: folder.file('c.yaml') }).finally(release)).toMatchObject([
    { message: expect.stringContaining(stateFilePath(copy)), cure: begun },
    { message: expect.stringContaining(stateFilePath(local.path)), cure: others },
  ]);
});

describe('the process that holds the database', () => {
  test('is named if it is a server of Dolt, and not after it ended', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const pids: number[] = [];
    const server = await openServer(
      {
        env: ENV,
        userHome: false,
        tempDir: folder.file('tmp'),
        signal: new AbortController().signal,
        onResource: (resource) => {
          if (resource.kind === 'process') pids.push(resource.pid);
        },
        secrets: new Secrets(),
      },
      { dolt: testDolt(), database: folder.file('local') },
    );
    const result = await examine(folder, 'a: file:///tmp/a').finally(() => server.stop());
    expect(result.status).toBe('missing');
    expect(linesOf(result, 'lock')).toEqual([
      expect.stringMatching(
        new RegExp(`^missing: the database is in use by a dolt sql-server \\(process ${pids[0]}, port \\d+\\)$`),
      ),
    ]);
    const ended = await examine(folder, 'a: file:///tmp/a');
    expect(linesOf(ended, 'lock')[0]).toMatch(/^(ok: the database is not in use|unknown: no Dolt server uses)/);
    if (process.platform === 'linux') expect(linesOf(ended, 'lock')).toEqual(['ok: the database is not in use']);
  });
});

describe('doctor reports as missing', () => {
  test('a branch of the database, and a database that no run can open', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const peers = `a: file://${folder.file('a')}`;
    const result = await examine(folder, peers, { branch: 'side' });
    expect(result.status).toBe('missing');
    expect(linesOf(result, 'branch')).toEqual([`missing: ${local.path} has no branch side`]);
    await local.sql("CALL DOLT_BRANCH('heads/main')");
    await local.dolt('checkout', 'heads/main');
    const renamed = await examine(folder, peers);
    expect(linesOf(renamed, 'branch')).toEqual(['missing: the branch name "heads/main" starts with "heads/"']);
    await writeFile(join(local.path, '.dolt', 'repo_state.json'), '{"x');
    const damaged = await examine(folder, peers);
    expect(damaged.status).toBe('missing');
    expect(linesOf(damaged, 'database')).toEqual([
      `missing: ${local.path} cannot be opened: failed to load database "local": unexpected end of JSON input`,
    ]);
    // Also without Dolt.
    const state = join(local.path, '.dolt', 'repo_state.json');
    await rm(state);
    const stateless = await examine(folder, peers, { dolt: { source: 'release', path: folder.file('none') } });
    expect(linesOf(stateless, 'database')).toEqual([`missing: ${state} is missing`]);
  });

  test('a database, a mode, folders, and access to s3', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    const peers = `gone: file:///no/such/folder/gone
unread: {endpoint: "file://${folder.file('unread')}", role: upstream}
lake: s3://bucket/p
`;
    const result = await examine(folder, peers);
    expect(result.status).toBe('missing');
    expect(linesOf(result, 'sync-mode')[0]).toMatch(
      /^missing: sync.mode is not set, and in a folder with `.beads` it defaults to git-portable/,
    );
    expect(linesOf(result, 'database')).toEqual([
      `missing: the folder "local" in \`--database\` does not exist (${folder.file('local')})`,
    ]);
    expect(linesOf(result, 'folder', 'gone')[0]).toMatch(/^missing: the folder \/no\/such\/folder does not exist/);
    expect(linesOf(result, 'folder', 'unread')[0]).toMatch(/^missing: .* runs only read this peer$/);
    expect(linesOf(result, 'endpoint', 'lake')[0]).toMatch(/^missing: this Dolt does not support s3/);
    for (const check of result.checks) expect(check.cure === null).toBe(check.status !== 'missing');
  });

  test('the primary, but not a database that it would clone from the primary', async () => {
    await using folder = await tempFolder();
    const nowhere = await examine(folder, '', { database: undefined });
    expect(linesOf(nowhere, 'database')).toEqual(['missing: no database was found']);
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'metadata.json'), '{"dolt_database":"x"}');
    const overrides = { remote: `file://${folder.file('own')}` };
    const ofDatabase = async () => linesOf(await examine(folder, '', { overrides, database: undefined }), 'database');
    expect(await ofDatabase()).toEqual(['missing: no database yet, and origin has none to clone']);
    await mkdir(folder.file('own'));
    expect(await ofDatabase()).toEqual([
      `ok: no database yet: the first run clones origin into ${folder.file('.beads', 'embeddeddolt', 'x')}`,
    ]);
  });

  test('a database in a folder without one, or with settings of another program', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('local'));
    expect(linesOf(await examine(folder, ''), 'database')[0]).toMatch(/^missing: .*does not contain a Dolt database$/);
    await makeDatabase(folder.file('other'));
    await writeFile(folder.file('other', '.dolt', 'config.json'), '{"sqlserver.global.nonsense":"1"}');
    const result = await examine(folder, '', { database: 'other' });
    expect(linesOf(result, 'database')[0]).toMatch(/^missing: .*sqlserver.global.nonsense$/);
  });

  test('Dolt, if none is installed, none runs, or it has another version or release', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const asked = async (dolt: DoctorRequest['dolt'], env: Env = {}) =>
      linesOf(await examine(folder, '', { dolt, env }), 'dolt');
    const source = 'release';
    expect(await asked({ source }, { PATH: '/nowhere' })).toEqual([
      'missing: no Dolt (2.3.0) on PATH or in the tool cache',
    ]);
    expect((await asked({ source, path: testDolt(), version: parseAskedVersion('1.x') }))[0]).toMatch(
      /^missing: .* is Dolt 2.3.0, not ">=1.0.0/,
    );
    expect((await asked({ source, path: '/no/dolt' }))[0]).toMatch(/^missing: "\/no\/dolt" cannot be run/);
    expect(await asked({ source, sha256: '1'.repeat(64) })).toEqual([
      'missing: no Dolt (2.3.0) with that digest in the tool cache',
    ]);
    expect((await asked({ source, path: testDolt(), version: parseAskedVersion('latest') }))[0]).toMatch(
      /^unknown: 2.3.0 .*does not check whether it is the latest$/,
    );
    const none = await examine(folder, '', { dolt: { source, path: '/no/dolt' } });
    expect(linesOf(none, 'capabilities')).toEqual(['unknown: no Dolt is installed']);
    expect(linesOf(none, 'peers')).toEqual(['warning: no peers configured']);
  });

  test('the programs that the peers need', async () => {
    await using folder = await tempFolder();
    const peers = 'a: git@h.example:p\nb: ssh://h.example/p';
    const result = await examine(folder, peers, { env: { PATH: '/nowhere' } });
    expect(linesOf(result, 'git')).toEqual(['missing: git is not on PATH']);
    expect(linesOf(result, 'ssh')).toEqual(['missing: ssh is not on PATH']);
    expect(linesOf(result, 'known-hosts', 'a')).toEqual([
      'unknown: ssh-keygen, which reads known hosts, is not installed',
    ]);
  });

  test('no facts about named folders on an event that may not write', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const result = await examine(folder, 'a: file:///etc/passwd\nb: file:///no/such/b', { untrusted: true });
    for (const peer of ['a', 'b']) {
      expect(linesOf(result, 'folder', peer)).toEqual(['unknown: not checked on an untrusted event']);
    }
  });
});

describe('doctor fails', () => {
  test.each([
    ['on an invalid configuration', { peers: 'a: srv' }, {}, 'invalid-endpoint'],
    ['on invalid credentials', {}, { DOLT_FEDERATION_CREDENTIALS: 'a: {url: "https://h"}' }, 'config-invalid'],
  ])('%s', async (_, overrides, env, code) => {
    await using folder = await tempFolder();
    expect((await refusal(() => examine(folder, '', { overrides, env }))).code).toBe(code);
  });

  test('on a peer that is not configured', async () => {
    await using folder = await tempFolder();
    expect((await refusal(() => examine(folder, '', { only: ['x'] }))).code).toBe('unknown-peer');
  });
});
