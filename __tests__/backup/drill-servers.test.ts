import { readFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Contents } from '../../src/backup/contents.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { contentsOf, type Drill, drill } from '../helpers/drilling.ts';
import { endRemotes, FORMS, type Remote } from '../helpers/endpoint-forms.ts';
import { startAnswering } from '../helpers/servers/answering.ts';
import { dropObjects, dropTables } from '../helpers/servers/git-tables.ts';
import { startNamingFront } from '../helpers/servers/naming-front.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { testPort } from '../helpers/servers/test-port.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const overridesOf = ({ dolthubHost }: Remote) => (dolthubHost === undefined ? {} : { dolthubHost });

let seed: TempFolder;
/** The contents of the database that is backed up. */
let expected: Contents;

beforeAll(async () => {
  seed = await tempFolder();
  const local = await makeDatabase(seed.file('local'));
  expected = await contentsOf(seed, local.path, await local.head());
});

afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

async function copyOfSeed(folder: TempFolder): Promise<TestDatabase> {
  await cp(seed.file('local'), folder.file('local'), { recursive: true });
  return openTestDatabase(folder.file('local'));
}

/** Makes a remote that has the branch of the database, for as long as the work takes. */
async function withBackup<T>(folder: TempFolder, form: string, work: (remote: Remote) => Promise<T>): Promise<T> {
  const local = await copyOfSeed(folder);
  const make = FORMS[form];
  if (make === undefined) throw new Error(`no form ${form}`);
  const remote = await make(folder, local.path);
  try {
    if (remote.filled !== true) {
      const credentials = { text: stringify(remote.credentials === null ? {} : { far: remote.credentials }) };
      const run = { env: remote.env, overrides: overridesOf(remote), credentials };
      const { result } = await command(folder, stringify({ far: remote.peer }), run);
      expect(result.peers[0]).toMatchObject({ verified: true });
    }
    return await work(remote);
  } finally {
    await endRemotes([remote]);
  }
}

const drillOf = (remote: Remote): Drill => ({
  ...{ peer: remote.peer, env: remote.env, credentials: remote.credentials, expected, tag: null },
  ...overridesOf(remote),
});

test.each(['https:// without a password', 'gs://', 'ssh://', 'git+ssh://'])(
  'a backup at %s is proven with its credentials, and unproven with others',
  async (form) => {
    await using folder = await tempFolder();
    await withBackup(folder, form, async (remote) => {
      const right = drillOf(remote);
      expect(await drill(folder, right)).toMatchObject({ kind: 'proven', ...expected, bytes: expect.any(Number) });
      for (const { credentials, code } of remote.refused.slice(0, 1)) {
        expect(await drill(folder, { ...right, credentials })).toMatchObject({ kind: 'unproven', failure: { code } });
      }
      expect(await readdir(folder.file('drills'))).toEqual([]);
    });
  },
  120_000,
);

test('a git remote that lacks a table file, or the contents of one, is not restored', async () => {
  await using folder = await tempFolder();
  await withBackup(folder, 'git+file://', async (remote) => {
    const right = drillOf(remote);
    expect(await drill(folder, right)).toMatchObject({ kind: 'proven', ...expected });
    const differs = { kind: 'differs', failure: { code: 'drill-failed' } };
    // The names of all files still exist, and the check after a push reads only names.
    const restoreObjects = dropObjects(folder.file('far.git'));
    expect(await drill(folder, right)).toMatchObject(differs);
    restoreObjects();
    dropTables(folder.file('far.git'));
    expect(await drill(folder, right)).toMatchObject({
      ...{ kind: 'differs', failure: { code: 'drill-failed', message: expect.stringContaining('Blob not found') } },
    });
  });
}, 120_000);

test('a server that does not answer, or resets each stream, makes a backup unproven; one that ends Dolt does not', async () => {
  await using folder = await tempFolder();
  const peer = { endpoint: `https://localhost:${await testPort()}/org/repo`, live: false };
  expect(await drill(folder, { peer, expected })).toMatchObject({ kind: 'unproven', failure: { code: 'network' } });
  await using answering = await startAnswering();
  const at = (name: string) => ({ expected, peer: { endpoint: `${answering.url}/org/${name}`, live: false } });
  expect(await drill(folder, at('reset-8'))).toMatchObject({ kind: 'unproven', failure: { code: 'network' } });
  expect(await drill(folder, at('empty-0'))).toMatchObject({
    kind: 'differs',
    failure: {
      code: 'drill-failed',
      message: expect.stringContaining('the Dolt server stopped with a panic: '),
      hint: expect.stringContaining('check what the endpoint serves'),
    },
  });
}, 60_000);

test('a server that sends no table file makes a backup unproven, not damaged', async () => {
  await using folder = await tempFolder();
  const local = await copyOfSeed(folder);
  await using behind = await startRemotesrv(folder.path);
  await local.publish(`${behind.url}/org/repo`);
  const down = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown';
  const brokenOff = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbroken off';
  for (const answer of [down, brokenOff]) {
    await using front = await startNamingFront({ upstream: behind.port.http, host: 'localhost', answer });
    const peer = { endpoint: `http://localhost:${front.port}/org/repo`, live: false };
    const found = await drill(folder, { peer, expected, tag: null });
    expect(found).toMatchObject({ kind: 'unproven', failure: { code: 'network' } });
    expect(front.requests.length).toBeGreaterThan(0);
  }
}, 120_000);

test('a backup at https:// with a password is proven, unproven with others, and each engine has only the credentials of its peer', async () => {
  await using folder = await tempFolder();
  const environments = new Map<string, string[]>();
  const environmentOf = (name: string) => (resource: { kind: string; pid?: number }) => {
    if (resource.kind !== 'process') return;
    const environment = readFileSync(`/proc/${resource.pid}/environ`, 'utf8');
    environments.set(name, [...(environments.get(name) ?? []), environment]);
  };
  const secretOf = (name: string) => `the-password-of-${name}`;
  await withBackup(folder, 'https:// with a password', async (remote) => {
    await Promise.all(
      ['one', 'two'].map(async (name) => {
        const credentials = { ...remote.credentials, password: secretOf(name) };
        const onResource = environmentOf(name);
        const result = await drill(folder, { ...drillOf(remote), credentials, onResource });
        expect(result).toMatchObject({ kind: 'unproven', failure: { code: 'auth' } });
      }),
    );
    const without = await drill(folder, { ...drillOf(remote), credentials: null });
    expect(without).toMatchObject({ kind: 'unproven', failure: { code: 'auth' } });
    const proven = await drill(folder, { ...drillOf(remote), onResource: environmentOf('right') });
    expect(proven).toMatchObject({ kind: 'proven', ...expected, bytes: expect.any(Number) });
    expect(await readdir(folder.file('drills'))).toEqual([]);
    const right = String(remote.credentials?.['password']);
    const has = (name: string, secret: string) =>
      (environments.get(name) ?? []).map((environment) => environment.includes(secret));
    expect([has('one', secretOf('one')), has('one', secretOf('two'))]).toEqual([[true], [false]]);
    expect([has('two', secretOf('two')), has('two', secretOf('one'))]).toEqual([[true], [false]]);
    // The second engine reads the clone and contacts no peer.
    expect(has('right', right)).toEqual([true, false]);
    expect(has('right', secretOf('one'))).toEqual([false, false]);
  });
}, 120_000);
