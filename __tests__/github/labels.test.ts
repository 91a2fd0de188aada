import { expect, test } from '@jest/globals';
import { setLabel } from '../../src/github/labels.ts';
import { repositoryAt, startGithubApi } from '../helpers/servers/github-api.ts';

test('a pull request has the label of its last result, and keeps the labels of other programs', async () => {
  await using api = await startGithubApi();
  const repository = repositoryAt(api.url);
  api.labels.add('bug').add('federation: conflict').add('federation: something else');
  expect(await setLabel(repository, 7, 'dangerous change')).toEqual({ kind: 'labelled' });
  expect([...api.labels]).toEqual(['bug', 'federation: something else', 'federation: dangerous change']);
  expect(await setLabel(repository, 7, 'dangerous change')).toEqual({ kind: 'unchanged' });
  api.labels.add('federation: no change');
  expect(await setLabel(repository, 7, 'dangerous change')).toEqual({ kind: 'labelled' });
  expect(api.labels).not.toContain('federation: no change');
});

test.each([
  ['GET', 500],
  ['DELETE', 403],
  ['POST', 422],
])('the request %s answered with %i is reported', async (method, status) => {
  await using api = await startGithubApi();
  api.labels.add('federation: conflict');
  api.fail({ method, status });
  const end = await setLabel(repositoryAt(api.url), 7, 'change');
  expect(end).toEqual({ kind: 'unwritten', reason: expect.stringContaining(`answered ${status}`) });
});
