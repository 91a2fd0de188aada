import { expect, test } from '@jest/globals';
import { openAlarms, openIssue } from '../../src/github/alarm/issues.ts';
import { alarmMarker } from '../../src/github/alarm/marker.ts';
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
  // The repository has them in another case.
  for (const name of ['bug', 'Federation: Change', 'Federation: No change']) api.labels.add(name);
  api.labels.delete('federation: dangerous change');
  expect(await setLabel(repository, 7, 'change')).toEqual({ kind: 'labelled' });
  expect([...api.labels]).toEqual(['bug', 'federation: something else', 'Federation: Change']);
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

test('an issue has its label also if the repository has that in another case', async () => {
  await using api = await startGithubApi();
  api.issues.spelled = () => 'Federation: Alarm';
  const repository = repositoryAt(api.url);
  const place = { workflow: 'w', command: 'sync', inputs: [] };
  const marker = alarmMarker(place, null);
  expect(await openIssue(repository, place, { title: 't', body: marker })).toEqual({ kind: 'ok', value: 1 });
  const open = await openAlarms(repository, place, Date.now());
  expect(open.kind === 'ok' ? [...open.value.issues.keys()] : open).toEqual([marker]);
});
