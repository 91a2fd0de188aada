import { expect, test } from '@jest/globals';
import { readBaseFile } from '../../src/github/base-file.ts';
import { type StubApi, startGithubApi } from '../helpers/servers/github-api.ts';

const [BASE, HEAD, FORK, MERGE, NEWER] = ['b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
];
const change = { number: 7, base: BASE, head: HEAD };
const path = '.beads/über config.yaml';
const repository = ({ url }: StubApi) => ({ api: url, name: 'org/repo', token: 'app-1', env: {} });
const merge_base_commit = { sha: FORK };

test.each([
  ['unknown, taken for the merge', null, [], { text: 'base', commit: BASE, isMerged: true }],
  ['the merge into a newer base', MERGE, [NEWER, HEAD], { text: 'newer', commit: NEWER, isMerged: true }],
  ['the head', HEAD, [], { text: 'fork', commit: FORK, isMerged: false }],
  ['a newer commit of the branch', MERGE, [HEAD], { text: 'fork', commit: FORK, isMerged: false }],
])('what is checked out decides what is compared: %s', async (_, checkedOut, parents, read) => {
  await using api = await startGithubApi(undefined, { behind_by: 3, lacking: [HEAD, 0], merge_base_commit, parents });
  api.files.set(`${path}@${BASE}`, 'base').set(`${path}@${FORK}`, 'fork').set(`${path}@${NEWER}`, 'newer');
  const found = await readBaseFile(repository(api), change, { checkedOut, path });
  expect(found).toEqual({ kind: 'read', behind: 3, ...read });
});

test('a long text is read whole, and a file that was not there is no error', async () => {
  await using api = await startGithubApi(undefined, { merge_base_commit });
  const text = `peers: ${'ä'.repeat(100)}\n`;
  api.files.set(`${path}@${BASE}`, text);
  expect(await readBaseFile(repository(api), change, { checkedOut: null, path })).toMatchObject({ text });
  expect(await readBaseFile(repository(api), change, { checkedOut: null, path: 'new.yaml' })).toMatchObject({
    ...{ kind: 'read', text: null },
  });
});

test.each([BASE, NEWER])(
  'a checkout of the base branch, also of a newer one, has nothing of the change: %s',
  async (checkedOut) => {
    await using api = await startGithubApi(undefined, { lacking: [HEAD, 1], merge_base_commit, parents: [FORK] });
    const found = await readBaseFile(repository(api), change, { checkedOut, path });
    const reason = expect.stringContaining('does not contain the head of the pull request');
    expect(found).toEqual({ kind: 'unread', reason });
  },
);

test.each([403, 404, 500, 302])('says why it cannot be read: %i', async (status) => {
  await using api = await startGithubApi(undefined, { merge_base_commit });
  api.fail({ method: 'GET', status });
  const found = await readBaseFile(repository(api), change, { checkedOut: null, path });
  expect(found).toEqual({ kind: 'unread', reason: expect.stringContaining(`answered ${status}`) });
});
