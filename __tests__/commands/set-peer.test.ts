import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { config } from '../../src/commands/config.ts';
import { type SetPeerRequest, setPeer } from '../../src/commands/set-peer.ts';
import { COMMANDS } from '../../src/contract/commands.ts';
import { PEER_SETTING_NAMES, PEER_SETTINGS } from '../../src/contract/peer-options.ts';
import { setPeerResultSchema } from '../../src/contract/result.ts';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { prepared } from '../helpers/command-line.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TEXT = `# ours
sync: {mode: dolt-native}
federation:
  sovereignty: T1
  peers:
    hub: file:///srv/hub   # the hub
    lake:
      endpoint: s3://bucket/lake   # L
      aws: {region: eu}
    web: https://web.example/db
federation.peers.flat.endpoint: file:///srv/flat
federation.peers.flat.role: backup
`;

async function withFile(folder: TempFolder, text = TEXT): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

/** Runs a command line in a folder. */
async function run(folder: TempFolder, ...argv: string[]) {
  const warnings: string[] = [];
  const { rendered } = await prepared(argv).run(commandContext(folder.path, { warnings }));
  return { json: rendered.json, text: rendered.text({ ...PLAIN_STYLE, showOrigin: false }), warnings };
}

describe('the options of a peer', () => {
  test('exist for both commands, each with its own key', () => {
    const keys = Object.values(PEER_SETTINGS).map(({ path }) => path.join('.'));
    expect(new Set(keys).size).toBe(keys.length);
    for (const command of ['add-peer', 'set-peer'] as const)
      expect(COMMANDS[command].options).toEqual(expect.arrayContaining(PEER_SETTING_NAMES));
  });

  test('are accepted by add-peer, written in the types of the file, and read back one by one', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, 'federation:\n  sovereignty: T2\n  peers: {}\n');
    const flags = [
      '--role',
      'Backup',
      '--tier',
      't1',
      '--lower-tier',
      'true',
      '--branch',
      'side',
      '--conflict',
      'ours',
    ];
    const lists = [
      '--accept',
      'deletion, future',
      '--trust',
      'here, git:*',
      '--timeout',
      '90s',
      '--allowed-hosts',
      'a.example,b.example:8080',
    ];
    const aws = ['--aws-region', 'eu', '--aws-profile', 'p', '--aws-endpoint', 'https://s3.example'];
    const table = ['--aws-path-style', 'true', '--aws-dynamodb-table', 'manifests'];
    const { text, warnings } = await run(
      folder,
      'add-peer',
      'n',
      's3://bucket/n',
      ...flags,
      ...lists,
      ...aws,
      ...table,
    );
    expect(text).toBe(`added peer n (s3://bucket/n) to ${file}\n`);
    expect(warnings).toEqual([
      expect.stringMatching(/^sync-mode: sync\.mode is not set, .*\n.*\nsync:\n {2}mode: dolt-native$/),
    ]);
    expect(await readFile(file, 'utf8')).toBe(
      'federation:\n  sovereignty: T2\n  peers: {n: {endpoint: s3://bucket/n, role: backup, tier: T1, lower-tier: true, branch: side, conflict: ours, accept: [deletion, future], trust: [here, git:*], timeout: 90s, allowed-hosts: [a.example, b.example:8080], aws: {region: eu, profile: p, endpoint: https://s3.example, path-style: true, dynamodb-table: manifests}}}\n',
    );
    const values = await Promise.all(
      [...Object.values(PEER_SETTINGS).map(({ path }) => path.join('.')), 'endpoint'].map(async (option) => {
        const [entry] = await config(
          { key: `federation.peers.n.${option}`, overrides: {} },
          commandContext(folder.path),
        );
        return [option, entry?.value];
      }),
    );
    expect(Object.fromEntries(values)).toEqual({
      endpoint: 's3://bucket/n',
      role: 'backup',
      tier: 'T1',
      'lower-tier': 'true',
      branch: 'side',
      conflict: 'ours',
      accept: 'deletion, future',
      trust: 'here, git:*',
      user: '',
      ref: '',
      timeout: '90s',
      live: 'false',
      'allowed-hosts': 'a.example, b.example:8080',
      'aws.region': 'eu',
      'aws.profile': 'p',
      'aws.endpoint': 'https://s3.example',
      'aws.path-style': 'true',
      'aws.dynamodb-table': 'manifests',
    });
  });
});

