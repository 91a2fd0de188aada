import { expect, test } from '@jest/globals';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { resultOf, runToEnd, startRun } from '../helpers/faults/run.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const CLEAN_WITHIN_MS = 12_000;

test('after SIGKILL in the middle of a fetch, the next run restores the tags that the fetch changed', async () => {
  await using folder = await tempFolder();
  await using silent = await startSilentPeer();
  const box = await mailbox(folder);
  const tags = async () =>
    (await box.south.rows('SELECT tag_name, message FROM dolt_tags ORDER BY tag_name')).map((row) =>
      [row['tag_name'], row['message']].join(' '),
    );
  await box.south.sql(...['v1', 'v2'].map((name) => `CALL DOLT_TAG('-m', 'ours', '${name}', 'main')`));
  await box.send("INSERT INTO items VALUES (7, 'seven', 'ann')");
  await box.north.sql(
    ...['v1', 'brought'].map((name) => `CALL DOLT_TAG('-m', 'theirs', '${name}')`),
    ...['v1', 'brought'].map((name) => `CALL DOLT_PUSH('mailbox', '${name}')`),
  );
  const spec = { home: folder.file('home'), database: box.south.path, command: 'sync' as const };
  const run = await startRun({ ...spec, federation: { peers: { box: box.url, silent: silent.url } } });
  expect(await run.said((lines) => lines.some((line) => /box.*fetched|fetched.*box/.test(line)))).toBe(true);
  run.kill('SIGKILL');
  await run.ended;
  expect(await outliving(run.mark, CLEAN_WITHIN_MS)).toEqual([]);
  const left = await tags();
  // On a busy machine the kill may come while the run puts the tags back.
  const changes = [
    ...(left.includes('v1 theirs') ? ['restored 1 tag (v1) that a fetch had moved'] : []),
    ...(left.includes('brought theirs') ? ['removed 1 tag (brought) that a fetch had created'] : []),
  ];
  expect(left).toContain('v2 ours');

  // Changes of a person in the meantime stay.
  await box.south.sql("CALL DOLT_TAG('-m', 'new', 'v3', 'main')", "CALL DOLT_TAG('-d', 'v2')");
  const { problems } = resultOf(await runToEnd({ ...spec, federation: { peers: { box: box.url } } }));
  const restored = problems.filter(({ code }) => code === 'tags-restored').map(({ message }) => message);
  expect(restored[0] ?? '').toBe(changes.join('; '));
  expect(await tags()).toEqual(['v1 ours', 'v3 new']);
});
