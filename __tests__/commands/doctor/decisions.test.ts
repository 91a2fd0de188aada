import { describe, expect, test } from '@jest/globals';
import { checkCredential } from '../../../src/commands/doctor/credential-check.ts';
import { checkCapabilities } from '../../../src/commands/doctor/dolt-check.ts';
import { parseSshSettings, sshHost } from '../../../src/commands/doctor/known-hosts-check.ts';
import { checkRunner, neededPrograms } from '../../../src/commands/doctor/machine-check.ts';
import { judgeFolder } from '../../../src/commands/doctor/peer-check.ts';
import { checkProxy } from '../../../src/commands/doctor/proxy-check.ts';
import { DOLTHUB_HOST } from '../../../src/config/endpoint/options.ts';
import type { Env } from '../../../src/core/env.ts';
import { parseCredentials } from '../../../src/credentials/parse.ts';
import { configure } from '../../helpers/configuring.ts';

const peersOf = (peers: string) => configure(`federation: {peers: ${peers}}`).peers;

describe('the proxy of the job', () => {
  const PROXY = { HTTPS_PROXY: 'http://user:word@proxy.example:3128' };
  const through = "ok: runs use the job's proxy proxy.example:3128: they check host names but cannot check addresses";
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
      { HTTPS_PROXY: 'http://user:w%zz@proxy.example' },
      'missing: the user or password in HTTPS_PROXY has a "%" that begins no percent-encoded character: write it as %25',
    ],
    [
      'https://h/db',
      { HTTPS_PROXY: 'socks5://p' },
      'missing: HTTPS_PROXY names a socks5:// proxy, but only http proxies are supported',
    ],
  ])('%s with %j: %s', (peer, env, expected) => {
    const [found] = peersOf(`{a: "${peer}"}`);
    const check = found === undefined ? null : checkProxy(found, env);
    expect(check === null ? null : `${check.status}: ${check.message}`).toBe(expected);
  });
});

