import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { cloneInto, startEngine } from '../helpers/servers/engine.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a push and a clone use a remotesrv, which has no users', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  await using server = await startRemotesrv(folder.path);
  await using engine = await startEngine(local.path);
  const url = `${server.url}/org/repo`;
  await engine.call('DOLT_REMOTE', 'add', 'peer', url);
  expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toBe("fetch failed: no branches found in remote 'peer'");
  await engine.call('DOLT_PUSH', 'peer', 'main');
  expect(await cloneInto(folder.file('clone'), {}, [url])).toBe(head);
  await expect(cloneInto(folder.file('none'), {}, [`${server.url}/org/none`])).rejects.toThrow(
    'clone failed; remote at that url contains no Dolt data',
  );
});

test('an address without a server, an unknown name and an unknown scheme are refused', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using engine = await startEngine(folder.file('local'));
  const refused = async (name: string, url: string) => {
    await engine.call('DOLT_REMOTE', 'add', name, url);
    return engine.refusal('DOLT_FETCH', name, 'main');
  };
  expect(await refused('closed', 'http://127.0.0.1:9/org/repo')).toContain('connect: connection refused');
  expect(await refused('nowhere', 'https://nohost.invalid/org/repo')).toMatch(
    /code = Unavailable desc = .*(produced zero addresses|no such host)/,
  );
  expect(await refused('s3', 's3://bucket/path')).toBe("unknown url scheme: 's3'");
  expect(await refused('dolthub', 'dolthub://org/repo')).toBe("unknown url scheme: 'dolthub'");
  expect(await engine.refusal('DOLT_FETCH', '--user', 'somebody', 'closed', 'main')).toBe(
    'error: must set DOLT_REMOTE_PASSWORD environment variable to use --user param',
  );
});
