import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Peer } from '../../src/config/configuration.ts';
import type { Env } from '../../src/core/env.ts';
import { bindCredential } from '../../src/credentials/bind.ts';
import { credentialsToAdd, givenCredentials } from '../../src/credentials/given.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { requireRegion } from '../../src/credentials/providers/aws.ts';
import { configure } from '../helpers/configuring.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { failureOf } from '../helpers/thrown.ts';

function peerAt(peer: unknown): Peer {
  const [found] = configure(stringify({ federation: { peers: { live: peer } } })).peers;
  if (found === undefined) throw new Error('no peer');
  return found;
}
const given = (endpoint: string, { entry = '', env = {} as Env, userHome = false } = {}): string | null => {
  const credentials = parseCredentials({ text: entry, name: 'c.yaml' }, env);
  return givenCredentials(peerAt(endpoint), credentials.get('live') ?? null, { env, userHome });
};

describe('the credentials of a peer in a message', () => {
  test('name the user and the place, but not the secret', () => {
    const entry = '# ours\nlive:\n  url: https://h\n  user: sync\n  password: hunter2\n';
    expect(given('https://h/db', { entry })).toBe('user sync, from c.yaml:2:1');
  });

  test.each<[string, Env, boolean, string | null]>([
    ['https://h/db', {}, true, null],
    ['dolthub://o/r', {}, true, null],
    ['s3://b/p', {}, true, null],
    ['s3://b/p', { AWS_ACCESS_KEY_ID: 'a' }, false, 'AWS credentials, from the variable AWS_ACCESS_KEY_ID'],
    [
      'gs://b/p',
      { GOOGLE_APPLICATION_CREDENTIALS: '/g' },
      false,
      'Google credentials, from the variable GOOGLE_APPLICATION_CREDENTIALS',
    ],
    ['ssh://h/p', { SSH_AUTH_SOCK: '/s' }, false, 'the keys of the ssh agent'],
    ['ssh://h/p', {}, true, 'your default ssh keys'],
    ['git@h:p', {}, false, null],
    ['https://h/p.git', {}, true, 'the credential helpers of git'],
    ['https://h/p.git', {}, false, null],
  ])('are %s with %j', (endpoint, env, userHome, expected) => {
    expect(given(endpoint, { env, userHome })).toEqual(expected);
  });
});

/** A value of the right form for a variable. */
function valueFor(variable: string): string {
  if (variable.endsWith('JWK')) return JSON.stringify(doltJwk());
  if (variable.endsWith('GOOGLE_CREDENTIALS')) return '{"type":"authorized_user"}';
  if (variable.endsWith('SSH_KEY'))
    return `-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n`;
  return variable.endsWith('KNOWN_HOSTS') ? 'h ssh-ed25519 AAAA' : 'a-secret';
}

describe('the suggested entry', () => {
  test.each([
    ['https://dolt.example:8443/team/db', 'LIVE_PASSWORD'],
    ['dolthub://org/repo', 'LIVE_JWK'],
    ['s3://bucket/db', 'LIVE_SECRET_KEY'],
    ['aws://[table:bucket]/db', 'LIVE_SECRET_KEY'],
    ['gs://bucket/db', 'LIVE_GOOGLE_CREDENTIALS'],
    ['ssh://me@h/db', 'LIVE_SSH_KEY'],
    ['git@h:team/db', 'LIVE_SSH_KEY'],
    ['https://h/team/db.git', 'LIVE_TOKEN'],
  ])('for %s is accepted unchanged for that endpoint', (endpoint, variable) => {
    const entry = credentialsToAdd(peerAt(endpoint)) ?? '';
    expect(entry).toContain(`{env: ${variable}}`);
    const values = [...entry.matchAll(/\{env: (\w+)\}/g)].map(([, name = '']) => [name, valueFor(name)]);
    const credentials = parseCredentials({ text: entry, name: 'c' }, Object.fromEntries(values));
    const credential = credentials.get('live');
    if (credential === undefined) throw new Error('no credential');
    bindCredential(credential, peerAt(endpoint).endpoint);
    expect(givenCredentials(peerAt(endpoint), credential, { env: {}, userHome: false })).toMatch(/from c:1:1$/);
  });

  test('does not exist for an endpoint without credentials', () => {
    expect(credentialsToAdd(peerAt('file:///srv/box'))).toBeUndefined();
  });
});

test('a bucket without a region is refused before a request', async () => {
  const require = (peer: unknown, env: Env = {}) => failureOf(() => requireRegion(peerAt(peer), null, env));
  for (const endpoint of ['s3://b/p', 'aws://[t:b]/p']) {
    expect(await require(endpoint)).toMatchObject({
      code: 'config-invalid',
      message: 'live has no AWS region',
      hint: expect.stringContaining('AWS_REGION'),
    });
    expect(() => requireRegion(peerAt({ endpoint, aws: { region: 'eu-west-1' } }), null, {})).not.toThrow();
    expect(() => requireRegion(peerAt(endpoint), null, { AWS_REGION: 'x' })).not.toThrow();
    expect(() => requireRegion(peerAt(endpoint), null, { AWS_PROFILE: 'x' })).not.toThrow();
  }
  expect(() => requireRegion(peerAt('s3://b/p?region=eu-west-1'), null, {})).not.toThrow();
});
