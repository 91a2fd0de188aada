import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';
import { bindCredential } from '../../src/credentials/bind.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { failureOf } from '../helpers/thrown.ts';

const PASSWORD = { user: 'u', password: 'w' };
const TOKEN = { 'git-token': 't' };
const SSH = {
  'ssh-key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  'known-hosts': 'h ssh-ed25519 AAAA\n',
};
const JWK = { 'dolt-jwk': JSON.stringify(doltJwk()) };
const AWS = { 'aws-access-key-id': 'a', 'aws-secret-access-key': 'b' };
const GOOGLE = { 'google-credentials': '{"type":"authorized_user"}' };

interface Case {
  readonly url: string;
  readonly secret: Readonly<Record<string, unknown>>;
  readonly endpoint: string;
  readonly awsEndpoint?: string;
}

function bind({ url, secret, endpoint, awsEndpoint }: Case): void {
  const credential = parseCredentials({ text: stringify({ p: { url, ...secret } }), name: 'c' }, {}).get('p');
  if (credential === undefined) throw new Error('no credential');
  const parsed = parseEndpoint(endpoint, { dolthubHost: 'hub.example', allowInsecure: true });
  bindCredential(credential, parsed, { awsEndpoint: awsEndpoint ?? null, dolthubHost: 'hub.example' });
}

describe('a credential applies to its url and the paths below it', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['https://h.example', PASSWORD, 'https://h.example/db'],
    ['https://h.example/', PASSWORD, 'https://H.example:443/a/db'],
    ['https://h.example/a', PASSWORD, 'https://h.example/a/db'],
    ['https://h.example/a/db', PASSWORD, 'https://h.example/a/db'],
    ['dolthub://org', JWK, 'dolthub://org/repo'],
    ['dolthub://org/repo', JWK, 'dolthub://org/repo'],
    ['https://hub.example/org', JWK, 'dolthub://org/repo'],
    ['dolthub://org', JWK, 'https://hub.example/org/repo'],
    ['git@h.example:org', SSH, 'git@h.example:org/repo'],
    ['git@h.example:org/repo', SSH, 'git@h.example:org/repo'],
    ['ssh://u@h.example:22', SSH, 'ssh://u@h.example/db'],
    ['ssh://h.example', SSH, 'ssh://h.example/db'],
    ['https://h.example/org/repo', TOKEN, 'git+https://h.example/org/repo.git'],
    ['https://h.example', TOKEN, 'https://h.example/org/repo.git'],
    ['gs://bucket', GOOGLE, 'gs://bucket/db'],
    ['s3://bucket/a', AWS, 's3://bucket/a/db'],
    ['aws://[table:bucket]', AWS, 'aws://[table:bucket]/db'],
  ])('and so to %s', (url, secret, endpoint) => {
    expect(() => bind({ url, secret, endpoint })).not.toThrow();
  });
});

describe('a credential is refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['https://h.example', PASSWORD, 'https://h.example.org/db'],
    ['https://h.example', PASSWORD, 'https://h.example:444/db'],
    ['https://h.example', PASSWORD, 'http://h.example/db'],
    ['https://h.example/a', PASSWORD, 'https://h.example/ab/db'],
    ['https://h.example/a/db', PASSWORD, 'https://h.example/a'],
    ['dolthub://org', JWK, 'dolthub://org2/repo'],
    ['dolthub://org', JWK, 'https://other.example/org/repo'],
    ['git@h.example:org', SSH, 'git@h.example:org2/repo'],
    ['git@h.example:org/repo', SSH, 'git@h.example:org/repo2'],
    ['ssh://h.example', SSH, 'ssh://h.example:2222/db'],
    ['ssh://u@h.example', SSH, 'ssh://root@h.example/db'],
    ['ssh://u@h.example', SSH, 'ssh://h.example/db'],
    ['ssh://h.example', SSH, 'ssh://root@h.example/db'],
    ['git@h.example:org', SSH, 'root@h.example:org/repo'],
    ['https://h.example/org/repo', TOKEN, 'git+https://h.example/org/repo2.git'],
    ['gs://bucket', GOOGLE, 'gs://bucket2/db'],
    ['s3://bucket', AWS, 'aws://[table:bucket]/db'],
  ])('with the url %s and %j for %s', async (url, secret, endpoint) => {
    expect(await failureOf(() => bind({ url, secret, endpoint }))).toMatchObject({ code: 'credential-url-mismatch' });
  });

  const service = (url: string) => ({ ...AWS, 'aws-endpoint': url });
  test.each<[string, Case]>([
    [
      'for a service that only the configuration names',
      { ...s3('s3://bucket/db'), secret: AWS, awsEndpoint: 'https://evil.example' },
    ],
    [
      'for another service',
      { ...s3('s3://bucket/db'), secret: service('https://s3.example'), awsEndpoint: 'https://evil.example' },
    ],
    [
      'for a service in the query',
      { ...s3('s3://bucket/db?endpoint=https://evil.example'), secret: service('https://s3.example') },
    ],
    ['without the service of the credential', { ...s3('s3://bucket/db'), secret: service('https://s3.example') }],
  ])('%s', async (_, one) => {
    expect(await failureOf(() => bind(one))).toMatchObject({ code: 'credential-url-mismatch' });
  });

  test.each<[string, string, Readonly<Record<string, unknown>>, string]>([
    ['if a token is for a live server', 'https://h.example', TOKEN, 'https://h.example/db'],
    ['if a password is for git', 'https://h.example', PASSWORD, 'git+https://h.example/db.git'],
    ['if AWS keys are for Google', 'gs://bucket', AWS, 'gs://bucket/db'],
    ['if a token is for ssh', 'ssh://h.example', TOKEN, 'ssh://h.example/db'],
  ])('%s', async (_, url, secret, endpoint) => {
    expect(await failureOf(() => bind({ url, secret, endpoint }))).toMatchObject({ code: 'config-invalid' });
  });
});

function s3(endpoint: string): Pick<Case, 'url' | 'endpoint'> {
  return { url: 's3://bucket', endpoint };
}
