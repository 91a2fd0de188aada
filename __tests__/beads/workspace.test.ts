import { symlink } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Env } from '../../src/core/env.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import {
  ask,
  askPlace,
  config,
  EMBEDDED,
  embedded,
  type Files,
  IN_BOTH,
  IN_EMBEDDED,
  IN_SERVER,
  METADATA,
  metadata,
  SERVER,
  writeFiles,
} from '../helpers/workspace.ts';

const served = { [METADATA]: SERVER, ...IN_SERVER };
const database = (path: string) => ({ [`${path}/.dolt/noms/`]: '' });

describe('the database of a workspace', () => {
  test.each<[string, Files, Env, string]>([
    ['embedded', embedded, {}, 'embeddeddolt/north'],
    ['is embedded, and is to be cloned', { [METADATA]: EMBEDDED }, {}, 'embeddeddolt/north'],
    ['is embedded by default', { ...metadata('"backend":"dolt"'), ...IN_BOTH }, {}, 'embeddeddolt/north'],
    ['is that of a server', served, {}, 'dolt/north'],
    ['is that of a server, despite a leftover of embedded mode', { [METADATA]: SERVER, ...IN_BOTH }, {}, 'dolt/north'],
    ['is embedded, despite a leftover of server mode', { [METADATA]: EMBEDDED, ...IN_BOTH }, {}, 'embeddeddolt/north'],
    [
      'is that of a server with a port',
      { ...metadata('"dolt_mode":"server","dolt_server_port":3307'), ...IN_BOTH },
      {},
      'dolt/north',
    ],
    [
      'is that of a server on this machine',
      { ...metadata('"dolt_mode":"server","dolt_server_host":"LOCALHOST"'), ...IN_BOTH },
      {},
      'dolt/north',
    ],
    ['is that of a proxied server', { ...metadata('"dolt_mode":"Proxied-Server"'), ...IN_BOTH }, {}, 'dolt/north'],
    ['is that of a proxied server, and is to be cloned', metadata('"dolt_mode":"proxied-server"'), {}, 'dolt/north'],
  ])('%s', async (_, files, env, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    expect(await ask(folder, { env })).toBe(folder.file('repo', '.beads', place));
  });
});

