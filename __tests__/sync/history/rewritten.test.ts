import { expect, test } from '@jest/globals';
import { cloneDatabase, remoteHead } from '../../helpers/database.ts';
import { federateIn, filePeer, withEngines } from '../../helpers/federating.ts';
import { inStep, REWRITES } from '../../helpers/rewriting.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test('a peer that drops commits during our push does not get them back', async () => {
  await using folder = await tempFolder();
  const it = await inStep(folder);
  await it.forget('south');
  await it.south.commit('south', "INSERT INTO t VALUES (6, 'six')");
  const url = `file://${folder.file('box')}`;
  const stranger = await cloneDatabase(url, folder.file('stranger'));
  await stranger.sql(...(REWRITES['amended']?.(it) ?? []));
  let pushed: Promise<unknown> | null = null;
  const peers = [filePeer('box', folder.file('box'))];
  const federated = await withEngines(it.south.path, folder.file('tmp'), (engines) =>
    federateIn(
      {
        ...engines,
        use: async (engineCredentials, work) => {
          await pushed;
          return engines.use(engineCredentials, work);
        },
      },
      {
        peers,
        onEvent({ step }) {
          if (step === 'fetched') pushed ??= stranger.dolt('push', '--force', 'origin', 'main');
        },
      },
    ),
  );
  expect(federated.run('box')).toMatchObject({
    state: 'rewritten',
    rewritten: { side: 'theirs', last: it.head },
    failure: { code: 'history-rewritten' },
    pushedCommits: 0,
  });
  expect(await remoteHead(url, folder.file('look', 'c'))).toBe(await stranger.head());
}, 180_000);
