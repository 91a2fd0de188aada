import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { type RecordingServer, startRecordingServer } from '../helpers/servers/recording-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const basic = (user: string, secret: string) => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

/** Every Authorization header that a server was shown, once each. */
const shown = ({ requests }: RecordingServer) => [...new Set(requests.map(({ headers }) => headers.authorization))];

/** A part of a token that Dolt signed, read as an array of JSON. */
const claims = (header = '') => JSON.parse(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString());

test('each peer sees only its own secret, alone and beside other peers', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using gitA = await startRecordingServer();
  await using gitB = await startRecordingServer();
  await using gitNone = await startRecordingServer();
  await using doltA = await startRecordingServer({ http2: true });
  await using doltB = await startRecordingServer({ http2: true });
  await using hub = await startRecordingServer({ http2: true });
  await using doltNone = await startRecordingServer({ http2: true });
  const git = ({ url }: RecordingServer) => `${url}/org/repo.git`;
  const dolt = ({ url }: RecordingServer) => `${url}/org/repo`;
  const peers = {
    ...{ 'git-a': git(gitA), 'git-b': git(gitB), 'git-none': git(gitNone) },
    ...{ 'dolt-a': dolt(doltA), 'dolt-b': dolt(doltB), hub: dolt(hub), 'dolt-none': dolt(doltNone) },
  };
  const credentials = {
    'git-a': { url: gitA.url, 'git-token': 'secret-of-git-a' },
    'git-b': { url: gitB.url, 'git-token': 'secret-of-git-b' },
    'dolt-a': { url: doltA.url, user: 'ann', password: 'secret-of-dolt-a' },
    'dolt-b': { url: doltB.url, user: 'bob', password: 'secret-of-dolt-b' },
    hub: { url: hub.url, 'dolt-jwk': JSON.stringify(doltJwk()) },
  };
  const { result } = await command(folder, stringify(peers), {
    command: 'status',
    retries: 0,
    parallel: 8,
    credentials: { text: stringify(credentials) },
  });
  expect(result.peers.map(({ name, error }) => [name, error?.code])).toEqual(
    Object.keys(peers)
      .sort()
      .map((name) => [name, 'auth']),
  );
  // git sends a first request without credentials only if it has none.
  expect(shown(gitA)).toEqual([basic('x-access-token', 'secret-of-git-a')]);
  expect(shown(gitB)).toEqual([basic('x-access-token', 'secret-of-git-b')]);
  expect(shown(doltA)).toEqual([basic('ann', 'secret-of-dolt-a')]);
  expect(shown(doltB)).toEqual([basic('bob', 'secret-of-dolt-b')]);
  expect(hub.requests.length).toBeGreaterThan(0);
  for (const header of shown(hub)) expect(claims(header)).toMatchObject({ aud: ['127.0.0.1'] });
  for (const none of [gitNone, doltNone]) expect(shown(none)).toEqual([undefined]);
});

test('a host that redirects git to another host does not redirect the token, whatever git of the user allows', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using stranger = await startRecordingServer();
  await using host = await startRecordingServer({ redirectTo: stranger.url });
  const url = `${host.url}/org/repo.git`;
  const settings = ['', ` "${host.url}/"`, ` "${url}"`].map((at) => `[http${at}]\nfollowRedirects = true\n`);
  await writeFile(folder.file('.gitconfig'), settings.join(''));
  const { result } = await command(
    folder,
    stringify({ p: { endpoint: url, 'allowed-hosts': [new URL(stranger.url).host] } }),
    {
      command: 'status',
      env: { HOME: folder.path },
      userHome: true,
      retries: 0,
      credentials: { text: stringify({ p: { url: host.url, 'git-token': 'a-secret' } }) },
    },
  );
  const error = { code: 'not-found', hint: expect.stringContaining('redirects to another address') };
  expect(result.peers).toMatchObject([{ state: 'unreachable', error }]);
  expect(shown(host)).toEqual([basic('x-access-token', 'a-secret')]);
  expect(stranger.requests).toEqual([]);
});

test('a configuration that moves peers to another host causes no request and sends no secret', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using stranger = await startRecordingServer();
  await using dolt = await startRecordingServer({ http2: true });
  const url = 'https://partner.example';
  const peers = {
    ...{ git: `${stranger.url}/org/repo.git`, live: `${dolt.url}/db`, hub: 'dolthub://org/repo' },
    s3: { endpoint: 'aws://[table:bucket]/db', aws: { endpoint: stranger.url, region: 'eu-1' } },
  };
  const credentials = {
    git: { url, 'git-token': 'a-secret' },
    live: { url, user: 'u', password: 'a-secret' },
    hub: { url: 'dolthub://another', 'dolt-jwk': JSON.stringify(doltJwk()) },
    s3: { url: 'aws://[table:bucket]', 'aws-access-key-id': 'a', 'aws-secret-access-key': 'a-secret' },
  };
  const { result } = await command(folder, stringify(peers), {
    overrides: { dolthubHost: `127.0.0.1:${dolt.port}` },
    credentials: { text: stringify(credentials) },
  });
  expect(result.status).toBe('failed');
  for (const { state, error } of result.peers) {
    expect([state, error?.code]).toEqual(['unknown', 'credential-url-mismatch']);
  }
  expect([...stranger.requests, ...dolt.requests]).toEqual([]);
});

test('only a git peer in the repository of the workflow gets the token of the job', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using host = await startRecordingServer();
  const { url } = host;
  const peers = { own: `${url}/org/repo.git`, other: `${url}/org/other.git` };
  await command(folder, stringify(peers), {
    command: 'status',
    env: { GITHUB_SERVER_URL: url, GITHUB_REPOSITORY: 'org/repo' },
    githubToken: 'the-token-of-the-job',
  });
  const seen = host.requests.map(({ path, headers }) => [path.replace(/\/info.*/, ''), headers.authorization] as const);
  expect(Object.fromEntries(seen)).toEqual({
    '/org/repo.git': basic('x-access-token', 'the-token-of-the-job'),
    '/org/other.git': undefined,
  });
});
