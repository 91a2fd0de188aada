import { describe, expect, test } from '@jest/globals';
import { checkCredential } from '../../../src/commands/doctor/credential-check.ts';
import { checkCapabilities } from '../../../src/commands/doctor/dolt-check.ts';
import { parseSshSettings, sshHost } from '../../../src/commands/doctor/known-hosts-check.ts';
import { checkRunner, neededPrograms } from '../../../src/commands/doctor/machine-check.ts';
import { judgeFolder } from '../../../src/commands/doctor/peer-check.ts';
import { checkProxy } from '../../../src/commands/doctor/proxy-check.ts';
import type { Env } from '../../../src/core/env.ts';
import { parseCredentials } from '../../../src/credentials/parse.ts';
import { configure } from '../../helpers/configuring.ts';

const peersOf = (peers: string) => configure(`federation: {peers: ${peers}}`).peers;

describe('the proxy of the job', () => {
  const PROXY = { HTTPS_PROXY: 'http://user:word@proxy.example:3128' };
  const through = "ok: reached through the job's proxy proxy.example:3128: names are checked, and addresses cannot be";
  test.each<[string, Env, string | null]>([
    ['https://h/db', {}, null],
    ['https://h/db', PROXY, through],
    ['https://h/db', { ...PROXY, NO_PROXY: 'h' }, null],
    ['https://h/o/r.git', PROXY, through],
    ['s3://b/p', PROXY, through],
    ['s3://b/p', { ...PROXY, NO_PROXY: '.amazonaws.com' }, null],
    ['gs://b/p', PROXY, through],
    ['dolthub://o/r', PROXY, through],
    ['ssh://h/p', PROXY, null],
    ['file:///srv/a', PROXY, null],
    [
      'https://h/db',
      { HTTPS_PROXY: 'socks5://p' },
      'missing: HTTPS_PROXY names a proxy of the kind socks5:// and only http is supported',
    ],
  ])('%s with %j: %s', (peer, env, expected) => {
    const [found] = peersOf(`{a: "${peer}"}`);
    const check = found === undefined ? null : checkProxy(found, env);
    expect(check === null ? null : `${check.status}: ${check.message}`).toBe(expected);
  });
});

