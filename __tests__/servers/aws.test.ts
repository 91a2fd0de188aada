import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { startDynalite } from '../helpers/servers/dynalite.ts';
import { cloneInto, withEngine } from '../helpers/servers/engine.ts';
import { startVersitygw } from '../helpers/servers/versitygw.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a push and a clone use S3 and DynamoDB with the keys and the region of the environment', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  await using s3 = await startVersitygw(folder.path);
  await using dynamo = await startDynalite(folder.path);
  const places = { AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint };
  const keys = { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey };
  const env = { ...places, ...keys, AWS_REGION: s3.region };
  const url = `aws://[${dynamo.table}:${s3.bucket}]/path/db`;
  const refusal = (more: Record<string, string>) =>
    withEngine(local.path, { env: more }, (engine) => engine.refusal('DOLT_FETCH', 'peer', 'main'));

  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', url);
    await engine.call('DOLT_PUSH', 'peer', 'main');
    await engine.call('DOLT_REMOTE', 'add', 'no-bucket', `aws://[${dynamo.table}:no-bucket]/path/db`);
    expect(await engine.refusal('DOLT_PUSH', 'no-bucket', 'main')).toContain('api error NoSuchBucket');
    await engine.call('DOLT_REMOTE', 'add', 'no-table', `aws://[no-table:${s3.bucket}]/path/db`);
    expect(await engine.refusal('DOLT_FETCH', 'no-table', 'main')).toContain(
      "failed to get dynamo table: 'no-table' - operation error DynamoDB: GetItem",
    );
    // Unlike the command, the procedure takes no parameters of AWS.
    expect(await engine.refusal('DOLT_REMOTE', 'add', '--aws-region', s3.region, 'other', url)).toBe(
      "error: unknown option `aws-region'",
    );
  });
  expect(await cloneInto(folder.file('clone'), { env }, [url])).toBe(head);
  expect(await refusal({ ...places, AWS_REGION: s3.region })).toContain('no EC2 IMDS role found');
  expect(await refusal({ ...places, ...keys })).toContain('Invalid region: region was not a valid DNS name');
  expect(await refusal({ ...env, AWS_SECRET_ACCESS_KEY: 'wrong' })).toContain('api error SignatureDoesNotMatch');

  // A head that was recorded at one service says nothing about another one with the same names.
  const runner = await fakeRunner(folder);
  await local.commit('more', 'DELETE FROM items WHERE id = 1');
  await cp(local.path, join(runner.workspace, 'local'), { recursive: true });
  const inputs = { 'dolt-path': testDolt(), retries: '0', database: 'local', peers: `moved: "${url}"` };
  const states: unknown[] = [];
  for (const host of ['127.0.0.1', '127.0.0.1', 'localhost']) {
    const services = { ...env, AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint.replace('127.0.0.1', host) };
    const { outputs } = await runner.main({ inputs, env: services });
    states.push(JSON.parse(outputs['result'] ?? '').peers.map(({ state }: { state: string }) => state));
    await withEngine(local.path, { env }, (engine) => engine.call('DOLT_PUSH', '--force', 'peer', `${head}:main`));
  }
  expect(states).toEqual([['ahead'], ['rewritten'], ['ahead']]);
});
