import { describe, expect, test } from '@jest/globals';
import type { Env } from '../../src/core/env.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import {
  ask,
  config,
  EMBEDDED,
  embedded,
  type Files,
  IN_BOTH,
  METADATA,
  metadata,
  SERVER,
  writeFiles,
} from '../helpers/workspace.ts';

describe('the mode follows the precedence of bd', () => {
  const proxied = metadata('"dolt_mode":"proxied-server"');
  const none = metadata('"backend":"dolt"');
  const sharedKey = config('dolt: {shared-server: true}');
  const SHARED = { BEADS_DOLT_SHARED_SERVER: '1', BEADS_SHARED_SERVER_DIR: '%/shared' };
  const there = { ...IN_BOTH, '../shared/dolt/north/.dolt/noms/': '' };
  test.each<[string, Files, Env, string]>([
    ['proxied before shared, in the folder of the shared server', proxied, SHARED, '../../shared/dolt/north'],
    ['proxied before the mode by variable', proxied, { BEADS_DOLT_SERVER_MODE: '1' }, 'dolt/north'],
    ['proxied before a host by variable', proxied, { BEADS_DOLT_SERVER_HOST: 'db.example' }, 'dolt/north'],
    ['shared before embedded', { [METADATA]: EMBEDDED }, SHARED, '../../shared/dolt/north'],
    ['shared before server', { [METADATA]: SERVER }, SHARED, '../../shared/dolt/north'],
    [
      'TRUE is true',
      { [METADATA]: EMBEDDED },
      { ...SHARED, BEADS_DOLT_SHARED_SERVER: 'TRUE' },
      '../../shared/dolt/north',
    ],
    [
      '0 does not switch the key off',
      { [METADATA]: EMBEDDED, ...sharedKey },
      { ...SHARED, BEADS_DOLT_SHARED_SERVER: '0' },
      '../../shared/dolt/north',
    ],
    [
      'the variable of the key counts as the key',
      { [METADATA]: EMBEDDED, ...sharedKey },
      { BD_DOLT_SHARED_SERVER: 'false' },
      'embeddeddolt/north',
    ],
    [
      'a key with a false value has no effect',
      { [METADATA]: EMBEDDED, ...config('dolt: {shared-server: false}') },
      {},
      'embeddeddolt/north',
    ],
    ['server by variable before embedded', { [METADATA]: EMBEDDED }, { BEADS_DOLT_SERVER_MODE: '1' }, 'dolt/north'],
    ['0 is no server', { [METADATA]: EMBEDDED }, { BEADS_DOLT_SERVER_MODE: '0' }, 'embeddeddolt/north'],
    [
      'the mode before a host in the file',
      metadata('"dolt_mode":"embedded","dolt_server_host":"db.example"'),
      {},
      'embeddeddolt/north',
    ],
    [
      'a local host by variable before a host in the file',
      metadata('"dolt_server_host":"db.example"'),
      { BEADS_DOLT_SERVER_HOST: 'localhost' },
      'embeddeddolt/north',
    ],
    [
      'the mode in metadata.json before the key',
      { [METADATA]: EMBEDDED, ...config('dolt.mode: server') },
      {},
      'embeddeddolt/north',
    ],
    ['the key alone', { ...none, ...config('dolt.mode: Server') }, {}, 'dolt/north'],
    [
      'the key before its host',
      { ...none, ...config('dolt: {mode: embedded, host: db.example}') },
      {},
      'embeddeddolt/north',
    ],
    [
      'the local config over config.yaml',
      { ...none, ...config('dolt.mode: server'), ...config('dolt.mode: embedded', 'config.local.yaml') },
      {},
      'embeddeddolt/north',
    ],
    ['a variable over both', { ...none, ...config('dolt.mode: embedded') }, { BD_DOLT_MODE: 'server' }, 'dolt/north'],
    [
      'a variable in .env',
      { [METADATA]: EMBEDDED, '.beads/.env': 'export BEADS_DOLT_SERVER_MODE="1" # here\n' },
      {},
      'dolt/north',
    ],
    [
      'a variable of the process over .env',
      { [METADATA]: EMBEDDED, '.beads/.env': 'BEADS_DOLT_SERVER_MODE=1' },
      { BEADS_DOLT_SERVER_MODE: '0' },
      'embeddeddolt/north',
    ],
  ])('%s', async (_, files, env, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...there, ...files });
    expect(await ask(folder, { env })).toBe(folder.file('repo', '.beads', place));
  });
});

