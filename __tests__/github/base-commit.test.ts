import { expect, test } from '@jest/globals';
import { readBaseCommit } from '../../src/github/base-commit.ts';
import { readEntryAt } from '../../src/github/entry-at.ts';
import { repositoryAt, type StubApi, type StubHistory, startGithubApi } from '../helpers/servers/github-api.ts';

const [BASE, HEAD, FORK, MERGE, NEWER] = ['b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
];
const change = { number: 7, base: BASE, baseRef: 'main', head: HEAD };
const path = '.beads/über config.yaml';
const repository = ({ url }: StubApi) => repositoryAt(url);
const merge_base_commit = { sha: FORK };

/** Every commit of the first one is one of the second one. */
const inside = (from: string, to: string) => ({ [`${from}...${to}`]: { behind_by: 0 } });
const newer = { ...inside(BASE, NEWER), ...inside(NEWER, 'main') };

test.each<
  readonly [string, string | null, readonly string[], NonNullable<StubHistory['between']>, object, (string | null)?]
>([
  ['an unknown commit, assumed to be the merge', null, [], {}, { commit: BASE, isMerged: true }],
  ['the merge into the base', MERGE, [BASE, HEAD], {}, { commit: BASE, isMerged: true }],
  ['the merge into a newer base', MERGE, [NEWER, HEAD], newer, { commit: NEWER, isMerged: true }],
  ['a merge into an older base', MERGE, [NEWER, HEAD], inside(NEWER, 'main'), { commit: FORK, isMerged: false }],
  ['a merge of a commit of the author', MERGE, [NEWER, HEAD], inside(BASE, NEWER), { commit: FORK, isMerged: false }],
  ['a merge of three commits', MERGE, [NEWER, HEAD, BASE], newer, { commit: FORK, isMerged: false }],
  ['a merge into an unknown branch', MERGE, [NEWER, HEAD], newer, { commit: FORK, isMerged: false }, null],
  ['the head of the branch', HEAD, [], {}, { commit: FORK, isMerged: false }],
  ['a newer commit of the branch', MERGE, [HEAD], {}, { commit: FORK, isMerged: false }],
  [
    'a head with a second merge base',
    ...([HEAD, [], { [`${FORK}...${HEAD}`]: { ahead_by: 3 } }, { commit: BASE, isMerged: false }] as const),
  ],
])(
  'the checkout decides which commits are compared: %s',
  async (_, checkedOut, parents, between, read, ref = 'main') => {
    const history = { behind_by: 3, ahead_by: 2, lacking: [HEAD, 0], merge_base_commit, parents, between } as const;
    await using api = await startGithubApi(undefined, history);
    const found = await readBaseCommit(repository(api), { ...change, baseRef: ref }, checkedOut);
    expect(found).toEqual({ kind: 'found', behind: 3, ...read });
  },
);

test('a file, a folder, a link and a missing path are read at a commit', async () => {
  await using api = await startGithubApi();
  const text = `peers: ${'ä'.repeat(100)}\n`;
  api.files.set(`${path}@${BASE}`, text).set(`.beads/dolt/x@${BASE}`, '').set(`link@${BASE}`, 'link: .beads');
  const entry = async (name: string, commit: string | null) => await readEntryAt(repository(api), name, commit);
  expect(await entry(path, BASE)).toEqual({ kind: 'file', bytes: Buffer.from(text) });
  expect(await entry('.beads', BASE)).toMatchObject({
    ...{
      kind: 'folder',
      isWhole: true,
      entries: [
        { name: 'über config.yaml', type: 'file' },
        { name: 'dolt', type: 'dir' },
      ],
    },
  });
  expect(await entry('link', BASE)).toEqual({ kind: 'link', target: '.beads' });
  expect(await entry(path, null)).toEqual({ kind: 'absent' });
  for (let index = 0; index < 1_000; index += 1) api.files.set(`.beads/${index}@${BASE}`, '');
  expect(await entry('.beads', BASE)).toMatchObject({ kind: 'folder', isWhole: false });
});

test.each([BASE, NEWER])(
  'a checkout of the base branch, even of a newer commit, contains no change: %s',
  async (checkedOut) => {
    await using api = await startGithubApi(undefined, { lacking: [HEAD, 1], merge_base_commit, parents: [FORK] });
    const found = await readBaseCommit(repository(api), change, checkedOut);
    const reason = expect.stringContaining('does not contain the head of the pull request');
    expect(found).toEqual({ kind: 'unread', reason, hint: expect.stringContaining('Check out the head') });
  },
);

test.each([403, 404, 500, 302])('an unreadable base is reported with the reason: %i', async (status) => {
  await using api = await startGithubApi(undefined, { merge_base_commit });
  api.fail({ method: 'GET', status });
  const found = await readBaseCommit(repository(api), change, null);
  expect(found).toEqual({
    ...{ kind: 'unread', reason: expect.stringContaining(`answered ${status}`) },
    ...([403, 404].includes(status) ? {} : { hint: 'Run the job again.' }),
  });
});
