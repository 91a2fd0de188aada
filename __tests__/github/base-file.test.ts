import { expect, test } from '@jest/globals';
import { readBaseFile } from '../../src/github/base-file.ts';
import { startGithubApi } from '../helpers/servers/github-api.ts';

const [BASE, HEAD, FORK] = ['b', 'c', 'd'].map((digit) => digit.repeat(40)) as [string, string, string];
const merged = { base: BASE, head: HEAD, isHeadCheckedOut: false };
const path = '.beads/über config.yaml';

test('a merge is compared with the base; a head with the commit where it left the base', async () => {
  await using api = await startGithubApi(undefined, { behind_by: 3, merge_base_commit: { sha: FORK } });
  const repository = { api: api.url, name: 'org/repo', token: 'token-1' };
  const text = `peers: ${'ä'.repeat(100)}\n`;
  api.files.set(`${path}@${BASE}`, text).set(`${path}@${FORK}`, 'older\n');
  expect(await readBaseFile(repository, merged, path)).toEqual({ kind: 'read', text, commit: BASE, behind: 0 });
  expect(await readBaseFile(repository, { ...merged, isHeadCheckedOut: true }, path)).toEqual({
    ...{ kind: 'read', text: 'older\n', commit: FORK, behind: 3 },
  });
  expect(await readBaseFile(repository, merged, 'new.yaml')).toMatchObject({ kind: 'read', text: null });
});

test.each([
  { status: 403, isHeadCheckedOut: false },
  { status: 500, isHeadCheckedOut: true },
])('says why it cannot be read: %j', async ({ status, isHeadCheckedOut }) => {
  await using api = await startGithubApi();
  api.fail({ method: 'GET', status });
  const repository = { api: api.url, name: 'org/repo', token: 'token-1' };
  const found = await readBaseFile(repository, { ...merged, isHeadCheckedOut }, path);
  expect(found).toEqual({ kind: 'unread', reason: expect.stringContaining(`answered ${status}`) });
});
