import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Env } from '../../src/core/env.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Credential, Secret } from '../../src/credentials/credential.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { fc, timesCases } from '../helpers/property.ts';
import { failureOf } from '../helpers/thrown.ts';

const JWK = JSON.stringify(doltJwk());
const PEM = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAAAAAAAA\nBBBBBBBBBB\n-----END OPENSSH PRIVATE KEY-----\n';
const HOSTS = '[h.example]:22 ssh-ed25519 AAAAC3Nz\n';
const GOOGLE = JSON.stringify({ type: 'service_account', private_key: 'k' });

const read = (text: string, env: Env = {}) => parseCredentials({ text, name: 'creds.yaml' }, env);

/** The credential in the entry `p` of a text. */
function entry(fields: Readonly<Record<string, unknown>>, env: Env = {}): Credential | undefined {
  return read(stringify({ p: { url: 'https://h.example', ...fields } }), env).get('p');
}

/** Every problem of a text: its code, its place and what it says. */
async function problems(text: string, env: Env = {}): Promise<readonly string[]> {
  return (await failureOf(() => read(text, env))).problems.map(
    ({ code, location, message }) => `${code} ${location?.file}:${location?.line}:${location?.column} ${message}`,
  );
}

test.each<[string, Readonly<Record<string, unknown>>, Secret]>([
  ['a user and a password', { user: 'u', password: 'pw' }, { kind: 'password', user: 'u', password: 'pw' }],
  ['a DoltHub key', { 'dolt-jwk': JWK }, { kind: 'dolt-jwk', jwk: JWK }],
  [
    'AWS keys',
    { 'aws-access-key-id': 'AK', 'aws-secret-access-key': 'SK' },
    { kind: 'aws', accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: null, endpoint: null },
  ],
  [
    'AWS keys for another service',
    {
      'aws-access-key-id': 'AK',
      'aws-secret-access-key': 'SK',
      'aws-session-token': 'T',
      'aws-endpoint': 'https://S3.example/',
    },
    { kind: 'aws', accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'T', endpoint: 'https://s3.example' },
  ],
  ['Google JSON', { 'google-credentials': ` ${GOOGLE}\n` }, { kind: 'google', json: GOOGLE }],
  ['an ssh key', { 'ssh-key': PEM, 'known-hosts': HOSTS }, { kind: 'ssh', key: PEM, knownHosts: HOSTS }],
  [
    'an ssh key with CRLF and without the last line break',
    { 'ssh-key': PEM.replaceAll('\n', '\r\n').trim(), 'known-hosts': HOSTS },
    { kind: 'ssh', key: PEM, knownHosts: HOSTS },
  ],
  ['a git token', { 'git-token': 't' }, { kind: 'git-token', token: 't' }],
  [
    'Azure keys',
    { 'azure-tenant-id': 't', 'azure-client-id': 'c', 'azure-client-secret': 's' },
    { kind: 'azure', tenantId: 't', clientId: 'c', clientSecret: 's' },
  ],
  ['the role of the machine', { 'instance-role': true }, { kind: 'instance-role' }],
])('an entry is parsed: %s', (_, fields, secret) => {
  expect(entry(fields)).toMatchObject({ peer: 'p', secret, instanceRole: fields['instance-role'] === true });
});

test('any value may come from an environment variable, and the text may be empty', () => {
  const env = { U: 'https://h.example', T: ' token ' };
  expect(read('p: {url: {env: U}, git-token: {env: T}}', env).get('p')?.secret).toEqual({
    kind: 'git-token',
    token: ' token ',
  });
  for (const nothing of ['', '# later\n', '~']) expect(read(nothing).size).toBe(0);
});

