import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { startEngine } from '../helpers/servers/engine.ts';
import { startRecordingServer } from '../helpers/servers/recording-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a token for one host is not sent to another host', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using stranger = await startRecordingServer();
  const env = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.https://git.example.org/.extraHeader',
    GIT_CONFIG_VALUE_0: 'Authorization: Basic a-secret',
  };
  await using engine = await startEngine(local.path, { env });
  await engine.call('DOLT_REMOTE', 'add', 'peer', `git+${stranger.url}/org/repo.git`);
  expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain('could not read Username');
  expect(stranger.requests).toMatchObject([{ method: 'GET', path: '/org/repo.git/info/refs?service=git-upload-pack' }]);
  expect(stranger.requests[0]?.headers.authorization).toBeUndefined();
});
