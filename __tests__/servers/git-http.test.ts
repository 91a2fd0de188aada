import { mkdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { type BareRepository, bareRepository } from '../helpers/servers/bare-repository.ts';
import { cloneInto, startEngine, withEngine } from '../helpers/servers/engine.ts';
import { type GitHttp, startGitHttp } from '../helpers/servers/git-http.ts';
import { startRecordingServer } from '../helpers/servers/recording-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The token for one host, in git's command-scoped settings. */
function tokenFor(host: GitHttp, token: string): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${host.url}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
  };
}

async function gitHost(root: string): Promise<{ host: GitHttp; repository: BareRepository }> {
  await mkdir(root);
  const repository = await bareRepository(`${root}/repo.git`, { withBranch: true });
  await bareRepository(`${root}/empty.git`, { withBranch: false });
  return { repository, host: await startGitHttp({ root, token: 'a-token' }) };
}

test('a push and a clone use git over HTTP only with the token', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  const { host, repository } = await gitHost(folder.file('git'));
  await using _host = host;
  const env = tokenFor(host, 'a-token');
  const url = `git+${host.url}/repo.git`;
  await withEngine(local.path, { env }, async (engine) => {
    // A path that ends in .git makes a git remote of http://, too.
    await engine.call('DOLT_REMOTE', 'add', 'peer', `${host.url}/repo.git`);
    await engine.call('DOLT_PUSH', 'peer', 'main');
    await engine.call('DOLT_REMOTE', 'add', 'missing', `git+${host.url}/none.git`);
    expect(await engine.refusal('DOLT_FETCH', 'missing', 'main')).toMatch(/fatal: repository '.*' not found/);
    await engine.call('DOLT_REMOTE', 'add', 'empty', `git+${host.url}/empty.git`);
    expect(await engine.refusal('DOLT_PUSH', 'empty', 'main')).toContain('git remote has no branches: cannot push to');
  });
  expect(await repository.refs()).toEqual(['refs/dolt/data', 'refs/heads/main']);
  expect(await cloneInto(folder.file('clone'), { env }, [url])).toBe(head);
  for (const wrong of [{}, tokenFor(host, 'another')]) {
    await withEngine(local.path, { env: wrong }, async (engine) => {
      expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain('fatal: could not read Username for');
    });
  }
});

test('Dolt tries a read-only token 32 times before it fails', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const { host } = await gitHost(folder.file('git'));
  await using _host = host;
  host.refusePushes();
  await using engine = await startEngine(local.path, { env: tokenFor(host, 'a-token') });
  await engine.call('DOLT_REMOTE', 'add', 'peer', `git+${host.url}/repo.git`);
  expect(await engine.refusal('DOLT_PUSH', 'peer', 'main')).toContain('The requested URL returned error: 403');
  expect(host.requests.filter((request) => request.endsWith('git-receive-pack 403'))).toHaveLength(32);
});

test('an engine answers from memory for one second after it contacted a git remote', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const { host } = await gitHost(folder.file('git'));
  await using _host = host;
  await using engine = await startEngine(local.path, { env: tokenFor(host, 'a-token') });
  await engine.call('DOLT_REMOTE', 'add', 'peer', `git+${host.url}/repo.git`);
  await engine.call('DOLT_PUSH', 'peer', 'main');
  const asked = host.requests.length;
  await engine.call('DOLT_FETCH', 'peer', 'main');
  expect(host.requests).toHaveLength(asked);
});

test('an engine uses only one ref of a git repository: a push to a second ref changes the first', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
  const url = `git+file://${repository.path}`;
  await withEngine(local.path, {}, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', '--ref', 'refs/dolt/a', 'first', url);
    await engine.call('DOLT_REMOTE', 'add', '--ref', 'refs/dolt/b', 'second', url);
    await engine.call('DOLT_PUSH', 'first', 'main');
    await engine.call('DOLT_PUSH', 'second', 'main');
  });
  expect(await repository.refs()).toEqual(['refs/dolt/a', 'refs/heads/main']);
  await using another = await startEngine(local.path);
  await another.call('DOLT_PUSH', 'second', 'main');
  expect(await repository.refs()).toEqual(['refs/dolt/a', 'refs/dolt/b', 'refs/heads/main']);
});

test('a token for one host is not sent to another host', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using stranger = await startRecordingServer();
  const env = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.https://git.example.org/.extraHeader',
    GIT_CONFIG_VALUE_0: 'Authorization: Basic a-secret',
  };
  await using engine = await startEngine(local.path, { env });
  await engine.call('DOLT_REMOTE', 'add', 'peer', `git+${stranger.url}/org/repo.git`);
  expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain('could not read Username');
  expect(stranger.requests).toMatchObject([{ method: 'GET', path: '/org/repo.git/info/refs?service=git-upload-pack' }]);
  expect(stranger.requests[0]?.headers.authorization).toBeUndefined();
});