describe('the data folder and the name', () => {
  const dataDir = metadata('"dolt_mode":"server","dolt_data_dir":"../data"');
  const absolute = metadata('"dolt_mode":"server","database":"%/repo/abs"');
  const proxied = metadata('"dolt_mode":"proxied-server"');
  const sidecar = (text: string) => ({ '.beads/proxied_server_client_info.json': text });
  test.each<[string, Files, Env, string]>([
    ['dolt_data_dir', dataDir, {}, 'data/north'],
    ['BEADS_DOLT_DATA_DIR first, relative to .beads', dataDir, { BEADS_DOLT_DATA_DIR: 'fast' }, '.beads/fast/north'],
    [
      'BEADS_DOLT_DATA_DIR, without effect in embedded mode',
      embedded,
      { BEADS_DOLT_DATA_DIR: 'fast' },
      '.beads/embeddeddolt/north',
    ],
    ['an absolute `database`', absolute, {}, 'abs/north'],
    [
      'dolt_data_dir before an absolute `database`',
      metadata('"dolt_mode":"server","database":"/abs","dolt_data_dir":"d"'),
      {},
      '.beads/d/north',
    ],
    [
      'an absolute `database`, without effect in embedded mode',
      { ...metadata('"database":"/abs"'), ...IN_EMBEDDED },
      {},
      '.beads/embeddeddolt/north',
    ],
    ['the root of a proxied server', { ...proxied, ...sidecar('{"root_path":"../data"}') }, {}, 'data/north'],
    [
      'the variable before the root of a proxied server',
      { ...proxied, ...sidecar('{"root_path":"x"}') },
      { BEADS_PROXIED_SERVER_ROOT_PATH: '%/repo/root' },
      'root/north',
    ],
    [
      'dolt_data_dir of a proxied server',
      { ...proxied, ...sidecar('{}'), ...metadata('"dolt_mode":"proxied-server","dolt_data_dir":"d"') },
      {},
      '.beads/d/north',
    ],
    [
      'a root, without effect in other modes',
      { ...embedded, ...sidecar('{"root_path":"x"}') },
      { BEADS_PROXIED_SERVER_ROOT_PATH: 'y' },
      '.beads/embeddeddolt/north',
    ],
    [
      'the shared server below the home folder',
      embedded,
      { BEADS_DOLT_SHARED_SERVER: '1', HOME: '%/repo' },
      '.beads/shared-server/dolt/north',
    ],
    ['the name by variable', embedded, { BEADS_DOLT_SERVER_DATABASE: 'south' }, '.beads/embeddeddolt/south'],
    [
      'a name with a dot inside, an umlaut and a space',
      { [METADATA]: '{"dolt_database":"n.ö rth"}' },
      {},
      '.beads/embeddeddolt/n.ö rth',
    ],
    [
      'empty texts',
      { [METADATA]: '{"backend":"","dolt_mode":"","dolt_database":""}' },
      {},
      '.beads/embeddeddolt/beads',
    ],
    [
      'no metadata.json, embedded',
      { ...database('.beads/embeddeddolt/beads'), ...IN_SERVER },
      { BEADS_DOLT_SERVER_DATABASE: 'x' },
      '.beads/embeddeddolt/beads',
    ],
    ['no metadata.json, with dolt only', database('.beads/dolt/beads'), {}, '.beads/dolt/beads'],
    [
      'no metadata.json, with the key',
      { ...config('dolt.mode: server'), ...IN_SERVER },
      { BEADS_DOLT_SERVER_DATABASE: 'north' },
      '.beads/dolt/north',
    ],
    ['the config.json of an old bd', { '.beads/config.json': SERVER, ...IN_BOTH }, {}, '.beads/dolt/north'],
  ])('%s', async (_, files, env, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...files, ...database(place) });
    expect(await ask(folder, { env })).toBe(folder.file('repo', ...place.split('/')));
  });

  test('a database behind a link is found', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { 'real/metadata.json': SERVER.replace('}', ',"dolt_data_dir":"../data"}') });
    await symlink('real', folder.file('repo', '.beads'));
    expect(await ask(folder)).toBe(folder.file('repo', 'data', 'north'));
  });

  test('no database is assumed if no file names one', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { '.beads/config.yaml': 'federation: {}' });
    expect(await ask(folder)).toBeNull();
    expect(await ask(folder, { cwd: '.' })).toBeNull();
  });

  test("the user's own settings count in a home folder that exists", async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...embedded, 'home/.config/bd/config.yaml': 'dolt: {shared-server: true}' });
    await writeFiles(folder, database('home/.beads/shared-server/dolt/north'));
    const env = { HOME: '%/repo/home' };
    expect(await ask(folder, { env })).toContain('embeddeddolt');
    expect(await ask(folder, { env, userHome: true })).toContain('shared-server');
    await writeFiles(folder, config('dolt: {shared-server: false}'));
    expect(await ask(folder, { env, userHome: true })).toContain('embeddeddolt');
  });
});

describe('a database on another machine', () => {
  test.each<[string, Files, Env]>([
    ['BEADS_DOLT_SERVER_HOST', embedded, { BEADS_DOLT_SERVER_HOST: 'db.example' }],
    ['dolt_server_host', metadata('"dolt_server_host":"db.example"'), {}],
    [
      'dolt_server_host of a server',
      { ...served, ...metadata('"dolt_mode":"server","dolt_server_host":"db.example"') },
      {},
    ],
    ['dolt.host', { ...metadata('"backend":"dolt"'), ...config('dolt: {host: db.example}') }, {}],
    ['dolt.host of a server', { ...served, ...config('dolt.host: db.example') }, {}],
    [
      'an external server of a proxy',
      {
        ...metadata('"dolt_mode":"proxied-server"'),
        ...config('{"external":{"host":"db.example","port":3306}}', 'proxied_server_client_info.json'),
      },
      {},
    ],
  ])('(%s) is not used', async (_, files, env) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    expect(await askPlace(folder, { env })).toMatchObject({
      kind: 'at-server',
      failure: { code: 'workspace-unknown', message: expect.stringContaining('db.example') },
    });
  });
});

