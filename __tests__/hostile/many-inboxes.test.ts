import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { runAlarms } from '../../src/report/alarm/alarms.ts';
import { inboxBranch, MAX_INBOXES } from '../../src/sync/inbox.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a run merges a limited number of deliveries, but always those of peers', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const [first] = await local.rows('SELECT commit_hash AS hash FROM dolt_log ORDER BY commit_order LIMIT 1');
  const ofPeer = inboxBranch('zoe', String(first?.['hash']));
  const floods = Array.from({ length: 2 * MAX_INBOXES }, (_, index) => `inbox/a${index}-0123abcd`);
  await local.sql(...[ofPeer, ...floods].map((branch) => `CALL DOLT_BRANCH('${branch}')`));
  const settings = `federation: {inbox: true, peers: {zoe: "file://${folder.file('box')}"}}`;
  await writeFile(folder.file('receiver.yaml'), settings);
  const { result } = await command(folder, '', { command: 'pull', overrides: { config: 'receiver.yaml' } });
  const names = result.peers.map(({ name }) => name);
  expect(names).toContain(ofPeer);
  expect(names).toHaveLength(MAX_INBOXES + 2);
  const alarms = () =>
    Object.fromEntries(runAlarms(result, () => false).map(({ peer, verdict }) => [peer ?? '', verdict]));
  // Deliveries that were not drawn may fail, so nothing is closed.
  const expected = { '': 'ok', zoe: 'ok', 'inbox/zoe': 'unknown' };
  expect(alarms()).toEqual({ ...expected, 'inbox/*': 'unknown' });
  for (const one of result.peers) if (floods.includes(one.name)) one.status = 'failed';
  expect(alarms()).toEqual({ ...expected, 'inbox/*': 'failing' });
  expect(result.problems).toContainEqual(
    expect.objectContaining({
      code: 'inbox-unread',
      message: expect.stringContaining(`${MAX_INBOXES} more delivery branches wait for a later run`),
    }),
  );
});
