import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { SERVER_KEYS } from '../../src/config/server.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { PEER_SETTINGS } from '../../src/contract/peer-options.ts';
import { configEditResultSchema } from '../../src/contract/result.ts';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { prepared } from '../helpers/command-line.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TEXT = `# bd
no-push:   false  # team
sync.mode: "dolt-native"   # flat
federation:
  dirty:   fail
  peers:
    hub: file:///srv/hub
`;

async function withFile(folder: TempFolder, text = TEXT): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

async function run(folder: TempFolder, ...argv: string[]) {
  const { rendered } = await prepared(['config', ...argv]).run(commandContext(folder.path));
  return { json: rendered.json, text: rendered.text({ ...PLAIN_STYLE, showOrigin: true }) };
}

describe('config set', () => {
  test.each([
    ['sync.mode', 'belt-and-suspenders', '"dolt-native"', '"belt-and-suspenders"'],
    ['federation.dirty', 'allow', ':   fail', ':   allow'],
    ['federation.push', 'true', '/hub\n', '/hub\n  push: true\n'],
    ['federation.plain-hosts', 'a.example b.example', '/hub\n', '/hub\n  plain-hosts: [a.example, b.example]\n'],
    ['federation.server.port', '3307', '/hub\n', '/hub\n  server:\n    port: 3307\n'],
    ['federation.peers.hub', 'file:///srv/other', '/hub', '/other'],
    ['federation.peers.hub.endpoint', 'file:///srv/other', '/hub', '/other'],
  ])('writes %s %s', async (key, value, from, to) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const { json, text } = await run(folder, 'set', key, value);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(from, to));
    expect(configEditResultSchema.parse(json)).toEqual({ key, value, status: 'changed', file });
    expect(text).toBe(`set ${key} = ${value} in ${file}\n`);
  });

  test('writes lists and booleans in their types, and creates a missing file', async () => {
    await using folder = await tempFolder();
    await run(folder, 'set', 'federation.plain-hosts', 'a.example, b.example');
    await run(folder, 'set', 'federation.allowed-remote-patterns', '["file:///srv/*", "https://*/*"]');
    await run(folder, 'set', 'federation.push', 'False');
    await run(folder, 'set', 'federation.inbox', 'true');
    await run(folder, 'set', 'conflict.strategy', 'manual');
    expect(await readFile(folder.file('.beads/config.yaml'), 'utf8')).toBe(
      `sync:
  mode: dolt-native