describe('a problem is reported at its place', () => {
  const URL_LINE = 'p:\n  url: https://h.example\n';
  test.each<[string, string, readonly string[]]>([
    ['no peer name', '-x: {}', ['invalid-peer-name creds.yaml:1:1 credentials: a key is not a valid peer name']],
    ['a reserved name', 'main: {}', ['invalid-peer-name creds.yaml:1:1 credentials: a key is not a valid peer name']],
    ['a lone word', 'p: word', ['config-invalid creds.yaml:1:4 credentials: the entry of a peer must be a mapping']],
    ['no url', 'p:\n  git-token: t', ['config-invalid creds.yaml:1:1 credentials of p: url is missing']],
    [
      'an invalid url',
      'p:\n  url: nothing\n  git-token: t',
      ['config-invalid creds.yaml:2:8 credentials of p: url is not in'],
    ],
    [
      'a url with a password',
      'p: {url: "https://a:b@h", git-token: t}',
      ['config-invalid creds.yaml:1:10 credentials of p: url is not in'],
    ],
    [
      'a remotesapi port for a peer',
      `${URL_LINE}  git-token: t\n  remotesapi: 1`,
      ['config-unknown-key creds.yaml:4:3 credentials of p: unknown key'],
    ],
    [
      'an invalid remotesapi port',
      'federation.server: {url: "mysql://h:1", user: u, password: w, remotesapi: 0}',
      ['config-invalid creds.yaml:1:75 credentials of federation.server: remotesapi must be a port'],
    ],
    ['an unknown key', `${URL_LINE}  git-tokn: t`, ['config-unknown-key creds.yaml:3:3 credentials of p: unknown key']],
    [
      'two kinds',
      `${URL_LINE}  git-token: t\n  password: w\n  user: u`,
      ['config-invalid creds.yaml:1:1 credentials of p: it has two kinds'],
    ],
    ['half of a kind', `${URL_LINE}  password: w`, ['config-invalid creds.yaml:1:1 credentials of p: user is missing']],
    [
      'a variable that is not set',
      `${URL_LINE}  git-token: {env: NONE}`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token names an environment variable that is not set'],
    ],
    [
      'a mapping that names no variable',
      `${URL_LINE}  git-token: {var: NONE}`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token must be text'],
    ],
    [
      'a variable name that is not text',
      `${URL_LINE}  git-token: {env: 1}`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token must be text'],
    ],
    [
      'a number',
      `${URL_LINE}  git-token: 12345678`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token must be text'],
    ],
    [
      'nothing',
      `${URL_LINE}  git-token:`,
      ['config-invalid creds.yaml:3:13 credentials of p: git-token must not be empty'],
    ],
    [
      'blanks',
      `${URL_LINE}  git-token: "  "`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token must not be empty'],
    ],
    [
      'a NUL character',
      `${URL_LINE}  git-token: "a\\0b"`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token contains a NUL'],
    ],
    [
      'a token with two lines',
      `${URL_LINE}  git-token: "a\\nb"`,
      ['config-invalid creds.yaml:3:14 credentials of p: git-token contains a line break'],
    ],
    [
      'a user name that is an option',
      `${URL_LINE}  user: -x\n  password: w`,
      ['config-invalid creds.yaml:3:9 credentials of p: user starts with "-"'],
    ],
    [
      'an invalid service',
      `${URL_LINE}  aws-access-key-id: a\n  aws-secret-access-key: b\n  aws-endpoint: https://h/path`,
      ['config-invalid creds.yaml:5:17 credentials of p: aws-endpoint must be'],
    ],
    [
      'Google credentials that are not JSON',
      `${URL_LINE}  google-credentials: "{}"`,
      ['config-invalid creds.yaml:3:23 credentials of p: google-credentials is not JSON'],
    ],
    [
      'a key without line breaks',
      `${URL_LINE}  known-hosts: h ssh-rsa AAAA\n  ssh-key: ${PEM.replaceAll('\n', ' ')}`,
      ['config-invalid creds.yaml:4:12 credentials of p: ssh-key is not a complete'],
    ],
    [
      'invalid known hosts',
      `${URL_LINE}  known-hosts: h\n  ssh-key: {env: PEM}`,
      ['config-invalid creds.yaml:3:16 credentials of p: known-hosts must hold lines'],
    ],
    [
      'a role that is not a boolean',
      `${URL_LINE}  git-token: t\n  instance-role: yes`,
      ['config-invalid creds.yaml:4:18 credentials of p: instance-role must be'],
    ],
    [
      'text that is not YAML',
      'p: [',
      ['config-syntax creds.yaml:1:4 credentials: invalid YAML: the `[` that opens here is not closed'],
    ],
    ['a list', '- p', ['config-syntax creds.yaml:1:1 credentials: the top level is not a mapping']],
    [
      'an alias without an anchor',
      'p: {url: *x}',
      ['config-syntax creds.yaml:1:10 credentials: the YAML is malformed'],
    ],
    ['a peer twice', 's: {}\ns: {}', ['config-syntax creds.yaml:2:1 credentials: a key appears twice']],
    [
      'two documents',
      'p: {}\n---\nq: {}',
      ['config-syntax creds.yaml:2:1 credentials: invalid YAML: it contains more'],
    ],
  ])('%s', async (_, text, expected) => {
    const found = await problems(text, { PEM });
    expect(found).toHaveLength(expected.length);
    for (const [index, problem] of expected.entries()) expect(found[index]).toContain(problem);
  });
});

test('no message, hint or cause repeats a value, a key or a word that may be a secret', async () => {
  // The name of a peer may be printed, and this cannot be one.
  const canary = 's3cret.canary';
  const secret = fc.string({ maxLength: 12 }).map((text) => `${canary}${text}`);
  const key = fc.constantFrom(
    ...['url', 'user', 'password', 'dolt-jwk', 'git-token', 'ssh-key', 'known-hosts', 'google-credentials'],
    ...['aws-access-key-id', 'aws-secret-access-key', 'aws-endpoint', 'instance-role', 'env', `${canary}key`],
  );
  const value = fc.oneof(secret, fc.record({ env: secret }), fc.array(secret, { maxLength: 2 }), fc.constant(null));
  const fields = fc.dictionary(key, value, { maxKeys: 4 });
  const yaml = fc
    .dictionary(fc.constantFrom('p', 'origin', '-x'), fc.oneof(fields, secret), { maxKeys: 2 })
    .map((one) => stringify(one));
  const broken = fc.tuple(yaml, fc.constantFrom('"', '*', '!', '&a ', ': ', '\n- ', '\t', '{'), secret, fc.nat(40));
  const text = fc.oneof(
    yaml,
    broken.map(([whole, mark, more, at]) => whole.slice(0, at) + mark + more + whole.slice(at)),
  );
  await fc.assert(
    fc.property(text, (written) => {
      try {
        read(written);
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        for (const { message, hint, location } of [thrown, ...thrown.problems]) {
          expect(`${message}${hint}${location?.file}`).not.toContain(canary);
        }
      }
    }),
    { numRuns: timesCases(100) },
  );
});
