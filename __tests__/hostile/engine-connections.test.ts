import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { cloneDatabase, makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { syncWithHosts } from '../helpers/named-hosts.ts';
import { committing } from '../helpers/scenario.ts';
import { makeCertificates } from '../helpers/servers/certificates.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { startDynalite } from '../helpers/servers/dynalite.ts';
import { startFakeGcs } from '../helpers/servers/fake-gcs.ts';
import { startNamingFront } from '../helpers/servers/naming-front.ts';
import { startRecordingServer } from '../helpers/servers/recording-server.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { startVersitygw } from '../helpers/servers/versitygw.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const NAMES = [
  'storage.googleapis.com',
  ...['peer.example', 'evil.example', 'mate.example', 's3.example', 'a-bucket.s3.example'],
  'dynamodb.us-east-1.amazonaws.com',
];
const hosts = Object.fromEntries(NAMES.map((name) => [name, '127.0.0.1']));

const upstream = (port: number, more: object = {}) => ({
  endpoint: `http://peer.example:${port}/org/repo`,
  role: 'upstream',
  ...more,
});
const refused = (message: unknown) => ({ status: 'failed', error: { code: 'host-not-allowed', message } });
/** A remotesrv with the database `local` and one more commit. */
async function startAhead(folder: TempFolder, local: TestDatabase) {
  const server = await startRemotesrv(folder.path);
  const url = `${server.url}/org/repo`;
  await local.publish(url);
  const other = await cloneDatabase(url, folder.file('other'));
  const theirs = committing('theirs', ["INSERT INTO items VALUES (3, 'three', 'eve')"]);
  const head = await other.headAfter(...theirs, "CALL DOLT_PUSH('origin', 'main')");
  return { server, head, port: server.port.http };
}

/** A server that resets each connection after its first bytes. */
async function startResetting() {
  const server = createServer((socket) => void socket.once('data', () => socket.resetAndDestroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() };
}

/** Only Linux lets a test give names to addresses that no other process sees. */
if (process.platform === 'linux') {
  let cli: CompiledCli;
  beforeAll(async () => {
    cli = await compileCli();
  });
  afterAll(() => cli.dispose());

  describe('a server that names another host for its table files', () => {
    test('is refused for reads and writes, and another peer of the same engine is served', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      const ahead = await startAhead(folder, local);
      await using _ = ahead.server;
      await using evil = await startRecordingServer();
      const target = `evil.example:${evil.port}`;
      await using reading = await startNamingFront({ upstream: ahead.port, names: target });
      await using metadata = await startNamingFront({ upstream: ahead.port, names: '169.254.169.254:80' });
      await using moving = await startNamingFront({ upstream: ahead.port, redirectTo: `http://${target}/x` });
      await using empty = await startRemotesrv(folder.path);
      await using writing = await startNamingFront({ upstream: empty.port.http, names: target });
      await using mate = await startRemotesrv(folder.path);
      const { code, result, stderr } = await syncWithHosts(
        { folder, cli },
        {
          hosts,
          peers: {
            mate: { endpoint: `http://mate.example:${mate.port.http}/org/repo`, live: false },
            metadata: upstream(metadata.port),
            moving: upstream(moving.port),
            reading: upstream(reading.port),
            writing: { endpoint: `http://peer.example:${writing.port}/org/repo`, live: false },
          },
        },
      );
      const refusals = ['169.254.169.254:80', target, target, target].map((name) =>
        refused(`the server of this peer names ${name}, which is not a host of the peer; nothing was sent there`),
      );
      expect(result.peers).toMatchObject([{ name: 'mate', verified: true }, ...refusals]);
      expect({ code, requests: evil.requests }).toEqual({ code: 3, requests: [] });
      expect(moving.requests).not.toEqual([]);
      // The address of the proxy holds a secret.
      expect(JSON.stringify(result) + stderr).not.toContain('engine:');
    });

    test('is accepted if `allowed-hosts` names that host', async () => {
      await using folder = await tempFolder();
      const ahead = await startAhead(folder, await makeDatabase(folder.file('local')));
      await using _ = ahead.server;
      await using files = await startNamingFront({ upstream: ahead.port });
      const target = `evil.example:${files.port}`;
      await using front = await startNamingFront({ upstream: ahead.port, names: target });
      const peers = { peer: upstream(front.port, { 'allowed-hosts': [target] }) };
      const { code, result } = await syncWithHosts({ folder, cli }, { hosts, peers });
      expect({ code, head: result.head }).toEqual({ code: 0, head: ahead.head });
      expect(files.requests.map((line) => line.replace(/ .*/, ''))).toContain('GET');
    });

    test('is accepted at loopback addresses, for which Dolt uses no proxy: a known limit', async () => {
      await using folder = await tempFolder();
      const ahead = await startAhead(folder, await makeDatabase(folder.file('local')));
      await using _ = ahead.server;
      await using evil = await startRecordingServer({ at: '127.10.100.1' });
      await using front = await startNamingFront({ upstream: ahead.port, names: `127.10.100.1:${evil.port}` });
      await syncWithHosts({ folder, cli }, { hosts, peers: { peer: upstream(front.port) } });
      expect(evil.requests).not.toEqual([]);
    });
  });

  describe('a peer over https', () => {
    test('gets no connection without TLS, even at its own host', async () => {
      await using folder = await tempFolder();
      const ahead = await startAhead(folder, await makeDatabase(folder.file('local')));
      await using _ = ahead.server;
      const certificates = await makeCertificates(folder.path);
      // A remotesrv speaks no TLS, and so gives addresses of plain http.
      await using front = await startNamingFront({ upstream: ahead.port, certificates });
      const peers = { peer: { endpoint: `https://peer.example:${front.port}/org/repo`, role: 'upstream' } };
      const env = { SSL_CERT_FILE: certificates.ca };
      const { result } = await syncWithHosts({ folder, cli }, { hosts, peers, env });
      const target = `peer.example:${front.port}`;
      expect(result.peers).toMatchObject([
        refused(
          `the server of this peer names ${target} without TLS, although the peer is reached over https; nothing was sent there`,
        ),
      ]);
    });

    test('is served over TLS, with its table files; their connections without an answer are no sign of damage', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      const box = `file://${folder.file('box')}`;
      await local.publish(box);
      const far = await cloneDatabase(box, folder.file('far'));
      const head = await far.commit('theirs', "INSERT INTO items VALUES (3, 'three', 'eve')");
      await using server = await startDoltSqlServer(folder.path, far.path);
      const url = server.url.replace('localhost', 'peer.example');
      const env = {
        SSL_CERT_FILE: server.ca,
        DOLT_FEDERATION_CREDENTIALS: stringify({ peer: { url, user: server.user, password: server.password } }),
      };
      await using files = await startResetting();
      const names = `peer.example:${files.port}`;
      const certificates = await makeCertificates(folder.path);
      const upstream = Number(new URL(server.url).port);
      await using front = await startNamingFront({ upstream, upstreamTls: true, names, certificates });
      const endpoint = url.replace(`:${upstream}`, `:${front.port}`);
      const { result: lost } = await syncWithHosts(
        { folder, cli },
        {
          hosts,
          args: ['--retries', '0'],
          peers: { peer: { endpoint, role: 'upstream', 'allowed-hosts': [names] } },
          env: {
            SSL_CERT_FILE: certificates.ca,
            DOLT_FEDERATION_CREDENTIALS: stringify({
              peer: { url: endpoint, user: server.user, password: server.password },
            }),
          },
        },
      );
      expect(lost.peers).toMatchObject([
        { error: { code: 'network', message: `${names} ended a connection without an answer`, retryable: true } },
      ]);
      const peers = { peer: { endpoint: url, role: 'upstream' } };
      const { code, result } = await syncWithHosts({ folder, cli }, { hosts, peers, env });
      expect({ peers: result.peers.map(({ error }) => error), code, head: result.head }).toEqual({
        peers: [null],
        code: 0,
        head,
      });
    });
  });

  test('services of the job are reached by name, with their buckets as hosts', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await using s3 = await startVersitygw(folder.path, 's3.example');
    await using dynamo = await startDynalite(folder.path);
    await using gcs = await startFakeGcs(folder.path, 'mate.example');
    const named = (url: string, name: string) => url.replace('127.0.0.1', name);
    const env = {
      AWS_ENDPOINT_URL_S3: named(s3.endpoint, 's3.example'),
      AWS_ENDPOINT_URL_DYNAMODB: named(dynamo.endpoint, 'peer.example'),
      AWS_ACCESS_KEY_ID: s3.accessKey,
      AWS_SECRET_ACCESS_KEY: s3.secretKey,
      AWS_REGION: s3.region,
      STORAGE_EMULATOR_HOST: gcs.host,
    };
    const peers = { google: `gs://${gcs.bucket}/db`, s3: `aws://[${dynamo.table}:${s3.bucket}]/db` };
    const { code, result } = await syncWithHosts({ folder, cli }, { hosts, peers, env });
    expect({ peers: result.peers.map(({ error }) => error), code }).toEqual({ peers: [null, null], code: 0 });
  });

  test('a host that follows from the kind of a peer must have a public address', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const env = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a-key-id', AWS_SECRET_ACCESS_KEY: 'a-secret-key' };
    const peers = {
      google: { endpoint: 'gs://a-bucket/db', role: 'upstream' },
      peer: { endpoint: 'aws://[a-table:a-bucket]/db', role: 'upstream' },
    };
    const { result } = await syncWithHosts({ folder, cli }, { hosts, peers, env });
    expect(result.peers).toMatchObject([
      // Google's client would try again until the time limit.
      refused('storage.googleapis.com:443 is at 127.0.0.1, which is not a public address; nothing was sent there'),
      refused(
        'dynamodb.us-east-1.amazonaws.com:443 is at 127.0.0.1, which is not a public address; nothing was sent there',
      ),
    ]);
  });

  test('a first clone uses the filtering proxy too', async () => {
    await using folder = await tempFolder();
    const ahead = await startAhead(folder, await makeDatabase(folder.file('seed')));
    await using _ = ahead.server;
    await using evil = await startRecordingServer();
    const target = `evil.example:${evil.port}`;
    await using front = await startNamingFront({ upstream: ahead.port, names: target });
    const args = ['--bootstrap', 'peer'];
    const { code, result } = await syncWithHosts(
      { folder, cli },
      { hosts, args, peers: { peer: upstream(front.port) } },
    );
    const { hint = '', ...error } = result.error;
    expect([code, error.code]).toEqual([1, 'host-not-allowed']);
    expect(error.message).toContain(`the server of this peer names ${target}, which is not a host of the peer`);
    expect(hint).toContain(`\`federation.peers.peer.allowed-hosts: ["${target}"]\``);
    expect(evil.requests).toEqual([]);
    await using honest = await startNamingFront({ upstream: ahead.port });
    const cloned = await syncWithHosts({ folder, cli }, { hosts, args, peers: { peer: upstream(honest.port) } });
    expect(cloned.result).toMatchObject({ cloned: true, head: ahead.head });
  });
}
