import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Failure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { openEngines } from '../../src/dolt/server/engines.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startGitHttp } from '../helpers/servers/git-http.ts';
import { startJobProxy } from '../helpers/servers/job-proxy.ts';
import { startNamingFront } from '../helpers/servers/naming-front.ts';
import { startRecordingServer } from '../helpers/servers/recording-server.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const overrides = { allowInsecure: true };
const proxied = (url: string) => ({ HTTP_PROXY: url, HTTPS_PROXY: url });

test('the proxy of the job is used with its password, and only for hosts of the peer', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using server = await startRemotesrv(folder.path);
  await using honest = await startNamingFront({ upstream: server.port.http });
  await using evil = await startRecordingServer();
  await using hostile = await startNamingFront({ upstream: server.port.http, names: `evil.example:${evil.port}` });
  await using job = await startJobProxy();
  const peers = {
    honest: { endpoint: `http://peer.example:${honest.port}/org/one`, live: false },
    hostile: { endpoint: `http://peer.example:${hostile.port}/org/two`, live: false },
  };
  // A busy machine may be too slow for one of Dolt's connections; a refusal is final at the first attempt.
  const { result } = await command(folder, stringify(peers), { env: proxied(job.url), overrides, retries: 2 });
  expect(result.peers.map(({ name, error }) => [name, error?.code, error?.message])).toEqual([
    ['honest', undefined, undefined],
    ['hostile', 'host-not-allowed', expect.stringContaining(`evil.example:${evil.port}`)],
  ]);
  expect(result.peers[0]).toMatchObject({ verified: true });
  expect(new Set(job.asked)).toEqual(
    new Set([
      `CONNECT peer.example:${honest.port}`,
      `CONNECT peer.example:${hostile.port}`,
      `PUT peer.example:${honest.port}`,
      `GET peer.example:${honest.port}`,
    ]),
  );
  expect(evil.requests).toEqual([]);
});

test('a host in NO_PROXY is reached directly, and its address is checked', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using job = await startJobProxy();
  const env = { ...proxied(job.url), NO_PROXY: '.invalid' };
  const peers = stringify({ peer: { endpoint: 'https://peer.invalid/org/repo', role: 'upstream' } });
  const { result } = await command(folder, peers, { env, retries: 0 });
  expect(result.peers).toMatchObject([
    {
      error: {
        code: 'network',
        message: expect.stringContaining('peer.invalid:443 could not be reached: its name does not resolve'),
      },
    },
  ]);
  expect(job.asked).toEqual([]);
});

test('a proxy of the job without http is refused', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const env = proxied('socks5://127.0.0.1:1');
  const peers = stringify({ peer: { endpoint: 'https://peer.invalid/org/repo', role: 'upstream' } });
  const { result } = await command(folder, peers, { env, retries: 0 });
  expect(result.peers).toMatchObject([
    {
      error: {
        code: 'network',
        message:
          'peer.invalid:443 could not be reached: HTTPS_PROXY names a socks5:// proxy, but only http proxies are supported',
      },
    },
  ]);
});

test('an idle engine reaches no host, not even those of the peers', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using server = await startRemotesrv(folder.path);
  await using job = await startJobProxy();
  await local.dolt('remote', 'add', 'peer', `http://peer.example:${server.port.http}/org/repo`);
  const engines = openEngines(
    {
      env: proxied(job.url),
      userHome: false,
      tempDir: folder.file('tmp'),
      signal: new AbortController().signal,
      onResource() {},
      secrets: new Secrets(),
    },
    { dolt: testDolt(), database: local.path },
    1,
  );
  try {
    const pushing = engines.use(NO_CREDENTIALS, ({ database }) => database.run("CALL DOLT_PUSH('peer', 'main')"));
    await expect(pushing).rejects.toThrow(/403 Refused by dolt-federation/);
    const reach = [{ host: 'peer.example', port: server.port.http, plain: true, named: true }];
    const limit = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too slow') };
    await engines.use(NO_CREDENTIALS, (engine) =>
      engine.operation(limit, reach, (sql) => sql.run("CALL DOLT_PUSH('peer', 'main')")),
    );
    expect(job.asked).toContain(`CONNECT peer.example:${server.port.http}`);
    const before = job.asked.length;
    const again = engines.use(NO_CREDENTIALS, ({ database }) => database.run("CALL DOLT_FETCH('peer', 'main')"));
    await expect(again).rejects.toThrow(/403 Refused by dolt-federation/);
    expect(job.asked).toHaveLength(before);
  } finally {
    await engines.close();
  }
});

test('git follows no redirect, even without a token', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await bareRepository(folder.file('root', 'org', 'repo.git'), { withBranch: true });
  await using host = await startGitHttp({ root: folder.file('root') });
  await using moved = await startRecordingServer({ redirectTo: host.url });
  const peers = stringify({ peer: { endpoint: `${moved.url}/org/repo.git`, role: 'backup' } });
  const { result } = await command(folder, peers, { retries: 0 });
  const error = { code: 'not-found', message: expect.stringContaining('returned error: 302') };
  expect(result.peers).toMatchObject([{ status: 'failed', verified: false, error }]);
  expect(moved.requests.length).toBeGreaterThan(0);
  expect(host.requests).toEqual([]);
});
