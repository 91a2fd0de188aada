import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Env } from '../../src/core/env.ts';
import { destinationOf } from '../../src/credentials/destination.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { peerReach } from '../../src/credentials/peer-reach.ts';
import { parseTarget, permissionFor } from '../../src/egress/host-rule.ts';
import { configure } from '../helpers/configuring.ts';

/** How a target may be reached: by TLS or `plain`, and whether its address may be `private`; null: not at all. */
function reached(peer: unknown, written: string, { env = {}, role = false }: { env?: Env; role?: boolean } = {}) {
  const [found] = configure(stringify({ federation: { peers: { p: peer } } }), {
    overrides: { allowInsecure: true },
  }).peers;
  const target = parseTarget(written, null);
  if (found === undefined || target === null) throw new Error('no peer or target');
  const text = stringify({ p: { url: 's3://bucket', 'instance-role': true } });
  const credential = role ? (parseCredentials({ text, name: 'c' }, {}).get('p') ?? null) : null;
  const permission = permissionFor(target, peerReach(found, credential, env));
  if (permission === null) return null;
  return [permission.plain ? 'plain' : 'TLS', ...(permission.named ? ['private'] : [])].join(' ');
}

const HTTP = 'http://peer.example:8080/org/repo';
const S3 = 's3://bucket/p';
const OWN_S3 = { endpoint: S3, aws: { endpoint: 'https://s3.own.example:9000' } };
const ALLOWED = {
  endpoint: 'https://peer.example/db',
  'allowed-hosts': ['Files.example', 'more.example:8443', '[2001:db8::1]'],
};

test.each<[unknown, string, string | null]>([
  ['https://peer.example/db', 'peer.example:443', 'TLS private'],
  ['https://peer.example/db', 'peer.example:80', null],
  ['https://peer.example/db', 'files.peer.example:443', null],
  ['https://peer.example/db', 'bucket.s3.us-east-1.amazonaws.com:443', null],
  [HTTP, 'peer.example:8080', 'plain private'],
  [HTTP, 'peer.example:80', null],
  [ALLOWED, 'files.example:443', 'TLS private'],
  [ALLOWED, 'files.example:1', 'TLS private'],
  [ALLOWED, 'more.example:8443', 'TLS private'],
  [ALLOWED, 'more.example:443', null],
  [ALLOWED, '[2001:db8::1]:1', 'TLS private'],
  [{ endpoint: HTTP, 'allowed-hosts': ['files.example'] }, 'files.example:80', 'plain private'],
  ['dolthub://org/repo', 'doltremoteapi.dolthub.com:443', 'TLS private'],
  ['dolthub://org/repo', 'dolthub-chunks-prod.s3.us-west-2.amazonaws.com:443', 'TLS'],
  ['dolthub://org/repo', 'ec2-1-2-3-4.compute.amazonaws.com:443', null],
  ['dolthub://org/repo', 'x.s3.amazonaws.com.evil.example:443', null],
  ['aws://[t:b]/p', 'b.s3.eu-west-1.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', 's3.eu-west-1.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', 'dynamodb.eu-west-1.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', '123456789012.ddb.eu-west-1.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', 'sts.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', 'portal.sso.eu-west-1.amazonaws.com:443', 'TLS'],
  ['aws://[t:b]/p', 'b.s3.eu-west-1.amazonaws.com:80', null],
  ['aws://[t:b]/p', 'x.execute-api.eu-west-1.amazonaws.com:443', null],
  ['aws://[t:b]/p', '169.254.169.254:80', null],
  [OWN_S3, 's3.own.example:9000', 'TLS private'],
  [OWN_S3, 'bucket.s3.own.example:9000', 'TLS private'],
  [OWN_S3, 's3xown.example:9000', null],
  [OWN_S3, 'bucket.s3.eu-west-1.amazonaws.com:443', null],
  ['gs://bucket/p', 'storage.googleapis.com:443', 'TLS'],
  ['gs://bucket/p', 'oauth2.googleapis.com:443', 'TLS'],
  ['gs://bucket/p', 'googleapis.com.evil.example:443', null],
  ['az://account.blob.core.windows.net/c/p', 'account.blob.core.windows.net:443', 'TLS private'],
  ['az://account.blob.core.windows.net/c/p', 'other.blob.core.windows.net:443', null],
  ['az://account.blob.core.windows.net/c/p', 'login.microsoftonline.com:443', 'TLS'],
  ['oci://bucket/p', 'objectstorage.eu-frankfurt-1.oraclecloud.com:443', 'TLS'],
  ['https://git.example/o/r.git', 'git.example:443', 'TLS private'],
  ['git+https://git.example/o/r', 'git.example:443', 'TLS private'],
  ['git@git.example:o/r', 'git.example:22', null],
  ['ssh://peer.example/db', 'peer.example:22', null],
  ['file:///db', 'localhost:80', null],
])('%j reaches %s: %s', (peer, target, expected) => {
  expect(reached(peer, target)).toBe(expected);
});

test.each<[string, Env, string, string | null]>([
  ['gs://bucket/p', { STORAGE_EMULATOR_HOST: 'gcs.example:4443' }, 'gcs.example:4443', 'plain private'],
  ['gs://bucket/p', { STORAGE_EMULATOR_HOST: 'https://gcs.example' }, 'gcs.example:443', 'TLS private'],
  ['gs://bucket/p', { STORAGE_EMULATOR_HOST: 'gcs.example:4443' }, 'storage.googleapis.com:443', null],
  [S3, { AWS_ENDPOINT_URL_S3: 'http://s3.job.example:7070' }, 's3.job.example:7070', 'plain private'],
  [S3, { AWS_ENDPOINT_URL_DYNAMODB: 'http://ddb.example:7071' }, 'ddb.example:7071', 'plain private'],
  [S3, { AWS_ENDPOINT_URL_DYNAMODB: 'http://ddb.example:7071' }, 'dynamodb.eu-west-1.amazonaws.com:443', null],
])('%s with the variables %j of the job reaches %s: %s', (peer, env, target, expected) => {
  expect(reached(peer, target, { env })).toBe(expected);
});

test('the metadata service of the machine is reached only by a peer whose entry asks for its role', () => {
  expect(reached(S3, '169.254.169.254:80', { role: true })).toBe('plain private');
  expect(reached('https://peer.example/db', '169.254.169.254:80')).toBeNull();
});

test.each<[unknown, Env, object | null]>([
  ['gs://bucket/p', {}, { host: 'storage.googleapis.com', port: 443, tls: true, ofProvider: true }],
  [
    { endpoint: 'gs://bucket/p', 'allowed-hosts': ['storage.googleapis.com:443'] },
    {},
    { host: 'storage.googleapis.com', port: 443, ofProvider: false },
  ],
  ['gs://bucket/p', { STORAGE_EMULATOR_HOST: 'localhost:4443' }, { host: 'localhost', port: 4443, tls: false }],
  [S3, {}, null],
  [OWN_S3, {}, { host: 's3.own.example', port: 9000, tls: true }],
])('the server to which a connection is tried before an engine is asked for %j', (peer, env, expected) => {
  const [found] = configure(stringify({ federation: { peers: { p: peer } } })).peers;
  if (found === undefined) throw new Error('no peer');
  const destination = destinationOf(found, peerReach(found, null, env), null, { userHome: true });
  if (expected === null) expect(destination).toBeNull();
  else expect(destination).toMatchObject(expected);
});
