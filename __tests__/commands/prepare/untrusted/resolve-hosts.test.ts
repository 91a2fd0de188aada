import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { accessTo } from '../../../../src/commands/prepare/peer-access.ts';
import { resolveHosts } from '../../../../src/commands/prepare/untrusted/resolve-hosts.ts';
import type { Env } from '../../../../src/core/env.ts';
import { parseCredentials } from '../../../../src/credentials/parse.ts';
import { configure } from '../../../helpers/configuring.ts';
import { failureOf } from '../../../helpers/thrown.ts';

const S3 = { endpoint: 's3://bucket/p' };
const ROLE = { p: { url: 's3://bucket', 'instance-role': true } };

function peerOf(peer: unknown) {
  const [found] = configure(stringify({ federation: { peers: { p: peer } } }), {
    overrides: { allowInsecure: true },
  }).peers;
  if (found === undefined) throw new Error('no peer');
  return found;
}

test.each<[unknown, string | null, { readonly env?: Env; readonly credentials?: unknown; readonly ssh?: null }]>([
  ['http://127.0.0.1:1/db', '127.0.0.1', {}],
  ['http://localhost:1/db', 'localhost', {}],
  ['http://[::1]:1/db', '::1', {}],
  ['https://169.254.169.254/db', '169.254.169.254', {}],
  ['https://0.0.0.0/db', '0.0.0.0', {}],
  ['ssh://ann@localhost/srv/db', 'localhost', {}],
  ['git@localhost:srv/db.git', 'localhost', {}],
  ['git+https://localhost/db.git', 'localhost', {}],
  [{ endpoint: 'https://192.0.2.1/db', 'allowed-hosts': ['localhost'] }, 'localhost', {}],
  [{ ...S3, aws: { endpoint: 'http://localhost:9000' } }, 'localhost', {}],
  [S3, 'localhost', { env: { AWS_ENDPOINT_URL_S3: 'http://localhost:9000' } }],
  [S3, '169.254.169.254', { credentials: ROLE }],
  ['gs://bucket/db', 'localhost', { env: { STORAGE_EMULATOR_HOST: 'localhost:4443' } }],
  ['https://192.0.2.1/db', null, {}],
  ['http://10.0.0.1/db', null, {}],
  ['https://no-such-host.invalid/db', null, {}],
  ['ssh://ann@192.0.2.1/srv/db', null, {}],
  [S3, null, {}],
  ['git+ssh://ann@no-such-host.invalid/db.git', null, { ssh: null }],
])('the first host of %j on this machine: %s', async (written, expected, { env = {}, credentials = {}, ssh }) => {
  const credential = parseCredentials({ text: stringify(credentials), name: 'c' }, {}).get('p') ?? null;
  expect(await resolveHosts(peerOf(written), credential, env)).toEqual(
    expected === null ? { kind: 'remote', ssh } : { kind: 'local', host: expected },
  );
});

/** The access rules of a peer without a credential. */
const RULES = {
  ...{ credentials: new Map(), job: { env: {}, userHome: false }, dolthubHost: 'hub.example', patterns: [] },
  capabilities: { s3: false },
};

test.each([true, false])('each connection to a peer is checked again if required: %s', (remoteOnly) => {
  const { reach, destination } = accessTo(
    peerOf({ endpoint: 'https://h.example/db', 'allowed-hosts': ['f.example'] }),
    { ...RULES, remoteOnly },
  );
  expect(reach.map((rule) => [rule.host, rule.remoteOnly === true])).toEqual([
    ['h.example', remoteOnly],
    ['f.example', remoteOnly],
  ]);
  expect(destination?.remoteOnly === true).toBe(remoteOnly);
});

test('an ssh name without an address is not passed to ssh, which could resolve it later', async () => {
  const peer = peerOf('ssh://ann@no-such-host.invalid:2222/srv/db');
  expect(await failureOf(() => accessTo(peer, { ...RULES, sshAddresses: new Map([['p', null]]) }))).toMatchObject({
    code: 'network',
    message: 'no-such-host.invalid:2222 could not be reached: its name does not resolve',
  });
});