describe('credentials', () => {
  /** `status: message` for the one peer `a`; null where it takes no credential. */
  function credential(peer: string, { entry = '', env = {} as Env, userHome = false } = {}): string | null {
    const [found] = peersOf(`{a: ${peer}}`);
    if (found === undefined) throw new Error('no peer');
    const entries = parseCredentials({ text: entry, name: 'test' }, env);
    const job = { env, userHome, dolthubHost: 'doltremoteapi.dolthub.com' };
    const check = checkCredential(found, entries.get('a') ?? null, job);
    if (check?.status === 'missing') expect(check.cure).not.toBe('');
    return check === null ? null : `${check.status}: ${check.message}`;
  }

  test.each([
    ['file:///srv/a', null],
    ['git+file:///srv/a', null],
    ['https://h/db', 'unknown: no entry; enough where the server lets anybody in'],
    ['{endpoint: "https://h/db", user: u}', 'missing: the user u is configured, and nobody gave the password'],
    ['dolthub://o/r', 'missing: no entry, and DoltHub takes no push without one'],
    ['{endpoint: "dolthub://o/r", role: upstream}', 'unknown: no entry; enough where the server lets anybody in'],
    ['s3://b/p', 'missing: no entry, and the job has no AWS credentials of its own'],
    ['"aws://[t:b]/p"', 'missing: no entry, and the job has no AWS credentials of its own'],
    ['{endpoint: s3://b/p, aws: {profile: ci}}', 'unknown: the AWS profile ci, which is read when the peer is reached'],
    ['gs://b/p', 'missing: no entry, and the job has no GOOGLE_APPLICATION_CREDENTIALS'],
    ['ssh://h/p', 'missing: no entry and no ssh agent'],
    ['git@h:p', 'missing: no entry and no ssh agent'],
    ['https://h/p.git', 'unknown: no entry; enough to read a public repository, a push needs one'],
    ['{endpoint: "https://h/p.git", role: upstream}', 'ok: no entry; enough to read a public repository'],
    ['az://h/c/p', 'unknown: no entry; this kind of remote is not tested'],
    ['oci://b/p', 'unknown: no entry; this kind of remote is not tested'],
  ])('%s without an entry: %s', (peer, found) => {
    expect(credential(peer)).toBe(found);
  });

  const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  test.each([
    ['s3://b/p', KEYS, 'ok: keys of the job'],
    ['s3://b/p', { AWS_ACCESS_KEY_ID: 'a' }, 'missing: no entry, and the job has no AWS credentials of its own'],
    ['s3://b/p', { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn' }, 'ok: a role of the job'],
    ['s3://b/p', { AWS_PROFILE: 'x' }, 'unknown: the AWS profile x, which is read when the peer is reached'],
    [
      '{endpoint: s3://b/p, aws: {endpoint: "https://s3.example"}}',
      KEYS,
      'missing: no entry; those of the job go to Amazon and to the service that it names, not to https://s3.example',
    ],
    [
      '{endpoint: s3://b/p, aws: {endpoint: "http://127.0.0.1:9"}}',
      { ...KEYS, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9/' },
      'ok: keys of the job',
    ],
    ['{endpoint: s3://b/p, aws: {endpoint: "https://s3.eu-west-1.amazonaws.com"}}', KEYS, 'ok: keys of the job'],
    ['gs://b/p', { GOOGLE_APPLICATION_CREDENTIALS: '/g.json' }, 'ok: those of the job'],
    ['gs://b/p', { STORAGE_EMULATOR_HOST: '127.0.0.1:1' }, 'ok: none needed by the emulator of the job'],
    ['ssh://h/p', { SSH_AUTH_SOCK: '/s' }, 'ok: the ssh agent of the job'],
  ])('%s with %j: %s', (peer, env, found) => {
    expect(credential(peer, { env })).toBe(found);
  });

  test('the keys of a user at home may do', () => {
    expect(credential('ssh://h/p', { userHome: true })).toMatch(/^unknown: no entry and no ssh agent; the keys of/);
  });

  test('an entry counts where it was given for this endpoint', () => {
    const entry = 'a: {url: "https://h", user: u, password: hunter2}';
    expect(credential('https://h/db', { entry })).toBe('ok: an entry: `user` and `password`, for https remotes');
    expect(credential('https://other/db', { entry })).toMatch(
      /^missing: the credentials of peer a are for https:\/\/h/,
    );
    expect(credential('gs://h/db', { entry: entry.replace('https:', 'gs:') })).toMatch(
      /^missing: .* do not fit its gs/,
    );
  });
});

describe('the runner', () => {
  const actions = { GITHUB_ACTIONS: 'true' };
  test.each([
    [{}, '/home/r/runners/2.300.0/externals/node20/bin/node', 24, null],
    [actions, '/home/r/runners/2.327.1/externals/node24/bin/node', 24, 'ok: version 2.327.1'],
    [actions, 'C:\\actions\\2.330.0\\externals\\node24\\bin\\node.exe', 24, 'ok: version 2.330.0'],
    [actions, '/r/2.326.0/externals/node20/bin/node', 20, 'missing: version 2.326.0, and node24 needs 2.327.1'],
    [actions, '/r/actions-runner/externals/node24/bin/node', 24, 'ok: brings node 24, as 2.327.1 and newer do'],
    [
      actions,
      '/r/actions-runner/externals/node20/bin/node',
      20,
      'unknown: its version is not told here; node24 needs 2.327.1',
    ],
    [actions, '/usr/bin/node', 24, 'unknown: its version is not told here; node24 needs 2.327.1'],
  ])('%j %s: %s', (env, path, major, found) => {
    const check = checkRunner(env, { path, major });
    expect(check === null ? null : `${check.status}: ${check.message}`).toBe(found);
  });
});

describe('ssh', () => {
  test.each([
    ['ssh://u@h.example:2222/srv/db', { name: 'h.example', port: 2222 }],
    ['git+ssh://git@h/./o/r.git', { name: 'h', port: 22 }],
    ['ssh://h/p', { name: 'h', port: 22 }],
    ['https://h/p', null],
  ])('%s', (url, host) => {
    expect(sshHost(url)).toEqual(host);
  });

  test('what ssh -G prints', () => {
    const printed =
      'user me\nhostname real.example\nport 2200\nuserknownhostsfile ~/.ssh/known_hosts /dev/null\nglobalknownhostsfile /etc/ssh/known\n';
    const files = ['/home/me/.ssh/known_hosts', '/etc/ssh/known'];
    expect(parseSshSettings(printed, '/home/me')).toEqual({ host: { name: 'real.example', port: 2200 }, files });
    expect(parseSshSettings(`${printed}hostkeyalias other\n`, '/home/me')?.host.name).toBe('other');
    expect(parseSshSettings('usage: ssh', '/home/me')).toBeNull();
  });

  test.each([
    ['{a: file:///a}', []],
    ['{a: git+file:///a}', ['git']],
    ['{a: https://h/p.git}', ['git']],
    ['{a: ssh://h/p}', ['ssh']],
    ['{a: git@h:p, b: ssh://h/p}', ['git', 'ssh']],
  ])('the programs of %s', (peers, programs) => {
    expect(neededPrograms(peersOf(peers))).toEqual(programs);
  });
});

describe('the folder of a peer', () => {
  const judged = (role: 'peer' | 'upstream', isThere: boolean, isWritable: boolean) =>
    judgeFolder({ name: 'a', role }, { folder: '/srv/a', isThere, isWritable });
  test.each([
    ['peer', true, true, 'ok', '/srv/a'],
    ['peer', true, false, 'missing', 'this user may not write /srv/a'],
    ['peer', false, true, 'ok', '/srv/a does not exist yet; the first push creates it'],
    ['peer', false, false, 'missing', 'this user may not write /srv/a'],
    ['upstream', true, false, 'ok', '/srv/a'],
    ['upstream', false, true, 'missing', '/srv/a does not exist, and this peer is only read'],
  ] as const)('%s, there %s, writable %s: %s', (role, isThere, isWritable, status, message) => {
    expect(judged(role, isThere, isWritable)).toMatchObject({ status, message });
  });
});

test('capabilities: what the merge needs, and a way to every s3 peer', () => {
  const peers = peersOf('{a: file:///a, b: s3://b/p, c: {endpoint: s3://b/p, aws: {dynamodb-table: manifests}}}');
  const told = (can: Parameters<typeof checkCapabilities>[0]) =>
    checkCapabilities(can, peers, []).map(({ peer, status, message }) => [peer, status, message]);
  expect(told({ s3: true, committer: true })).toEqual([
    [null, 'ok', 'sets who commits; knows s3://'],
    ['b', 'ok', 'is s3://b/p for this Dolt'],
    ['c', 'ok', 'is s3://b/p for this Dolt'],
  ]);
  expect(told({ s3: false, committer: false })).toEqual([
    [null, 'missing', 'this Dolt cannot say who commits and when, so merges of towns would differ'],
    ['b', 'missing', 'peer b: this Dolt does not know s3:// (2.3.0 does not)'],
    ['c', 'ok', 'is aws://[manifests:b]/p for this Dolt'],
  ]);
  expect(told(null)).toEqual([[null, 'unknown', 'there is no Dolt to ask']]);
});