describe('a value that bd refuses or reads differently is refused', () => {
  test.each<[string, Files, Env, RegExp]>([
    ['an unknown mode', { ...metadata('"dolt_mode":"cloud"'), ...IN_BOTH }, {}, /unknown dolt_mode: cloud/],
    [
      'an unknown mode, regardless of the variable',
      metadata('"dolt_mode":"cloud"'),
      { BEADS_DOLT_SERVER_MODE: '1' },
      /dolt_mode: cloud/,
    ],
    [
      'an unknown dolt.mode',
      { ...metadata('"backend":"dolt"'), ...config('dolt.mode: proxied-server') },
      {},
      /dolt.mode: proxied-server \(.*config.yaml:1:1\)/,
    ],
    ['postgres', { ...metadata('"backend":"postgres"'), ...IN_BOTH }, {}, /unknown backend: postgres/],
    ['mysql', metadata('"backend":"mysql"'), {}, /backend: mysql/],
    ['an unknown backend', metadata('"backend":"turso"'), {}, /backend: turso/],
    [
      'BEADS_DOLT_SERVER_MODE=true, which bd ignores',
      embedded,
      { BEADS_DOLT_SERVER_MODE: 'true' },
      /BEADS_DOLT_SERVER_MODE=true/,
    ],
    [
      'BEADS_DOLT_SHARED_SERVER=yes, which bd ignores',
      embedded,
      { BEADS_DOLT_SHARED_SERVER: 'yes' },
      /BEADS_DOLT_SHARED_SERVER=yes/,
    ],
    [
      '`shared-server: yes`, which bd ignores',
      { ...embedded, ...config('Dolt:\n  Shared-Server: "yes"\n') },
      {},
      /shared-server: yes \(.*config.yaml:2:3\)/,
    ],
    ['a `db` outside of the workspace', { ...embedded, ...config('db: ../other/.beads') }, {}, /db: \.\.\/other/],
  ])('%s', async (_, files, env, what) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    const refused = { code: 'workspace-unknown', message: expect.stringMatching(what) };
    await expect(ask(folder, { env })).rejects.toMatchObject(refused);
  });

  test('a merge key, through which bd reads the mode', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...embedded, ...config('x: &x {mode: server}\ndolt: {<<: *x}') });
    await expect(ask(folder)).rejects.toMatchObject({ code: 'config-invalid', location: { line: 2 } });
  });

  test.each([
    ['"Dolt_Mode":"server"', 'has the key "Dolt_Mode", which bd reads as dolt_mode'],
    ['"dolt_\\u0044atabase":"x"', 'has the key "dolt_Database", which bd reads as dolt_database'],
    ['"dolt_\u017ferver_host":"evil.example"', 'which bd reads as dolt_server_host'],
    ['"bac\u212aend":"dolt"', 'which bd reads as backend'],
    ['"dolt_mode":"embedded",\n"dolt_mode":"server"', 'has the key dolt_mode twice'],
  ])('a key that Go reads in another way: %s', async (written, message) => {
    await using folder = await tempFolder();
    await writeFiles(folder, { [METADATA]: `{\n${written}}` });
    await expect(ask(folder)).rejects.toMatchObject({
      ...{ code: 'config-invalid', message: expect.stringContaining(message) },
      location: { file: folder.file('repo', METADATA), line: written.includes('\n') ? 3 : 2 },
    });
  });

  test('with its line in metadata.json', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { [METADATA]: EMBEDDED.replace('embedded', 'cloud') });
    await expect(ask(folder)).rejects.toMatchObject({ location: { file: folder.file('repo', METADATA), line: 2 } });
  });

  test.each(['../north', 'a/b', '.hidden'])('in the name %s', async (name) => {
    await using folder = await tempFolder();
    await writeFiles(folder, embedded);
    await expect(ask(folder, { env: { BEADS_DOLT_SERVER_DATABASE: name } })).rejects.toMatchObject({
      code: 'config-invalid',
    });
  });
});
