import { describe, expect, test } from '@jest/globals';
import { requestedChanges } from '../../../src/commands/validate/changes.ts';
import type { Validated } from '../../../src/commands/validate/index.ts';
import { before, type ChangeCase, CONFIG, HEAD, validateChange } from '../../helpers/validated-change.ts';
import { places } from '../../helpers/validating.ts';

const embedded = { '.beads/metadata.json': '{"dolt_mode": "embedded", "dolt_database": "north"}' };
const server = { '.beads/metadata.json': '{"dolt_mode": "server", "dolt_database": "north"}' };
const other = { [`other/${CONFIG}`]: before, 'other/.beads/metadata.json': embedded['.beads/metadata.json'] };
const led = { ...embedded, ...other, '.beads/redirect': 'other/.beads\n' };
const hidden = '{"dolt_mode": "embedded", "dolt_database": "private"}';

test.each<readonly [string, NonNullable<ChangeCase['files']>, NonNullable<ChangeCase['files']>, string | null]>([
  ['the name in metadata.json', embedded, { '.beads/metadata.json': hidden }, '.beads/embeddeddolt/private'],
  [
    'the name in .env',
    embedded,
    { ...embedded, '.beads/.env': 'BEADS_DOLT_SERVER_DATABASE=private\n' },
    '.beads/embeddeddolt/private',
  ],
  ['the mode', embedded, server, '.beads/dolt/north'],
  ['metadata.json is gone', embedded, {}, '.beads/dolt/beads'],
  [
    'the data folder in metadata.json',
    server,
    { '.beads/metadata.json': '{"dolt_mode": "server", "dolt_database": "north", "dolt_data_dir": "../data"}' },
    'data/north',
  ],
  ['the data folder in .env', server, { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=/srv/d\n' }, '/srv/d/north'],
  ['a redirect', { ...embedded, ...other }, led, 'other/.beads/embeddeddolt/north'],
  [
    'BEADS_DIR',
    { ...embedded, ...other },
    { ...led, '.beads/redirect': '', '.beads/.env': 'BEADS_DIR=other/.beads' },
    'other/.beads/embeddeddolt/north',
  ],
  ['the name at a redirect', led, { ...led, '.beads/metadata.json': hidden }, 'other/.beads/embeddeddolt/private'],
  ['the same redirect', led, led, null],
  [
    'the same folders outside of the checkout',
    { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=../../data\n' },
    { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=../../data\n' },
    null,
  ],
  ['data folders that git does not have', {}, { '.beads/embeddeddolt/north/x': '', '.beads/beads.db': '' }, null],
])('a pull request has the database of its base, or another one: %s', async (_, baseFiles, files, expected) => {
  const found = await validateChange({ head: before, baseFiles, files });
  const after = expect.stringMatching(new RegExp(`${expected}$`));
  const changes = found.result.changes?.filter(({ setting }) => setting === "bd's database");
  expect(changes).toMatchObject(expected === null ? [] : [{ kind: 'setting-changed', after }]);
});

const kinds = ({ result }: Validated) => result.changes?.map(({ kind, setting }) => `${kind} ${setting}`);
const request = { failOnChange: requestedChanges('dangerous, setting-changed') };

test.each(['.beads/dolt', '.beads/embeddeddolt/north', '.beads/old.db'])(
  'a base that has the working directory %s as well is compared',
  async (cwd) => {
    const files = { [`${cwd}/x`]: '' };
    const found = await validateChange({ head: `no-push: true\n${before}`, cwd, files, baseFiles: files });
    expect(kinds(found)).toEqual(['setting-changed federation.push']);
  },
);

test('a base that has a file in place of the working directory is unreadable', async () => {
  const [cwd, baseFiles] = ['.jj/repo/store', { '.jj/repo': '../main/.jj/repo' }];
  const found = await validateChange({ head: before, cwd, files: { [`${cwd}/x`]: '' }, baseFiles, request });
  expect(places(found)).toEqual(['- error base-unreadable']);
  expect(found.result.problems[0]?.message).toContain('.jj/repo is a file there');
});

describe('a pull request that changes what forbids pushing, around the database', () => {
  const named = before.replace('federation:', 'federation:\n  database: ../other/.beads/dolt/beads');
  const dataFolder = {
    '.beads/metadata.json': '{"dolt_mode": "server", "dolt_data_dir": "../other/.beads/dolt", "dolt_database": "x"}',
  };
  const guarded = { [`other/${CONFIG}`]: 'no-push: true\n' };
  const open = { [`other/${CONFIG}`]: 'no-push: false\n' };
  const freeze = (folder: string) => ({ [`${folder}MIGRATION-FREEZE`]: 'admin\tnow\tmove\n' });
  const pushes = ['push-enabled federation.push'];
  const thawed = ['push-enabled MIGRATION-FREEZE'];

  test.each<readonly [string, ChangeCase, readonly string[]]>([
    ['a guard of the workspace that holds it', { head: named, base: named, baseFiles: guarded, files: open }, pushes],
    [
      'the same in a local file',
      {
        ...{ head: named, base: named, baseFiles: guarded },
        files: { ...guarded, 'other/.beads/config.local.yaml': 'no-push: false\n' },
      },
      pushes,
    ],
    [
      'the same for a data folder of bd',
      { head: before, baseFiles: { ...dataFolder, ...guarded }, files: { ...dataFolder, ...open } },
      pushes,
    ],
    [
      'the same for a variable of the job',
      {
        ...{ head: before, baseFiles: guarded, files: open },
        env: { DOLT_FEDERATION_DATABASE: 'other/.beads/dolt/beads' },
      },
      pushes,
    ],
    ['the same guard', { head: named, base: named, baseFiles: guarded, files: guarded }, []],
    [
      'another database, without the guard',
      { head: before, base: named, baseFiles: guarded, files: guarded },
      [...pushes, 'setting-changed federation.database'],
    ],
    ['a freeze of the workspace', { head: before, baseFiles: freeze('.beads/') }, thawed],
    ['a freeze of the repository', { head: before, baseFiles: freeze('') }, thawed],
    ['a freeze beside the database', { head: named, base: named, baseFiles: freeze('other/') }, thawed],
    [
      'a freeze that stays, and a link to a file',
      {
        head: before,
        baseFiles: { ...freeze('.beads/'), 'MIGRATION-FREEZE': 'link: other' },
        files: freeze('.beads/'),
      },
      [],
    ],
  ])('%s', async (_, changed, expected) => {
    const found = await validateChange({ ...changed, request });
    expect(kinds(found)).toEqual(expected);
    expect(found.result.status).toBe(expected.length === 0 ? 'valid' : 'invalid');
    expect(places(found)).not.toContain('- error base-unreadable');
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['a link', { 'other/.beads/dolt': 'link: ../../private/.beads/dolt' }, 'other/.beads/dolt is a symbolic link'],
    ['a workspace behind a link', { 'other/.beads': 'link: ../private' }, 'other/.beads is a symbolic link'],
  ])('which its base has behind %s, is an error', async (_, baseFiles, reason) => {
    const found = await validateChange({ head: named, base: named, baseFiles, request });
    expect(places(found)).toEqual(['- error base-unreadable']);
    expect(found.result.problems[0]?.message).toContain(reason);
  });

  test('an invalid guard there is an error, as in a run, and a valid one a warning', async () => {
    const broken = { [`other/${CONFIG}`]: 'no-push: yes\n' };
    const invalid = await validateChange({ head: named, base: named, baseFiles: guarded, files: broken });
    expect(places(invalid)).toEqual(['1:10 error config-invalid']);
    const corrected = await validateChange({ head: named, base: named, baseFiles: broken, files: guarded });
    expect(places(corrected)).toEqual(['- warning base-unreadable', '1:1 warning push-disabled']);
  });
});

describe('a pull request that moves the server of bd to one that this tool refuses', () => {
  const metadata = (more: object) => ({
    '.beads/metadata.json': JSON.stringify({ dolt_mode: 'server', dolt_database: 'north', ...more }),
  });
  const evil = { dolt_server_host: 'evil.example', dolt_server_port: 3306 };
  const tls = { ...evil, dolt_server_tls: true };
  const external = (more: object) => ({
    '.beads/metadata.json': '{"dolt_mode": "proxied-server"}',
    '.beads/proxied_server_client_info.json': JSON.stringify({ external: { host: 'evil.example', ...more } }),
  });

  test.each<readonly [string, NonNullable<ChangeCase['files']>, string, boolean]>([
    ['without TLS', metadata(evil), 'evil.example:3306', true],
    [
      'with a command',
      { ...metadata(tls), '.beads/.env': 'BEADS_DOLT_CREDENTIAL_COMMAND=x\n' },
      'evil.example:3306',
      true,
    ],
    ['in .env', { ...metadata({}), '.beads/.env': 'BEADS_DOLT_SERVER_HOST=evil.example\n' }, 'evil.example:3307', true],
    ['at a socket', metadata({ dolt_server_socket: '/tmp/evil.sock' }), '/tmp/evil.sock', false],
    ['behind a proxy, without TLS', external({ port: 3306 }), 'evil.example:3306', true],
    ['behind a proxy, without a port', external({}), 'evil.example:0', true],
    ['behind a proxy, at a socket', external({ socket: '/tmp/evil.sock' }), '/tmp/evil.sock', true],
  ])('%s', async (_, files, after, isRefused) => {
    const found = await validateChange({ head: before, baseFiles: metadata({}), files, request });
    expect(found.result.changes).toContainEqual(expect.objectContaining({ kind: 'new-host', after }));
    expect(found.result.problems.some(({ code }) => code === 'workspace-unknown')).toBe(isRefused);
    expect(found.result.status).toBe('invalid');
  });
});

describe('settings of bd that every run refuses', () => {
  const folder = 'federation:\n  database: ../data/beads';
  const server = 'federation:\n  server: {port: 3306}';
  test.each<readonly [string, string, string, string | null]>([
    ['no JSON', '{', before, 'config-invalid'],
    ['a key in other letters', '{"Dolt_Mode": "server"}', before, 'config-invalid'],
    [
      'an unknown mode, despite a server',
      '{"dolt_mode": "x"}',
      before.replace('federation:', server),
      'workspace-unknown',
    ],
    ['a server without TLS', '{"dolt_mode": "server", "dolt_server_host": "h.example"}', before, 'workspace-unknown'],
    [
      'that server beside another one',
      ...([
        '{"dolt_mode": "server", "dolt_server_host": "h.example"}',
        before.replace('federation:', server),
        null,
      ] as const),
    ],
    ['no JSON beside a named database', '{', before.replace('federation:', folder), null],
  ])('are an error: %s', async (_, written, head, code) => {
    const metadata = { '.beads/metadata.json': written };
    const found = await validateChange({ proposed: null, head, files: metadata });
    const errors = found.result.problems.filter(({ severity }) => severity === 'error');
    expect(errors.map((one) => one.code)).toEqual(code === null ? [] : [code]);
    // They are also those of the base.
    const corrected = await validateChange({ head, base: head, baseFiles: metadata, checkedOut: HEAD, request });
    expect(places(corrected).includes('- error base-unreadable')).toBe(code !== null);
  });
});

describe('an event without a change to compare', () => {
  test.each<readonly [string, ChangeCase['proposed'], readonly string[]]>([
    ['is a notice if it proposes none', null, ['- notice nothing-compared']],
    ['is an error if its payload cannot be read', { kind: 'unread', reason: 'x' }, ['- error base-unreadable']],
  ])('%s', async (_, proposed, expected) => {
    expect(places(await validateChange({ proposed, request }))).toEqual(expected);
    const lenient = await validateChange({ proposed });
    expect(lenient.result.status).toBe('valid');
    expect(lenient.result.changes).toBeUndefined();
  });
});

test('a pull request that changes which issues the JSONL file gets, and where it is, lists that with its line', async () => {
  const files = { '.beads/config.local.yaml': 'types.infra: [role]\n' };
  const leaving = 'export:\n  path: ../public/issues.jsonl\n  exclude_owners: [ann, bob]\n';
  const found = await validateChange({ head: `${before}${leaving}`, base: before, files });
  const shown = ({ result }: Validated) =>
    result.changes?.map((one) => `${one.line} ${one.kind} ${one.setting}: ${one.before} -> ${one.after}`);
  expect(shown(found)).toEqual([
    '8 setting-changed export.exclude_owners: not set -> ann, bob',
    '7 setting-changed export.path: not set -> ../public/issues.jsonl',
    '1 setting-changed types.infra: not set -> role',
  ]);
  expect(shown(await validateChange({ head: before, base: `${before}${leaving}` }))).toHaveLength(2);
  expect(shown(await validateChange({ head: `${before}${leaving}`, base: `${leaving}${before}` }))).toEqual([]);
  // bd and the export do not read them in another file.
  const named = { request: { overrides: { config: 'ci/fed.yaml' } }, head: 'x: 1\n', base: 'x: 1\n' };
  const ofNamed = { files: { 'ci/fed.yaml': `${before}${leaving}` }, baseFiles: { 'ci/fed.yaml': before } };
  expect(shown(await validateChange({ ...named, ...ofNamed }))).toEqual([]);
});
