import { createServer as createHttpServer } from 'node:http';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { text } from '../../src/report/text/run-report.ts';
import { type Commanded, command } from '../helpers/commanding.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { startAnswering } from '../helpers/servers/answering.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { startDolthubHost } from '../helpers/servers/dolthub-host.ts';
import { startFakeGcs } from '../helpers/servers/fake-gcs.ts';
import { startGitHttp } from '../helpers/servers/git-http.ts';
import { listen } from '../helpers/servers/listen.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The first answer of a git host that can do nothing, in packets of git. */
const NOTHING_OF_GIT = '001e# service=git-upload-pack\n0000000eversion 2\n0000';

/** A web server that answers `git-N.git` with a page and the status N, and `git-nothing.git` as git. */
const startPages = () =>
  listen(
    createHttpServer((request, response) => {
      if (request.url?.startsWith('/git-nothing.git/') === true) {
        const type = 'application/x-git-upload-pack-advertisement';
        response.writeHead(200, { 'content-type': type }).end(NOTHING_OF_GIT);
        return;
      }
      const [, status = '404'] = /git-(\d+)/.exec(request.url ?? '') ?? [];
      response.writeHead(Number(status), { 'content-type': 'text/html' }).end('<!doctype html>\n<h1>log in</h1>\n');
    }),
  );

const errors = ({ result }: Commanded) =>
  Object.fromEntries(result.peers.map(({ name, error }) => [name, error?.code]));

/** Dolt retries an unreachable host for some seconds; minutes would be too long. */
const WITHIN_MS = 40_000;

test('unreachable peers fail within seconds with their own codes, and hide no other peer', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using hub = await startDolthubHost(folder.path);
  await using gcs = await startFakeGcs(folder.path);
  await using answering = await startAnswering();
  await using pages = await startPages();
  const hosts = ['git-200', 'git-422', 'git-429', 'git-nothing'];
  const answers = ['http-200', 'http-404', 'http-500', 'grpc-9', 'grpc-12', 'grpc-13', 'reset-8'];
  await bareRepository(folder.file('git', 'empty.git'), { withBranch: false });
  const ran = await command(
    folder,
    stringify({
      'unknown-authority': `${hub.url}/org/repo`,
      'unknown-git-authority': `${hub.url}/org/repo.git`,
      'closed-port': 'http://127.0.0.1:9/org/repo',
      'closed-git': 'http://127.0.0.1:9/org/repo.git',
      'no-such-host': 'https://nohost.invalid/org/repo',
      'no-such-git-host': 'git+https://nohost.invalid/org/repo.git',
      'no-bucket': 'gs://no-bucket/db',
      'no-branch': `git+file://${folder.file('git', 'empty.git')}`,
      'no-repository': `git+file://${folder.file('git', 'none', 'none.git')}`,
      's3-without-table': 's3://bucket/db',
      ...Object.fromEntries(answers.map((name) => [name, `${answering.url}/org/${name}`])),
      ...Object.fromEntries(hosts.map((name) => [name, `http://127.0.0.1:${pages.port}/${name}.git`])),
      box: `file://${folder.file('box')}`,
    }),
    { retries: 0, parallel: 32, env: { STORAGE_EMULATOR_HOST: gcs.host } },
  );
  expect(errors(ran)).toEqual({
    'unknown-authority': 'untrusted-host',
    'unknown-git-authority': 'untrusted-host',
    'closed-port': 'network',
    'closed-git': 'network',
    'no-such-host': 'network',
    'no-such-git-host': 'network',
    'no-bucket': 'not-found',
    'no-branch': 'repository-empty',
    'no-repository': 'not-found',
    's3-without-table': 'unsupported-endpoint',
    'http-200': 'not-found',
    'http-404': 'not-found',
    'http-500': 'network',
    'grpc-9': 'not-found',
    'grpc-12': 'not-found',
    'grpc-13': 'network',
    'reset-8': 'network',
    'git-200': 'not-found',
    'git-422': 'not-found',
    'git-429': 'network',
    'git-nothing': 'not-found',
    box: undefined,
  });
  // The file that git reads is not always SSL_CERT_FILE.
  const ofGit = ran.result.peers.find(({ name }) => name === 'unknown-git-authority');
  expect(ofGit?.error?.hint).toMatch(/SSL_CERT_FILE.* GIT_SSL_CAINFO/);
  for (const { name, durationMs } of ran.result.peers) expect([name, durationMs < WITHIN_MS]).toEqual([name, true]);
  expect(ran.result.status).toBe('partial');
  expect(exitCodeOf(ran.result, 'any')).toBe(3);
  expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'))).toBe(await local.head());
});

