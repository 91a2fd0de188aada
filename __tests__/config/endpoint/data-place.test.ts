import { describe, expect, test } from '@jest/globals';
import { isElsewhere } from '../../../src/config/endpoint/data-place.ts';
import { configure } from '../../helpers/configuring.ts';

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly aws?: string;
  readonly dolthubHost?: string;
}

function peerAt(endpoint: string, { env = {}, aws = '{}', dolthubHost = '' }: Given = {}) {
  const options = aws === '{}' ? '' : `, aws: ${aws}`;
  const text = `federation: {peers: {box: {endpoint: "${endpoint}"${options}}}}`;
  const [peer] = configure(text, { env, overrides: { dolthubHost, allowInsecure: true } }).peers;
  if (peer === undefined) throw new Error(endpoint);
  return peer;
}

const AWS = 'aws://[a-table:bucket]/db';

describe('the identity of a place', () => {
  test.each<readonly [string, Given]>([
    ['file:///srv/db', {}],
    ['https://Host.example:443/org/db', { env: { AWS_REGION: 'eu-west-1' } }],
    ['dolthub://org/db', {}],
    ['dolthub://org/db', { dolthubHost: 'DoltRemoteAPI.dolthub.com:443' }],
    [AWS, { env: { STORAGE_EMULATOR_HOST: 'localhost:1' } }],
    ['s3://bucket/db', {}],
    ['gs://bucket/db', { env: { AWS_ENDPOINT_URL_S3: 'http://localhost:1' } }],
    ['az://account.blob.core.windows.net/box/db', {}],
    ['oci://bucket/db', {}],
    ['ssh://host.example/db', {}],
    ['git@host.example:org/db.git', {}],
    ['https://host.example/org/db.git', {}],
  ])('is the canonical form of %s where nothing else decides it (%j)', (endpoint, given) => {
    const {
      dataPlace,
      endpoint: { canonical },
    } = peerAt(endpoint, given);
    expect(dataPlace).toBe(canonical);
  });

  test.each<readonly [string, Given, string, Given]>([
    [AWS, {}, AWS, { env: { AWS_ENDPOINT_URL_S3: 'https://s.example' } }],
    [
      AWS,
      { env: { AWS_ENDPOINT_URL_S3: 'https://s.example' } },
      AWS,
      { env: { AWS_ENDPOINT_URL_S3: 'https://t.example' } },
    ],
    [AWS, { aws: '{endpoint: "https://s.example"}' }, AWS, { aws: '{endpoint: "https://t.example"}' }],
    [AWS, {}, AWS, { env: { AWS_ENDPOINT_URL_DYNAMODB: 'https://s.example' } }],
    [AWS, { env: { AWS_REGION: 'eu-west-1' } }, AWS, { env: { AWS_REGION: 'eu-west-2' } }],
    [AWS, { env: { AWS_PROFILE: 'a' } }, AWS, { aws: '{profile: b}' }],
    ['s3://bucket/db', {}, 's3://bucket/db', { aws: '{dynamodb-table: a-table}' }],
    ['s3://bucket/db?endpoint=https://s.example', {}, 's3://bucket/db?endpoint=https://t.example', {}],
    ['gs://bucket/db', {}, 'gs://bucket/db', { env: { STORAGE_EMULATOR_HOST: 'localhost:1' } }],
    ['dolthub://org/db', {}, 'dolthub://org/db', { dolthubHost: 'lab.example' }],
    ['dolthub://org/db', { dolthubHost: 'lab.example:1' }, 'dolthub://org/db', { dolthubHost: 'lab.example:2' }],
    ['ann@host.example:db.git', {}, 'bob@host.example:db.git', {}],
    ['git@host.example:/org/db.git', {}, 'git+ssh://host.example/org/db.git', {}],
    ['ssh://ann@host.example/~/db', {}, 'ssh://bob@host.example/~/db', {}],
    ['ssh://ann@host.example/db', {}, 'ssh://host.example/db', {}],
  ])('of %s (%j) and of %s (%j) differ', (one, given, other, givenToOther) => {
    const [first, second] = [peerAt(one, given), peerAt(other, givenToOther)];
    expect(first.endpoint.canonical).toBe(second.endpoint.canonical);
    expect(first.dataPlace).not.toBe(second.dataPlace);
  });

  test('is the same for a setting and a variable, in each spelling, and shows no password', () => {
    const set = peerAt(AWS, { aws: '{endpoint: "https://S.example:443", region: eu-west-1}' });
    const ofJob = { AWS_ENDPOINT_URL_S3: 'https://s.example/', AWS_REGION: 'eu-west-1' };
    expect(peerAt(AWS, { env: ofJob }).dataPlace).toBe(set.dataPlace);
    // The setting of a peer wins, as in its engine.
    const others = { AWS_ENDPOINT_URL_S3: 'https://t.example', AWS_REGION: 'eu-west-2' };
    const both = { env: others, aws: '{endpoint: "https://s.example", region: eu-west-1}' };
    expect(peerAt(AWS, both).dataPlace).toBe(set.dataPlace);
    const secret = { env: { STORAGE_EMULATOR_HOST: 'http://ann:hidden@s.example' } };
    expect(peerAt('gs://bucket/db', secret).dataPlace).toMatch(/^\["gs:\/\/bucket\/db","[0-9a-f]+"\]$/);
  });

  test('of a record is elsewhere only at another service under the same address', () => {
    const at = (service: string, endpoint = AWS) => peerAt(endpoint, { env: { AWS_ENDPOINT_URL_S3: service } });
    const peer = at('https://s.example');
    expect(isElsewhere(at('https://t.example').dataPlace, peer)).toBe(true);
    expect(isElsewhere(peer.dataPlace, peer)).toBe(false);
    expect(isElsewhere(peer.endpoint.canonical, peer)).toBe(false);
    expect(isElsewhere(at('https://t.example', `${AWS}/2`).dataPlace, peer)).toBe(false);
  });
});