describe('a second database is not cloned', () => {
  const under = (name: string) => database(`.beads/${name}`);
  test.each<[string, Files, Env, RegExp]>([
    [
      'beside one under another name',
      { [METADATA]: EMBEDDED, ...under('embeddeddolt/south') },
      {},
      /another database exists/,
    ],
    ['beside one of another mode', { [METADATA]: EMBEDDED, ...IN_SERVER }, {}, /another database exists/],
    [
      'beside the empty one that bd made for a proxied server',
      { ...metadata('"dolt_mode":"proxied-server"'), ...IN_EMBEDDED },
      {},
      /another database exists/,
    ],
    [
      'for a server with a port',
      metadata('"dolt_mode":"server","dolt_server_port":3307'),
      {},
      /dolt_server_port: 3307/,
    ],
    [
      'for a server with a port in a variable',
      { [METADATA]: SERVER },
      { BEADS_DOLT_SERVER_PORT: '3307' },
      /SERVER_PORT/,
    ],
    [
      'into a folder that a variable names and that does not exist',
      { [METADATA]: SERVER },
      { BEADS_DOLT_DATA_DIR: 'none' },
      /DATA_DIR=none, a folder that does not exist/,
    ],
    ['without metadata.json, beside an embedded one', IN_EMBEDDED, {}, /no metadata.json/],
    ['without metadata.json, beside one of a server', IN_SERVER, {}, /no metadata.json/],
    ['without metadata.json, beside an empty data folder', { '.beads/embeddeddolt/': '' }, {}, /no metadata.json/],
  ])('%s', async (_, files, env, what) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    const refused = { code: 'workspace-unknown', message: expect.stringMatching(what) };
    await expect(ask(folder, { env })).rejects.toMatchObject(refused);
  });
});

describe('the workspace that a variable selects', () => {
  const other = { 'other/.beads/metadata.json': SERVER, ...database('other/.beads/dolt/north') };
  const all = { ...embedded, ...other };
  test.each<[string, Files, Env, string]>([
    ['BEADS_DIR', all, { BEADS_DIR: '%/repo/other/.beads' }, 'other/.beads/dolt/north'],
    ['BEADS_DIR, relative', all, { BEADS_DIR: 'other/.beads' }, 'other/.beads/dolt/north'],
    ['BEADS_DIR without a workspace', other, { BEADS_DIR: 'other/.beads' }, 'other/.beads/dolt/north'],
    ['BEADS_DB with a folder', other, { BEADS_DB: '%/repo/other/.beads' }, 'other/.beads/dolt/north'],
    [
      'BEADS_DB with a file that bd never made',
      other,
      { BEADS_DB: 'other/.beads/beads.db' },
      'other/.beads/dolt/north',
    ],
    ['BEADS_DB with the database', other, { BEADS_DB: 'other/.beads/dolt/north' }, 'other/.beads/dolt/north'],
    ['BD_DB', other, { BD_DB: 'other/.beads' }, 'other/.beads/dolt/north'],
    ['BEADS_DIR before BEADS_DB', all, { BEADS_DIR: '.beads', BEADS_DB: 'other/.beads' }, '.beads/embeddeddolt/north'],
    ['a variable in .env', { ...all, '.beads/.env': "BEADS_DIR='other/.beads'" }, {}, 'other/.beads/dolt/north'],
    [
      'a variable of the process before .env',
      { ...all, '.beads/.env': 'BEADS_DIR=other/.beads' },
      { BEADS_DB: '.beads' },
      '.beads/embeddeddolt/north',
    ],
  ])('%s', async (_, files, env, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    expect(await ask(folder, { env })).toBe(folder.file('repo', ...place.split('/')));
  });

  test.each(['BEADS_DB', 'BD_DB'])('%s is an error if bd would ignore it', async (name) => {
    await using folder = await tempFolder();
    await writeFiles(folder, all);
    await expect(ask(folder, { env: { [name]: 'other/.beads' } })).rejects.toMatchObject({
      code: 'workspace-unknown',
      hint: expect.stringContaining('set BEADS_DIR instead'),
    });
    expect(await ask(folder, { env: { [name]: '.beads/embeddeddolt' } })).toContain('embeddeddolt');
  });

  test.each(['BEADS_DIR', 'BEADS_DB', 'BD_DB'])(
    '%s without a workspace is an error, and is not ignored',
    async (name) => {
      await using folder = await tempFolder();
      await writeFiles(folder, { ...embedded, 'empty/': '' });
      await expect(ask(folder, { env: { [name]: 'empty' } })).rejects.toMatchObject({
        code: 'workspace-unknown',
        message: expect.stringContaining(`${name} names ${folder.file('repo', 'empty')}`),
      });
    },
  );

  test('a variable that refers to another one is refused, because bd would expand it', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...embedded, '.beads/.env': '# dirs\nBEADS_DIR=$HOME/x' });
    await expect(ask(folder)).rejects.toMatchObject({ code: 'config-invalid', location: { line: 2 } });
  });
});

test.each([
  ['metadata.json', METADATA],
  ['config.yaml', '.beads/config.yaml'],
  ['redirect', '.beads/redirect'],
])('an unreadable %s is an error', async (_, path) => {
  await using folder = await tempFolder();
  await writeFiles(folder, { [`${path}/`]: '' });
  await expect(ask(folder)).rejects.toMatchObject({
    code: 'config-unreadable',
    message: expect.stringContaining('it is a folder'),
  });
});
