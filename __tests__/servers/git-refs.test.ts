import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startEngine, withEngine } from '../helpers/servers/engine.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

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