federation:
  plain-hosts: [a.example, b.example]
  allowed-remote-patterns: [file:///srv/*, https://*/*]
  push: false
  inbox: true

conflict:
  strategy: manual
`,
    );
    await run(folder, 'set', 'federation.inbox', 'north,south');
    expect((await run(folder, 'get', 'federation.inbox')).text).toMatch(/:8:3 {2}north, south\n$/);
    const again = await run(folder, 'set', 'federation.push', 'false');
    expect(again.text).toBe(
      `federation.push has this value already: ${folder.file('.beads/config.yaml')} is unchanged\n`,
    );
  });

  test.each([
    ['federation.dirty', 'never', 'config-invalid', '"never" is not one of'],
    ['federation.push', 'perhaps', 'config-invalid', '"perhaps" is not true or false'],
    ['federation.remote', 'https://u:secret@h/x', 'secret-in-config', 'a password'],
    ['federation.town', `ghp_${'a'.repeat(36)}`, 'secret-in-config', 'an access token'],
    ['federation.peers.hub.password', 'x', 'config-unknown-key', 'federation.peers.hub.password'],
    ['federation.remote', '~/x', 'invalid-endpoint', 'invalid endpoint format "~/x"'],
    ['federation.soverignty', 'T1', 'config-unknown-key', 'federation.soverignty'],
    ['federation.peers.hub.rol', 'peer', 'config-unknown-key', 'federation.peers.hub.rol'],
    ['federation.peers.hub.aws', 'x', 'bad-usage', 'federation.peers.hub.aws has several keys'],
    ['federation.peers.hub.aws.zone', 'x', 'config-unknown-key', 'federation.peers.hub.aws.zone'],
    ['federation.peers.hub.erasure', 'x', 'not-supported', 'erasure'],
    ['federation.server', 'x', 'bad-usage', 'federation.server has several keys'],
    ['federation.server.port', 'high', 'config-invalid', 'must be a port number'],
    ['federation.server.host', 'db.example', 'bad-usage', 'needs the port of the server first'],
    ['federation.server.prot', '3306', 'config-unknown-key', 'federation.server.prot'],
    ['federation.server.port.x', '3306', 'config-unknown-key', 'federation.server.port.x'],
    ['federation.database', '.', 'no-database', 'does not contain a Dolt database'],
    ['federation.peers', 'x', 'config-unknown-key', 'federation.peers'],
    ['federation.peers.far', 'file:///srv/far', 'unknown-peer', 'there is no peer "far"'],
    ['federation.peers.a b', 'file:///srv/far', 'invalid-peer-name', '"a b"'],
    ['sync.branch', 'x', 'config-unknown-key', 'no effect on dolt-federation'],
    ['no-push', 'true', 'config-unknown-key', 'no-push'],
    ['federation.dirty.x', 'fail', 'config-unknown-key', 'federation.dirty.x'],
    ['federation.dirty', '', 'bad-usage', 'needs a value'],
  ])('%s %s is refused and changes nothing', async (key, value, code, message) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const failure = await refusal(() => run(folder, 'set', key, value));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message), location: null });
    expect(`${failure.message} ${failure.hint}`).not.toContain('secret@');
    if (key === 'federation.soverignty') expect(failure.hint).toContain('federation.sovereignty');
    if (key.endsWith('password')) expect(failure.hint).toContain('dolt-federation help credentials');
    expect(await readFile(file, 'utf8')).toBe(TEXT);
  });

  test('an invalid file is not changed, and the place of the mistake is named', async () => {
    await using folder = await tempFolder();
    const text = 'federation:\n  dirt: fail\n';
    const file = await withFile(folder, text);
    const failure = await refusal(() => run(folder, 'set', 'federation.push', 'true'));
    expect(failure).toMatchObject({ code: 'config-unknown-key', location: { file, line: 2, column: 3 } });
    expect(failure.hint).toMatch(/^Did you mean `federation\.dirty`\?.* a command only writes a valid one\./);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test.each(['true', 'false'])('an invalid variable is named without advice about the file: %s', async (value) => {
    await using folder = await tempFolder();
    await withFile(folder, 'federation:\n  push: true\n');
    const context = commandContext(folder.path, { env: { BD_NO_PUSH: 'maybe' } });
    const failure = await refusal(() => prepared(['config', 'set', 'federation.push', value]).run(context));
    expect(failure).toMatchObject({ code: 'config-invalid', message: 'BD_NO_PUSH is "maybe", not true or false' });
    expect(failure.hint).toBe('Set it to `true` or `false`, or unset it. bd reads any other value as false.');
  });
});

test('config set federation.database resolves the path from the folder of the file, and accepts one that does not exist yet', async () => {
  await using folder = await tempFolder();
  const file = await withFile(folder);
  await mkdir(folder.file('db', '.dolt', 'noms'), { recursive: true });
  const warnings: string[] = [];
  const set = (value: string) =>
    prepared(['config', 'set', 'federation.database', value]).run(commandContext(folder.path, { warnings }));
  await set('../db');
  expect(warnings).toEqual([]);
  // As seen from the working directory.
  await set('db');
  await set('../new');
  expect(warnings).toEqual([
    expect.stringMatching(/"db" in `federation.database` does not exist .* Did you mean `\.\.\/db`\?/),
    expect.stringMatching(/"\.\.\/new" in `federation.database` does not exist/),
  ]);
  expect(await readFile(file, 'utf8')).toBe(`${TEXT}  database: ../new\n`);
});

/** A value for every key that `config set` takes; a server has its port. */
const VALUES: Readonly<Record<(typeof SETTINGS)[keyof typeof SETTINGS]['key'], string>> = {
  'sync.mode': 'belt-and-suspenders',
  'federation.remote': 'file:///srv/north',
  'federation.sovereignty': 'T1',
  'federation.allowed-remote-patterns': 'file:///srv/*',
  'federation.dirty': 'commit',
  'federation.town': 'north',
  'federation.inbox': 'true',
  'federation.plain-hosts': 'a.example',
  'federation.database': '../db',
  'federation.server': '',
  'federation.push': 'true',
  'federation.register': 'run',
  'federation.attribution': 'off',
  'conflict.strategy': 'manual',
};
const SERVER_VALUES: Readonly<Record<(typeof SERVER_KEYS)[number], string>> = {
  port: '3307',
  host: 'localhost',
  user: 'sync',
  database: 'north',
  remotesapi: '50051',
  tls: 'false',
};
const PEER_VALUES: Readonly<Record<string, string>> = {
  role: 'backup',
  tier: 'T1',
  'lower-tier': 'true',
  branch: 'stable',
  conflict: 'ours',
  accept: 'deletion',
  trust: 'north',
  timeout: '90s',
  'aws.region': 'eu-west-1',
  'aws.profile': 'p',
  'aws.endpoint': 'https://s3.example',
  'aws.path-style': 'true',
  'aws.dynamodb-table': 'manifests',
};
/** Options of other kinds of endpoints. */
const OTHER_PEERS: readonly (readonly [option: string, value: string, endpoint: string])[] = [
  ['user', 'sync', 'https://dolt.example:50051/db'],
  ['live', 'false', 'https://dolt.example:50051/db'],
  ['allowed-hosts', 'b.example', 'https://dolt.example:50051/db'],
  ['ref', 'refs/dolt/x', 'git@git.example:a/b'],
];

describe('each key that config set writes', () => {
  test('has a value in the table of this test', () => {
    expect(Object.keys(VALUES).sort()).toEqual(
      Object.values(SETTINGS)
        .map(({ key }) => key)
        .sort(),
    );
    const options = [...Object.keys(PEER_VALUES), ...OTHER_PEERS.map(([option]) => option)];
    expect(options.sort()).toEqual(
      Object.values(PEER_SETTINGS)
        .map(({ path }) => path.join('.'))
        .sort(),
    );
  });

  const BEFORE = 'sync: {mode: dolt-native}\nfederation:\n  town: own\n';
  const peerAt = (endpoint: string) => `${BEFORE}  peers:\n    hub:\n      endpoint: ${endpoint}\n`;
  const ofPeer = (option: string, value: string, endpoint: string) =>
    [`federation.peers.hub.${option}`, value, peerAt(endpoint)] as const;
  const lake = 'aws://[manifests:bucket]/db';
  test.each<readonly [key: string, value: string, before: string]>([
    ...Object.entries(VALUES).flatMap(([key, value]) => (value === '' ? [] : [[key, value, BEFORE] as const])),
    ...Object.entries(SERVER_VALUES).map(([option, value]) => {
      const server = option === 'port' ? '' : '  server:\n    port: 3306\n';
      return [`federation.server.${option}`, value, BEFORE + server] as const;
    }),
    ...Object.entries(PEER_VALUES).map(([option, value]) =>
      ofPeer(option, value, option.startsWith('aws') ? 's3://bucket/db' : 'file:///srv/hub'),
    ),
    ...OTHER_PEERS.map((other) => ofPeer(...other)),
  ])('can be read and removed: %s %s', async (key, value, before) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('db', '.dolt', 'noms'), { recursive: true });
    const file = await withFile(folder, before);
    const standard = (await run(folder, 'get', key)).text;
    await run(folder, 'set', key, value);
    expect((await run(folder, 'get', key)).text).toMatch(new RegExp(`^file:.* ${value.replaceAll('*', '\\*')}\n$`));
    await run(folder, 'unset', key);
    const rest = await run(folder, 'get', key);
    expect(rest.text).toMatch(/^default/);
    // These keys, or their section, are in the file before or stay.
    if (['sync.mode', 'federation.town', 'conflict.strategy'].includes(key)) return;
    expect([await readFile(file, 'utf8'), rest.text]).toEqual([before, standard]);
  });

  test.each([
    ['federation.server', '  server: {port: 3306, host: localhost}\n', '', ''],
    ['federation.server', '  server:\n    port: 3306\n    user: sync\n', '', ''],
    ['federation.server', '', 'federation.server.port: 3306\nfederation.server.user: sync\n', ''],
    ['federation.server.port', '  server: {port: 3306}\n', '', ''],
    ['federation.server.user', '  server: {port: 3306, user: sync}\n', '', '  server: {port: 3306}\n'],
    [
      'federation.peers.hub.aws',
      `  peers: {hub: {endpoint: "${lake}", aws: {region: r}}}\n`,
      '',
      `  peers: {hub: {endpoint: "${lake}"}}\n`,
    ],
  ])('can be removed: %s from %j', async (key, nested, flat, left) => {
    await using folder = await tempFolder();
    const file = await withFile(folder, BEFORE + nested + flat);
    await run(folder, 'unset', key);
    expect(await readFile(file, 'utf8')).toBe(BEFORE + left);
  });

  test('except the port can be removed while other keys of the server need it', async () => {
    await using folder = await tempFolder();
    await withFile(folder, `${BEFORE}  server: {port: 3306, user: sync}\n`);
    const failure = await refusal(() => run(folder, 'unset', 'federation.server.port'));
    expect(failure).toMatchObject({
      code: 'bad-usage',
      hint: 'To remove the server: dolt-federation config unset federation.server',
    });
  });
});

describe('config unset', () => {
  test.each([
    ['sync.mode', 'sync.mode: "dolt-native"   # flat\n'],
    ['federation.dirty', '  dirty:   fail\n'],
  ])('removes %s', async (key, line) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const { json, text } = await run(folder, 'unset', key);
    expect(configEditResultSchema.parse(json)).toEqual({ key, value: null, status: 'changed', file });
    expect(text).toBe(`removed ${key} from ${file}\n`);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(line, ''));
    expect((await run(folder, 'unset', key)).text).toBe(`${key} is not set in ${file}\n`);
  });

  test('removes an option of a peer, but not its endpoint', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    await run(folder, 'set', 'federation.peers.hub.role', 'backup');
    expect((await run(folder, 'get', 'federation.peers.hub.role')).text).toBe(`file:${file}:9:7  backup\n`);
    await run(folder, 'unset', 'federation.peers.hub.role');
    expect((await run(folder, 'get', 'federation.peers.hub.role')).text).toBe('default  peer\n');
    for (const key of ['federation.peers.hub', 'federation.peers.hub.endpoint']) {
      const failure = await refusal(() => run(folder, 'unset', key));
      expect(failure).toMatchObject({ code: 'bad-usage', hint: 'To remove the peer: dolt-federation remove-peer hub' });
    }
    expect((await refusal(() => run(folder, 'get', 'federation.peers.hub.rol'))).code).toBe('config-unknown-key');
  });

  test('creates nothing if the file does not exist', async () => {
    await using folder = await tempFolder();
    for (const key of ['federation.dirty', 'sync.mode'])
      expect((await run(folder, 'unset', key)).text).toBe('there is no configuration file\n');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
