import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { cloneInto, withEngine } from '../helpers/servers/engine.ts';
import { startFakeGcs } from '../helpers/servers/fake-gcs.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a push and a clone use the named emulator without credentials, and fail without it', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  await using gcs = await startFakeGcs(folder.path);
  const env = { STORAGE_EMULATOR_HOST: gcs.host };
  const url = `gs://${gcs.bucket}/path/db`;
  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', url);
    await engine.call('DOLT_PUSH', 'peer', 'main');
    await engine.call('DOLT_REMOTE', 'add', 'no-bucket', 'gs://no-bucket/path/db');
    expect(await engine.refusal('DOLT_PUSH', 'no-bucket', 'main')).toBe(
      'unknown push error; googleapi: Error 404: Not Found, notFound',
    );
    // A missing bucket looks like an empty remote to a fetch.
    expect(await engine.refusal('DOLT_FETCH', 'no-bucket', 'main')).toBe(
      "fetch failed: no branches found in remote 'no-bucket'",
    );
  });
  expect(await cloneInto(folder.file('clone'), { env }, [url])).toBe(head);
  // Without an emulator, Google's library searches credentials before it connects to any host.
  const anonymous = { HOME: folder.path, GOOGLE_APPLICATION_CREDENTIALS: folder.file('none.json') };
  await withEngine(local.path, { env: anonymous }, async (engine) => {
    expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain(
      'dialing: google: error getting credentials using GOOGLE_APPLICATION_CREDENTIALS environment variable',
    );
  });
});