describe('credentials', () => {
  /** `status: message` for the one peer `a`; null if it needs no credential. */
  function credential(peer: string, { entry = '', env = {} as Env, userHome = false } = {}): string | null {
    const [found] = peersOf(`{a: ${peer}}`);
    if (found === undefined) throw new Error('no peer');
    const entries = parseCredentials({ text: entry, name: 'test' }, env);
    const job = { env, userHome };
    const check = checkCredential(job, found, entries.get('a') ?? null, DOLTHUB_HOST);
    if (check?.status === 'missing') expect(check.cure).not.toBe('');
    return check === null ? null : `${check.status}: ${check.message}`;
  }

  test.each([
    ['file:///srv/a', null],
    ['git+file:///srv/a', null],
    ['https://h/db', 'unknown: no credentials; fine if the server allows anonymous access'],
    ['{endpoint: "https://h/db", user: u}', 'missing: the user u is configured without a password'],
    ['dolthub://o/r', 'missing: no credentials, and DoltHub requires them for a push'],
    [
      '{endpoint: "dolthub://o/r", role: upstream}',
      'unknown: no credentials; fine if the server allows anonymous access',
    ],
    ['s3://b/p', 'missing: no credentials, and the job has no AWS credentials'],
    ['"aws://[t:b]/p"', 'missing: no credentials, and the job has no AWS credentials'],
    [
      '{endpoint: s3://b/p, aws: {profile: ci}}',
      'unknown: the AWS profile ci, which a run reads when it connects to the peer',
    ],
    ['gs://b/p', 'missing: no credentials, and the job has no GOOGLE_APPLICATION_CREDENTIALS'],
    ['ssh://h/p', 'missing: no credentials and no ssh agent'],
    ['git@h:p', 'missing: no credentials and no ssh agent'],
    ['https://h/p.git', 'unknown: no credentials; fine for reading a public repository, but a push needs them'],
    ['{endpoint: "https://h/p.git", role: upstream}', 'ok: no credentials; fine for reading a public repository'],
    ['az://h/c/p', 'unknown: no credentials; dolt-federation does not check this kind of remote'],
    ['oci://b/p', 'unknown: no credentials; dolt-federation does not check this kind of remote'],
  ])('%s without an entry: %s', (peer, found) => {
    expect(credential(peer)).toBe(found);
  });

  const ROLE = { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn' };
  const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' };
  test.each([
    ['s3://b/p', KEYS, 'ok: the keys of the job'],
    ['s3://b/p', { AWS_ACCESS_KEY_ID: 'a' }, 'missing: no credentials, and the job has no AWS credentials'],
    ['s3://b/p', { ...ROLE, AWS_REGION: 'eu-west-1' }, 'ok: the role of the job'],
    ['s3://b/p', ROLE, 'missing: a has no AWS region'],
    ['{endpoint: s3://b/p, aws: {region: eu-west-1}}', ROLE, 'ok: the role of the job'],
    ['s3://b/p', { AWS_PROFILE: 'x' }, 'unknown: the AWS profile x, which a run reads when it connects to the peer'],
    [
      '{endpoint: s3://b/p, aws: {endpoint: "https://s3.example"}}',
      KEYS,
      'missing: no credentials; those of the job are only for Amazon and the service that the job configures, not for https://s3.example',
    ],
    [
      '{endpoint: s3://b/p, aws: {endpoint: "http://127.0.0.1:9"}}',
      { ...KEYS, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9/' },
      'ok: the keys of the job',
    ],
    ['{endpoint: s3://b/p, aws: {endpoint: "https://s3.eu-west-1.amazonaws.com"}}', KEYS, 'ok: the keys of the job'],
    ['gs://b/p', { GOOGLE_APPLICATION_CREDENTIALS: '/g.json' }, 'ok: the credentials of the job'],
    ['gs://b/p', { STORAGE_EMULATOR_HOST: '127.0.0.1:1' }, 'ok: the emulator of the job needs none'],
    ['ssh://h/p', { SSH_AUTH_SOCK: '/s' }, 'ok: the ssh agent of the job'],
  ])("%s with the job's %j: %s", (peer, env, found) => {
    expect(credential(peer, { env })).toBe(found);
  });

  test('the ssh keys in the home folder of a user may suffice', () => {
    expect(credential('ssh://h/p', { userHome: true })).toMatch(
      /^unknown: no credentials and no ssh agent; your default ssh keys/,
    );
  });

  test('an entry counts only if its url covers the endpoint', () => {
    const entry = 'a: {url: "https://h", user: u, password: hunter2}';
    expect(credential('https://h/db', { entry })).toBe('ok: configured: `user` and `password`, for https remotes');
    expect(credential('https://other/db', { entry })).toMatch(
      /^missing: the credentials of peer a are only for https:\/\/h/,
    );
    expect(credential('gs://h/db', { entry: entry.replace('https:', 'gs:') })).toMatch(
      /^missing: .* do not match its gs/,
    );
  });
});

describe('the runner', () => {
  const actions = { GITHUB_ACTIONS: 'true' };
  test.each([
    [{}, '/home/r/runners/2.300.0/externals/node20/bin/node', 24, null],
    [actions, '/home/r/runners/2.327.1/externals/node24/bin/node', 24, 'ok: version 2.327.1'],
    [actions, 'C:\\actions\\2.330.0\\externals\\node24\\bin\\node.exe', 24, 'ok: version 2.330.0'],
    [actions, '/r/2.326.0/externals/node20/bin/node', 20, 'missing: version 2.326.0, but node24 needs 2.327.1'],
    [actions, '/r/actions-runner/externals/node24/bin/node', 24, 'ok: includes node 24, so it is 2.327.1 or newer'],
    [
      actions,
      '/r/actions-runner/externals/node20/bin/node',
      20,
      "unknown: the runner's version is unknown; node24 needs 2.327.1",
    ],
    [actions, '/usr/bin/node', 24, "unknown: the runner's version is unknown; node24 needs 2.327.1"],
  ])('is checked: %j %s: %s', (env, path, major, found) => {
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
  ])('connects to the host of %s', (url, host) => {
    expect(sshHost(url)).toEqual(host);
  });

  test('reads the output of ssh -G', () => {
    const printed =
      'user me\nhostname real.example\nport 2200\nuserknownhostsfile ~/.ssh/known_hosts /dev/null\nglobalknownhostsfile /etc/ssh/known\n';
    const files = ['/home/me/.ssh/known_hosts', '/etc/ssh/known'];
    expect(parseSshSettings(printed, '/home/me')).toEqual({ host: { name: 'real.example', port: 2200 }, files });
    expect(parseSshSettings(`${printed}hostkeyalias other\n`, '/home/me')?.host).toEqual({ name: 'other', port: 22 });
    // The system does not know the user.
    expect(parseSshSettings(printed, null)?.files).toEqual(['/etc/ssh/known']);
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
    ['peer', true, false, 'missing', 'this user cannot write to /srv/a'],
    ['peer', false, true, 'ok', '/srv/a does not exist yet; the first push creates it'],
    ['peer', false, false, 'missing', 'this user cannot write to /srv/a'],
    ['upstream', true, false, 'ok', '/srv/a'],
    ['upstream', false, true, 'missing', '/srv/a does not exist, and runs only read this peer'],
  ] as const)('%s, there %s, writable %s: %s', (role, isThere, isWritable, status, message) => {
    expect(judged(role, isThere, isWritable)).toMatchObject({ status, message });
  });
});

test('a setting of an s3 peer that this Dolt does not read is a warning', () => {
  const path = (endpoint: string, style: string) =>
    `{endpoint: "${endpoint}", aws: {path-style: ${style}, region: eu}}`;
  const [own, off, aws] = [path('s3://b/p', 'true'), path('s3://b/p', 'false'), path('aws://[t:b]/p', 'true')];
  const peers = peersOf(`{a: ${own}, b: ${off}, c: ${aws}}`);
  const warned = (s3: boolean) =>
    checkCapabilities({ s3, committer: true }, peers, [], {})
      .filter(({ status }) => status === 'warning')
      .map(({ peer, message }) => [peer, message]);
  const message = expect.stringContaining('`aws.path-style` has no effect');
  expect(warned(false)).toEqual(['a', 'c'].map((name) => [name, message]));
  expect(warned(true)).toEqual([['c', message]]);
});

test.each([
  ['aws: {path-style: true, endpoint: "https://objects.example:9000"}', {}, 1],
  ['aws: {path-style: true, endpoint: "https://192.0.2.1:9000"}', {}, 0],
  ['aws: {path-style: true, endpoint: "https://[2001:db8::1]"}', {}, 0],
  ['aws: {path-style: true}', { AWS_ENDPOINT_URL_S3: 'https://192.0.2.1' }, 0],
])('a path style is kept by Dolt if the service has no name: %s %j', (aws, env: Env, count) => {
  const peers = peersOf(`{a: {endpoint: "aws://[manifests:b]/p", ${aws}}}`);
  const checks = checkCapabilities({ s3: false, committer: true }, peers, [], env);
  expect(checks.filter(({ status }) => status === 'warning')).toHaveLength(count);
});

test('capabilities: all that the merge needs, and access to every s3 peer', () => {
  const peers = peersOf('{a: file:///a, b: s3://b/p, c: {endpoint: s3://b/p, aws: {dynamodb-table: manifests}}}');
  const linesOf = (can: Parameters<typeof checkCapabilities>[0]) =>
    checkCapabilities(can, peers, [], {}).map(({ peer, status, message }) => [peer, status, message]);
  expect(linesOf({ s3: true, committer: true })).toEqual([
    [null, 'ok', 'merge commits: deterministic; s3://: supported'],
    ['b', 'ok', 's3://b/p in this Dolt'],
    ['c', 'ok', 's3://b/p in this Dolt'],
  ]);
  expect(linesOf({ s3: false, committer: false })).toEqual([
    [
      null,
      'missing',
      'this Dolt cannot set the committer and date of a commit, so merges of different databases would differ',
    ],
    ['b', 'missing', 'this Dolt does not support s3:// (2.3.0 does not)'],
    ['c', 'ok', 'aws://[manifests:b]/p in this Dolt'],
  ]);
  expect(linesOf(null)).toEqual([[null, 'unknown', 'no Dolt is installed']]);
});
