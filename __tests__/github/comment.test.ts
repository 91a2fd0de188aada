import { describe, expect, test } from '@jest/globals';
import { repositoryOfJob } from '../../src/github/client.ts';
import { markerOf, writeComment } from '../../src/github/comment.ts';
import { holdUntilTwo, repositoryAt, type StubApi, startGithubApi } from '../helpers/servers/github-api.ts';

const place = { pullRequest: 7, workflow: 'check', file: '.beads/config.yaml', command: 'validate' };
const marker = markerOf(place);
const create = { body: 'new', create: true };
const repository = ({ url }: StubApi, token = 'app-1') => repositoryAt(url, { token });

describe('the comment on a pull request', () => {
  test('is created once, updated in place, and unchanged if its text is equal', async () => {
    await using api = await startGithubApi();
    expect(await writeComment(repository(api), place, { body: 'none', create: false })).toEqual({ kind: 'silent' });
    expect(await writeComment(repository(api), place, create)).toEqual({ kind: 'created' });
    expect(await writeComment(repository(api), place, { body: 'later', create: false })).toEqual({ kind: 'updated' });
    expect(await writeComment(repository(api), place, { body: 'later', create: true })).toEqual({ kind: 'unchanged' });
    expect(api.comments.map(({ body }) => body)).toEqual([`${marker}\nlater`]);
  });

  test('is separate for another workflow or configuration', async () => {
    await using api = await startGithubApi();
    for (const other of [{ workflow: 'night' }, { file: 'a.yaml' }, {}])
      await writeComment(repository(api), { ...place, ...other }, create);
    expect(api.comments).toHaveLength(3);
    expect(markerOf({ ...place, file: '-->' })).toMatch(/^<!-- [\w -]+ -->$/);
  });

  test.each(['app-1', 'user-1'])('is not one of another user with the same marker, by %s', async (token) => {
    await using api = await startGithubApi();
    await writeComment(repository(api, 'user-2'), place, { body: 'of a stranger', create: true });
    expect(await writeComment(repository(api, token), place, create)).toEqual({ kind: 'created' });
    expect(await writeComment(repository(api, token), place, { body: 'later', create: true })).toEqual({
      kind: 'updated',
    });
    expect(api.comments.map(({ user, body }) => [user.id, body.split('\n')[1]])).toEqual([
      [2, 'of a stranger'],
      [1, 'later'],
    ]);
  });

  test('is not changed by a read-only token, and the reason is reported', async () => {
    await using api = await startGithubApi();
    const unwritten = { kind: 'unwritten', reason: expect.stringContaining('403') };
    expect(await writeComment(repository(api, 'read-1'), place, create)).toEqual(unwritten);
    await writeComment(repository(api), place, create);
    expect(await writeComment(repository(api, 'read-1'), place, { body: 'later', create: true })).toEqual(unwritten);
    expect(api.comments.map(({ body }) => body)).toEqual([`${marker}\nnew`]);
  });

  test('is not created twice after a rate limit that answers 403 to an update', async () => {
    await using api = await startGithubApi();
    await writeComment(repository(api), place, create);
    api.fail({ method: 'PATCH', status: 403, headers: { 'x-ratelimit-remaining': '0' } });
    const end = await writeComment(repository(api), place, { body: 'later', create: true });
    expect(end).toEqual({ kind: 'unwritten', reason: expect.stringContaining('rate limit') });
    expect(api.comments).toHaveLength(1);
  });

  test('is found behind a hundred other comments', async () => {
    await using api = await startGithubApi();
    for (let id = 1; id < 100; id += 1) api.comments.push({ id, body: 'talk', user: { id: 3 } });
    await writeComment(repository(api), place, create);
    await writeComment(repository(api), place, { body: 'later', create: true });
    expect(api.comments).toHaveLength(100);
  });

  test('exists once after two concurrent runs', async () => {
    await using api = await startGithubApi(holdUntilTwo((line) => line.startsWith('GET') && !line.endsWith('/user')));
    const ends = await Promise.all(
      ['first', 'second'].map((body) => writeComment(repository(api), place, { body, create: true })),
    );
    expect(ends.map(({ kind }) => kind).sort()).toEqual(['created', 'updated']);
    expect(api.requests.filter((line) => line.startsWith('POST'))).toHaveLength(2);
    expect(api.comments).toHaveLength(1);
  });

  test.each(['same', 'later'])(
    'that a concurrent run could not remove is removed by the next run: %s',
    async (body) => {
      await using api = await startGithubApi(holdUntilTwo((line) => line.startsWith('GET') && !line.endsWith('/user')));
      api.fail({ method: 'DELETE', status: 502 });
      const same = { body: 'same', create: true };
      await Promise.all([same, same].map((asked) => writeComment(repository(api), place, asked)));
      api.comments.push({ id: 900, body: `${marker}\nof a bot`, user: { id: 9, type: 'Bot' } });
      expect(api.comments).toHaveLength(3);
      const end = await writeComment(repository(api), place, { body, create: true });
      expect(end.kind).toBe(body === 'same' ? 'unchanged' : 'updated');
      expect(api.comments.map((comment) => comment.body)).toEqual([`${marker}\n${body}`, `${marker}\nof a bot`]);
    },
  );

  test.each([
    { method: 'GET', status: 401 },
    { method: 'GET', status: 500 },
    { method: 'POST', status: 403 },
    { method: 'POST', status: 422 },
    { method: 'POST', status: 502 },
    { method: 'POST', status: 429, headers: { 'retry-after': '60' } },
    { method: 'GET', status: 302, headers: { location: 'http://127.0.0.1:1/' } },
  ])('$method answers $status: the reason is reported, and the request is not repeated', async (fault) => {
    await using api = await startGithubApi();
    api.fail(fault);
    const end = await writeComment(repository(api), place, create);
    expect(end).toEqual({ kind: 'unwritten', reason: expect.stringMatching(`${fault.method} .* ${fault.status}`) });
    expect(api.comments).toEqual([]);
    expect(api.requests.filter((line) => line.startsWith(fault.method))).toHaveLength(1);
  });

  test('is not written if the server is unreachable, and the reason is reported', async () => {
    const gone = repositoryAt('http://127.0.0.1:1');
    expect(await writeComment(gone, place, create)).toMatchObject({ kind: 'unwritten' });
  });
});

test.each([
  [{ GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: 'https://ghes.example/api/v3/' }, 'https://ghes.example/api/v3'],
  [{ GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: 'http://ghes.example/api/v3' }, null],
  [{ GITHUB_REPOSITORY: 'org/repo' }, null],
  [{ GITHUB_REPOSITORY: '../repo', GITHUB_API_URL: 'https://api.github.com' }, null],
  [{ GITHUB_REPOSITORY: 'org/repo/../../x', GITHUB_API_URL: 'https://api.github.com' }, null],
])('the token is sent to the API that the runner names: %j', (env, api) => {
  const { signal } = new AbortController();
  expect(repositoryOfJob({ env, signal }, 'secret')?.api ?? null).toBe(api);
  expect(repositoryOfJob({ env, signal }, undefined)).toBeNull();
});
