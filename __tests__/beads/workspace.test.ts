import { symlink } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Env } from '../../src/core/env.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { ask, EMBEDDED, type Files, lay, METADATA } from '../helpers/workspace.ts';

const SERVER = EMBEDDED.replace('embedded', 'server');
const IN_EMBEDDED = { '.beads/embeddeddolt/north/.dolt/noms/': '' };
const IN_SERVER = { '.beads/dolt/north/.dolt/noms/': '' };

describe('a workspace that this version follows', () => {
  test.each<[string, Files, Env, string]>([
    ['embedded', { [METADATA]: EMBEDDED, ...IN_EMBEDDED }, {}, 'embeddeddolt/north'],
    ['embedded, to be cloned', { [METADATA]: EMBEDDED }, {}, 'embeddeddolt/north'],
    ['server', { [METADATA]: SERVER, ...IN_SERVER }, {}, 'dolt/north'],
    ['server, and a leftover of embedded mode', { [METADATA]: SERVER, ...IN_SERVER, ...IN_EMBEDDED }, {}, 'dolt/north'],
    [
      'server, with its port',
      { [METADATA]: SERVER.replace('}', ',"dolt_server_port":3307}'), ...IN_SERVER },
      {},
      'dolt/north',
    ],
    [
      'server, on this machine',
      { [METADATA]: SERVER.replace('}', ',"dolt_server_host":"LOCALHOST"}'), ...IN_SERVER },
      {},
      'dolt/north',
    ],
    ['server by variable', { [METADATA]: EMBEDDED, ...IN_SERVER }, { BEADS_DOLT_SERVER_MODE: '1' }, 'dolt/north'],
    [
      'server by config.yaml',
      { [METADATA]: '{}', '.beads/config.yaml': 'dolt: {mode: server}', '.beads/dolt/beads/.dolt/noms/': '' },
      {},
      'dolt/beads',
    ],
    [
      'a host that the mode leaves without effect',
      { [METADATA]: EMBEDDED.replace('}', ',"dolt_server_host":"db.example"}'), ...IN_EMBEDDED },
      {},
      'embeddeddolt/north',
    ],
    [
      'a shared server that is switched off',
      { [METADATA]: EMBEDDED, ...IN_EMBEDDED, '.beads/config.yaml': 'dolt: {shared-server: false}' },
      { BEADS_DOLT_SHARED_SERVER: '0' },
      'embeddeddolt/north',
    ],
    [
      'a shared server that a variable switches off',
      { [METADATA]: EMBEDDED, ...IN_EMBEDDED, '.beads/config.yaml': 'dolt.shared-server: true' },
      { BD_DOLT_SHARED_SERVER: 'false' },
      'embeddeddolt/north',
    ],
    [
      'variables that name it',
      { [METADATA]: EMBEDDED, ...IN_EMBEDDED },
      { BEADS_DIR: '%/repo/.beads', BEADS_DB: '.beads', BEADS_DOLT_SERVER_DATABASE: 'north' },
      'embeddeddolt/north',
    ],
    [
      'a data folder of its own',
      { [METADATA]: SERVER.replace('}', ',"dolt_data_dir":"../data"}'), 'data/north/.dolt/noms/': '' },
      { BEADS_DOLT_DATA_DIR: '%/repo/data' },
      '../data/north',
    ],
    [
      'a redirect of comments',
      { [METADATA]: EMBEDDED, ...IN_EMBEDDED, '.beads/redirect': '# ../else\n\n' },
      {},
      'embeddeddolt/north',
    ],
    [
      'a name with a dot inside, an umlaut and a blank',
      { [METADATA]: '{"dolt_database":"n.ö rth"}' },
      {},
      'embeddeddolt/n.ö rth',
    ],
    ['empty texts', { [METADATA]: '{"backend":"","dolt_mode":"","dolt_database":""}' }, {}, 'embeddeddolt/beads'],
  ])('%s', async (_, files, env, place) => {
    await using folder = await tempFolder();
    await lay(folder, files);
    expect(await ask(folder, { env })).toBe(
      folder.file('repo', place.startsWith('..') ? place.slice(3) : `.beads/${place}`),
    );
  });

  test('one without a word about a database', async () => {
    await using folder = await tempFolder();
    await lay(folder, { '.beads/config.yaml': 'federation: {}' });
    expect(await ask(folder)).toBeNull();
    expect(await ask(folder, { workspace: null })).toBeNull();
  });

  test('one behind a link', async () => {
    await using folder = await tempFolder();
    await lay(folder, { 'real/metadata.json': SERVER.replace('}', ',"dolt_data_dir":"../data"}') });
    await symlink('real', folder.file('repo', '.beads'));
    expect(await ask(folder)).toBe(folder.file('repo', 'data', 'north'));
  });
});

