import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../../../src/config/configuration.ts';
import { doltUrl, possibleUrls } from '../../../src/config/endpoint/dolt-url.ts';
import { configure } from '../../helpers/configuring.ts';
import { failureOf } from '../../helpers/thrown.ts';

const WITH_S3 = { s3: true };
const WITHOUT_S3 = { s3: false };

function peerOf(peer: string): Peer {
  const [found] = configure(`federation: {peers: {a: ${peer}}}`).peers;
  if (found === undefined) throw new Error('no peer');
  return found;
}

function urlOf(peer: string, capabilities: typeof WITH_S3, patterns: readonly string[] = []): string {
  return doltUrl(peerOf(peer), capabilities, patterns);
}

const TABLE = '{endpoint: s3://bucket/north/beads, aws: {dynamodb-table: manifests, region: eu}}';

describe('the URL that Dolt gets', () => {
  test.each([
    ['file:///srv/a', 'file:///srv/a'],
    ['dolthub://o/r', 'https://doltremoteapi.dolthub.com/o/r'],
    ['git@h:o/r', 'git+ssh://git@h/./o/r.git'],
    ['gs://bucket/p', 'gs://bucket/p'],
    ['{endpoint: "aws://[t:b]/p", aws: {region: eu}}', 'aws://[t:b]/p'],
  ])('of %s is the same for every Dolt', (peer, url) => {
    expect(urlOf(peer, WITH_S3)).toBe(url);
    expect(urlOf(peer, WITHOUT_S3)).toBe(url);
    expect(possibleUrls(peerOf(peer))).toEqual([url]);
  });

  test.each([
    ['s3://bucket/p', 's3://bucket/p'],
    ['s3://bucket/p?region=eu', 's3://bucket/p?region=eu'],
    ['{endpoint: "s3://bucket/p?region=eu", aws: {region: eu, profile: ci}}', 's3://bucket/p?region=eu'],
    [
      '{endpoint: s3://bucket/p, aws: {endpoint: "https://s3.example:9000", region: eu, path-style: true}}',
      's3://bucket/p?endpoint=https%3A%2F%2Fs3.example%3A9000&region=eu&path-style=true',
    ],
    [TABLE, 's3://bucket/north/beads?region=eu'],
  ])('of %s is for a Dolt that supports s3', (peer, url) => {
    expect(urlOf(peer, WITH_S3)).toBe(url);
  });

  test('has the scheme aws if the peer has a table and the Dolt does not support s3', () => {
    expect(urlOf(TABLE, WITHOUT_S3)).toBe('aws://[manifests:bucket]/north/beads');
    expect(urlOf('{endpoint: "s3://b/p?region=eu", aws: {dynamodb-table: manifests}}', WITHOUT_S3)).toBe(
      'aws://[manifests:b]/p',
    );
  });

  test('is one of two if the Dolt is not known', () => {
    expect(possibleUrls(peerOf(TABLE))).toEqual([
      's3://bucket/north/beads?region=eu',
      'aws://[manifests:bucket]/north/beads',
    ]);
    expect(possibleUrls(peerOf('s3://bucket/p?region=eu'))).toEqual(['s3://bucket/p?region=eu']);
  });

  test('does not exist without a table, and the hint names two solutions', async () => {
    const failure = await failureOf(() => urlOf('s3://bucket/p', WITHOUT_S3));
    expect(failure).toMatchObject({
      code: 'unsupported-endpoint',
      message: expect.stringContaining('does not support s3://'),
    });
    expect(failure.hint).toContain('dolt-version');
    expect(failure.hint).toContain('dynamodb-table');
  });

  test('has to match the allowed patterns', async () => {
    expect(urlOf(TABLE, WITHOUT_S3, ['s3://*/*/*', 'aws://\\[*\\]/north/*'])).toBe(
      'aws://[manifests:bucket]/north/beads',
    );
    expect((await failureOf(() => urlOf(TABLE, WITHOUT_S3, ['s3://*/*/*']))).code).toBe('endpoint-not-allowed');
    expect(urlOf(TABLE, WITH_S3, ['s3://*/*/*'])).toBe('s3://bucket/north/beads?region=eu');
  });
});