describe('set-peer', () => {
  test.each([
    [
      'hub',
      ['--role', 'backup'],
      'hub: file:///srv/hub   # the hub\n',
      'hub:   # the hub\n      endpoint: file:///srv/hub\n      role: backup\n',
    ],
    ['hub', ['--endpoint', 'file:///srv/other'], 'file:///srv/hub', 'file:///srv/other'],
    ['lake', ['--endpoint', 's3://bucket/other'], 's3://bucket/lake', 's3://bucket/other'],
    ['lake', ['--aws-region', 'us'], 'region: eu', 'region: us'],
    ['lake', ['--aws-profile', 'p'], '{region: eu}', '{region: eu, profile: p}'],
    ['lake', ['--unset', 'aws.region'], '      aws: {region: eu}\n', ''],
    ['lake', ['--aws-region', ''], '      aws: {region: eu}\n', ''],
    [
      'web',
      ['--user', 'sync', '--live', 'false'],
      'web: https://web.example/db\n',
      'web:\n      endpoint: https://web.example/db\n      user: sync\n      live: false\n',
    ],
    ['flat', ['--role', 'peer'], 'role: backup\n', 'role: peer\n'],
    ['flat', ['--branch', 'side'], 'role: backup\n', 'role: backup\nfederation.peers.flat.branch: side\n'],
    ['flat', ['--unset', 'role'], 'federation.peers.flat.role: backup\n', ''],
  ])('%s %j changes only these values', async (name, argv, from, to) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const { json, text } = await run(folder, 'set-peer', name, ...argv);
    expect(setPeerResultSchema.parse(json)).toEqual({ name, status: 'changed', file });
    expect(text).toBe(`changed peer ${name} in ${file}\n`);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(from, to));
  });

  test('does not write an unchanged value', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const before = await stat(file);
    for (const argv of [
      ['--role', 'backup'],
      ['--unset', 'tier'],
    ]) {
      const { json, text } = await run(folder, 'set-peer', 'flat', ...argv);
      expect(json).toEqual({ name: 'flat', status: 'unchanged', file });
      expect(text).toBe(`peer flat has these options already: ${file} is unchanged\n`);
    }
    expect((await stat(file)).ino).toBe(before.ino);
  });

  test('warns of an address that another peer has, and of a tier that every run refuses', async () => {
    await using folder = await tempFolder();
    await withFile(folder);
    const { warnings } = await run(folder, 'set-peer', 'hub', '--endpoint', 'file:///srv/flat', '--tier', 'T3');
    expect(warnings).toEqual([
      expect.stringMatching(/^hub has the tier T3/),
      'hub and flat have the same endpoint and branch; each run contacts it twice',
    ]);
  });

  test.each([
    ['hub', [], 'bad-usage', 'there is nothing to change'],
    ['hub', ['--role', 'boss'], 'bad-usage', '--role is'],
    ['hub', ['--role', 'peer', '--unset', 'role'], 'bad-usage', '--role has a value'],
    ['hub', ['--unset', 'endpoint'], 'bad-usage', '--unset contains "endpoint"'],
    ['absent', ['--role', 'peer'], 'unknown-peer', 'there is no peer "absent"'],
    ['origin', ['--role', 'peer'], 'invalid-peer-name', '"origin" is the primary'],
    ['hub', ['--user', 'sync'], 'config-invalid', '`user` has no effect'],
    ['hub', ['--accept', 'all'], 'config-invalid', '"all" is not one of'],
    ['hub', ['--endpoint', 'https://u:p@web.example/db'], 'secret-in-config', 'a password'],
    ['hub', ['--endpoint', '/srv/hub'], 'invalid-endpoint', 'invalid endpoint format "/srv/hub"'],
    ['web', ['--user', `ghp_${'a'.repeat(36)}`], 'secret-in-config', 'the user is an access token'],
  ])('%s %j is refused and changes nothing', async (name, argv, code, message) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const failure = await refusal(() => run(folder, 'set-peer', name, ...argv));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message), location: null });
    if (code === 'invalid-endpoint') expect(failure.hint).toMatch(/^Did you mean `file:\/\/\/srv\/hub`\? /);
    expect(await readFile(file, 'utf8')).toBe(TEXT);
  });

  test('an invalid file is named with the place', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, 'federation:\n  dirty: never\n  peers: {hub: "file:///srv/hub"}\n');
    const request: SetPeerRequest = {
      name: 'hub',
      endpoint: 'file:///srv/x',
      changes: { set: [], unset: [] },
      overrides: {},
      dolt: { source: 'auto' },
    };
    const failure = await refusal(() => setPeer(request, commandContext(folder.path)));
    expect(failure).toMatchObject({ code: 'config-invalid', location: { file, line: 2, column: 10 } });
  });
});
