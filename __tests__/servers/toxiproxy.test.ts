import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { startEngine } from '../helpers/servers/engine.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { startToxiproxy } from '../helpers/servers/toxiproxy.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a fault has an effect until it is removed', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using remotesrv = await startRemotesrv(folder.path);
  await using toxiproxy = await startToxiproxy(folder.path);
  const proxied = await toxiproxy.proxy(remotesrv.port.http);
  await using engine = await startEngine(local.path);
  await engine.call('DOLT_REMOTE', 'add', 'peer', `http://localhost:${proxied.port}/org/repo`);
  await engine.call('DOLT_PUSH', 'peer', 'main');

  const undo = await proxied.add({ type: 'latency', attributes: { latency: 300 } });
  const started = performance.now();
  await engine.call('DOLT_FETCH', 'peer', 'main');
  expect(performance.now() - started).toBeGreaterThan(300);
  await undo();

  const restore = await proxied.add({ type: 'reset_peer', attributes: { timeout: 0 } });
  expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toMatch(
    /code = Unavailable .*(?:connection reset by peer|broken pipe)/,
  );
  await restore();
  await proxied.enable(false);
  await proxied.enable(true);
  await engine.call('DOLT_FETCH', 'peer', 'main');
});