describe('a workspace whose database is elsewhere is refused, and the place is named', () => {
  const found = { [METADATA]: EMBEDDED, ...IN_EMBEDDED };
  const served = { [METADATA]: SERVER, ...IN_SERVER };
  const metadata = (more: string) => ({ [METADATA]: `{"dolt_database":"north",\n${more}}` });
  const config = (text: string, name = 'config.yaml') => ({ ...found, [`.beads/${name}`]: text });
  test.each<[string, Files, Env, RegExp, string | null]>([
    [
      'proxied server',
      { ...metadata('"dolt_mode":"proxied-server"'), ...IN_SERVER },
      {},
      /dolt_mode: proxied-server/,
      'repo/.beads/dolt/north',
    ],
    [
      'proxied server in capitals',
      metadata('"dolt_mode":"Proxied-Server"'),
      {},
      /Proxied-Server/,
      'repo/.beads/dolt/north',
    ],
    [
      'proxied server with a root',
      {
        ...metadata('"dolt_mode":"proxied-server"'),
        '.beads/proxied_server_client_info.json': '{"root_path":"../data"}',
      },
      {},
      /proxied-server/,
      'repo/data/north',
    ],
    [
      'the sidecar of a proxied server',
      { ...found, '.beads/proxied_server_client_info.json': '{}' },
      {},
      /file of a proxied server/,
      'repo/.beads/dolt/north',
    ],
    [
      'BEADS_PROXIED_SERVER_ROOT_PATH',
      found,
      { BEADS_PROXIED_SERVER_ROOT_PATH: '%/root' },
      /BEADS_PROXIED_SERVER_ROOT_PATH/,
      'root/north',
    ],
    [
      'BEADS_DOLT_SHARED_SERVER=1',
      found,
      { BEADS_DOLT_SHARED_SERVER: '1', HOME: '%/home' },
      /BEADS_DOLT_SHARED_SERVER=1/,
      'home/.beads/shared-server/dolt/north',
    ],
    [
      'BEADS_DOLT_SHARED_SERVER=TRUE',
      found,
      { BEADS_DOLT_SHARED_SERVER: 'TRUE', BEADS_SHARED_SERVER_DIR: '%/s' },
      /BEADS_DOLT_SHARED_SERVER/,
      's/dolt/north',
    ],
    ['BD_DOLT_SHARED_SERVER', found, { BD_DOLT_SHARED_SERVER: 'true' }, /BD_DOLT_SHARED_SERVER/, null],
    [
      'shared-server, nested',
      config('dolt:\n  shared-server: true\n'),
      { HOME: '%/home' },
      /dolt.shared-server: true \(.*config.yaml:2:3\)/,
      'home/.beads/shared-server/dolt/north',
    ],
    [
      'shared-server, flat',
      config('dolt.shared-server: true\n'),
      {},
      /dolt.shared-server: true \(.*config.yaml:1:1\)/,
      null,
    ],
    ['shared-server in other letters', config('Dolt:\n  Shared-Server: "yes"\n'), {}, /shared-server: yes/, null],
    [
      'shared-server of this machine',
      config('dolt: {shared-server: true}', 'config.local.yaml'),
      {},
      /config.local.yaml/,
      null,
    ],
    [
      'shared-server without metadata.json',
      { '.beads/config.yaml': 'dolt.shared-server: true' },
      {},
      /shared-server/,
      null,
    ],
    [
      'server mode and shared-server',
      { ...served, '.beads/config.yaml': 'dolt.shared-server: true' },
      {},
      /shared-server/,
      null,
    ],
    ['BEADS_DOLT_SERVER_HOST', found, { BEADS_DOLT_SERVER_HOST: 'db.example' }, /another machine/, null],
    [
      'dolt_server_host',
      metadata('"dolt_server_host":"10.0.0.7"'),
      {},
      /dolt_server_host: 10.0.0.7.*another machine/,
      null,
    ],
    [
      'dolt_server_host of a server',
      { ...served, ...metadata('"dolt_mode":"server","dolt_server_host":"db.example"') },
      {},
      /another machine/,
      null,
    ],
    [
      'dolt.host',
      { ...metadata('"backend":"dolt"'), '.beads/config.yaml': 'dolt: {host: db.example}' },
      {},
      /dolt.host: db.example/,
      null,
    ],
    ['dolt.host of a server', { ...served, '.beads/config.yaml': 'dolt.host: db.example' }, {}, /dolt.host/, null],
    ['an unknown mode', metadata('"dolt_mode":"cloud"'), {}, /dolt_mode: cloud/, null],
    [
      'an unknown dolt.mode',
      { ...metadata('"backend":"dolt"'), '.beads/config.yaml': 'dolt.mode: cloud' },
      {},
      /dolt.mode: cloud/,
      null,
    ],
    ['postgres', metadata('"backend":"postgres"'), {}, /backend: postgres/, null],
    ['mysql', metadata('"backend":"mysql"'), {}, /backend: mysql/, null],
    ['an unknown backend', metadata('"backend":"turso"'), {}, /backend: turso/, null],
    ['BEADS_DIR', found, { BEADS_DIR: '%/other' }, /BEADS_DIR=.*other/, 'other'],
    ['BEADS_DB', found, { BEADS_DB: '%/other/beads.db' }, /BEADS_DB/, 'other/beads.db'],
    ['BD_DB', found, { BD_DB: '%/other' }, /BD_DB/, 'other'],
    ['BEADS_DOLT_DATA_DIR', served, { BEADS_DOLT_DATA_DIR: '%/data' }, /BEADS_DOLT_DATA_DIR/, 'data/north'],
    [
      'BEADS_DOLT_DATA_DIR, relative',
      served,
      { BEADS_DOLT_DATA_DIR: 'data' },
      /BEADS_DOLT_DATA_DIR/,
      'repo/.beads/data/north',
    ],
    [
      'BEADS_DOLT_SERVER_DATABASE',
      served,
      { BEADS_DOLT_SERVER_DATABASE: 'south' },
      /BEADS_DOLT_SERVER_DATABASE/,
      'repo/.beads/dolt/south',
    ],
    [
      'an absolute data folder',
      metadata('"dolt_mode":"server","database":"/srv/dolt"'),
      {},
      /database: \/srv\/dolt/,
      null,
    ],
    ['a `db` in config.yaml', config('db: ../other/.beads'), {}, /db: \.\.\/other/, 'other/.beads'],
    ['a redirect', { ...found, '.beads/redirect': '# moved\n../main/.beads\n' }, {}, /redirected to/, 'main/.beads'],
    [
      'a database under another name',
      { [METADATA]: EMBEDDED, '.beads/embeddeddolt/south/.dolt/noms/': '' },
      {},
      /another database exists/,
      'repo/.beads/embeddeddolt/south',
    ],
    [
      'a database of another mode',
      { [METADATA]: EMBEDDED, ...IN_SERVER },
      {},
      /another database exists/,
      'repo/.beads/dolt/north',
    ],
    [
      'a server with a port and no data here',
      metadata('"dolt_mode":"server","dolt_server_port":3307'),
      {},
      /dolt_server_port: 3307/,
      null,
    ],
    [
      'a server with a port by variable',
      { [METADATA]: SERVER },
      { BEADS_DOLT_SERVER_PORT: '3307' },
      /BEADS_DOLT_SERVER_PORT/,
      null,
    ],
    ['no metadata.json, embedded', IN_EMBEDDED, {}, /no metadata.json/, 'repo/.beads/embeddeddolt/north'],
    ['no metadata.json, server', IN_SERVER, {}, /no metadata.json/, 'repo/.beads/dolt/north'],
    ['an empty data folder', { '.beads/embeddeddolt/': '' }, {}, /no metadata.json/, null],
    ['the config.json of an old bd', { '.beads/config.json': '{}' }, {}, /config.json/, null],
  ])('%s', async (_, files, env, what, real) => {
    await using folder = await tempFolder();
    await lay(folder, files);
    const asked = ask(folder, { env });
    await expect(asked).rejects.toMatchObject({ code: 'workspace-unknown', message: expect.stringMatching(what) });
    if (real === null) return;
    await expect(asked).rejects.toMatchObject({
      hint: expect.stringContaining('`database`'),
      message: expect.stringContaining(`; its database should be ${folder.file(...real.split('/'))}`),
    });
  });

  test('the line of metadata.json is given', async () => {
    await using folder = await tempFolder();
    await lay(folder, { [METADATA]: EMBEDDED.replace('embedded', 'proxied-server') });
    await expect(ask(folder)).rejects.toMatchObject({ location: { file: folder.file('repo', METADATA), line: 2 } });
  });

  test("the user's own settings count where the home folder does", async () => {
    await using folder = await tempFolder();
    await lay(folder, { ...found, 'home/.config/bd/config.yaml': 'dolt: {shared-server: true}' });
    const env = { HOME: '%/repo/home' };
    expect(await ask(folder, { env })).toContain('embeddeddolt');
    await expect(ask(folder, { env, userHome: true })).rejects.toMatchObject({ code: 'workspace-unknown' });
    await lay(folder, { '.beads/config.yaml': 'dolt: {shared-server: false}' });
    expect(await ask(folder, { env, userHome: true })).toContain('embeddeddolt');
  });

  test('BEADS_DIR, where there is no workspace', async () => {
    await using folder = await tempFolder();
    await lay(folder, { 'other/embeddeddolt/x/.dolt/noms/': '' });
    const asked = ask(folder, { workspace: null, env: { BEADS_DIR: '%/repo/other' } });
    const real = folder.file('repo', 'other', 'embeddeddolt', 'x');
    await expect(asked).rejects.toMatchObject({ code: 'workspace-unknown', message: expect.stringContaining(real) });
  });
});

test.each([
  ['metadata.json', METADATA],
  ['config.yaml', '.beads/config.yaml'],
  ['redirect', '.beads/redirect'],
])('a %s that cannot be read is not passed over', async (_, path) => {
  await using folder = await tempFolder();
  await lay(folder, { [`${path}/`]: '' });
  await expect(ask(folder)).rejects.toMatchObject({
    code: 'config-unreadable',
    message: expect.stringContaining('it is a folder'),
  });
});