test('a service that never answers, on which Dolt would wait without a limit, fails after the timeout', async () => {
  await using folder = await tempFolder();
  await using silent = await startSilentPeer();
  await makeDatabase(folder.file('local'));
  const peers = { gs: { endpoint: 'gs://bucket/db', timeout: '2s' } };
  const ran = await command(folder, stringify(peers), {
    retries: 0,
    env: { STORAGE_EMULATOR_HOST: new URL(silent.url).host },
  });
  expect(ran.result.peers).toMatchObject([{ state: 'unreachable', attempts: 1, error: { code: 'timeout' } }]);
  expect(exitCodeOf(ran.result, 'any')).toBe(1);
});

test('a host that does not answer a push fails after the timeout, and a read-only token after one request instead of the 32 attempts of Dolt', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const root = (name: string) => folder.file('git', name);
  await bareRepository(folder.file('git', 'stalled', 'repo.git'), { withBranch: true });
  const repository = await bareRepository(folder.file('git', 'read-only', 'repo.git'), { withBranch: true });
  await using stalled = await startGitHttp({ root: root('stalled'), token: 'a-token' });
  await using host = await startGitHttp({ root: root('read-only'), token: 'a-token' });
  stalled.stallPushes();
  host.refusePushes();
  const credentials = {
    text: stringify({
      p: { url: host.url, 'git-token': 'a-token' },
      stalled: { url: stalled.url, 'git-token': 'a-token' },
    }),
  };
  // A first push has six times as long.
  const peers = { p: `${host.url}/repo.git`, stalled: { endpoint: `${stalled.url}/repo.git`, timeout: '3s' } };
  const started = Date.now();
  const { result } = await command(folder, stringify(peers), { credentials });
  expect(result.peers).toMatchObject([
    { name: 'p', state: 'remote-empty', status: 'failed', error: { code: 'auth', retryable: false } },
    { name: 'stalled', state: 'remote-empty', error: { code: 'timeout' } },
  ]);
  expect(Date.now() - started).toBeLessThan(WITHIN_MS);
  expect(host.requests.filter((request) => request.includes('git-receive-pack'))).toEqual([
    'GET /repo.git/info/refs?service=git-receive-pack 403',
  ]);
  expect(exitCodeOf(result, 'any')).toBe(1);
  expect(await repository.refs()).toEqual(['refs/heads/main']);

  // One that is only read fails, and its endpoint may be that of a web page.
  const upstream = stringify({ p: { endpoint: `${host.url}/repo.git`, role: 'upstream' } });
  const own = { text: stringify({ p: { url: host.url, 'git-token': 'a-token' } }) };
  const read = await command(folder, upstream, { credentials: own });
  const hint = expect.stringContaining('a web page in the place of a git repository');
  expect(read.result.problems).toMatchObject([{ severity: 'warning', code: 'remote-empty', peer: 'p', hint }]);
});

test('missing and wrong credentials, and a missing region, are different errors that start with our sentence', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const live = await makeDatabase(folder.file('live'));
  await using server = await startDoltSqlServer(folder.path, live.path);
  const url = new URL(server.url).origin;
  const ran = await command(
    folder,
    stringify({ none: server.url, wrong: server.url, lake: 'aws://[table:bucket]/db' }),
    {
      ...{ command: 'status', retries: 0, env: { SSL_CERT_FILE: server.ca } },
      credentials: { text: stringify({ wrong: { url, user: 'sync', password: 'not-the-password' } }) },
    },
  );
  const errors = Object.fromEntries(ran.result.peers.map(({ name, error }) => [name, error]));
  expect(errors['lake']).toMatchObject({ code: 'config-invalid', message: 'lake has no AWS region' });
  expect(errors['none']).toMatchObject({
    code: 'auth',
    message: expect.stringMatching(/^none requires credentials, and none were given\nDolt said: .*Access denied/),
    hint: expect.stringContaining(`none:\n  url: ${url}\n  user: NAME\n  password: {env: NONE_PASSWORD}`),
  });
  expect(errors['wrong']?.message).toMatch(
    /^wrong refused the credentials\nuser sync, from input credentials:1:1\nDolt said: .*Access denied for user 'sync'$/,
  );
  const shown = text(ran.result).split('\n');
  expect(shown).toContain('error: wrong refused the credentials (auth)');
  expect(shown).toContain('  user sync, from input credentials:1:1');
  expect(shown.join('\n')).not.toMatch(/rpc error|sqlstate|errno/);
}, 120_000);
