import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { proofSchema } from '../../src/contract/result.ts';
import { remoteRefs } from '../helpers/backing-up.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a step on a release backs up its tag and publishes a proof; on a pull request it only checks', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  const local = await makeDatabase(join(runner.workspace, 'local'));
  const url = (name: string) => `file://${folder.file(name)}`;
  await local.publish(url('prim'));
  await writeFile(
    join(runner.workspace, 'federation.yaml'),
    [
      'federation:',
      `  remote: ${url('prim')}`,
      '  peers:',
      `    one: {endpoint: "${url('one')}", role: backup}`,
      `    two: {endpoint: "${url('two')}", role: archive}`,
      `    down: {endpoint: "${url('no/disk')}", role: backup}`,
    ].join('\n'),
  );
  const inputs = { command: 'backup', database: 'local', config: 'federation.yaml', 'dolt-path': testDolt() };
  const payload = {
    repository: { default_branch: 'main', visibility: 'private' },
    action: 'published',
    release: { tag_name: 'v1.0.0' },
  };

  const proposed = await runner.main({ inputs, event: { name: 'pull_request', ref: 'refs/pull/1/merge', payload } });
  expect(proposed.exitCode).toBe(0);
  expect(proposed.outputs).toMatchObject({ status: 'skipped', 'proof-path': '' });

  const head = await local.head();
  const step = await runner.main({
    inputs: { ...inputs, 'require-copies': '2' },
    event: { name: 'release', ref: 'refs/tags/v1.0.0', payload },
  });
  expect(step.exitCode).toBe(0);
  expect(step.outputs).toMatchObject({
    ...{ status: 'success', changed: 'true', head, synced: 'one,two', failed: 'down' },
  });
  const proof = proofSchema.parse(validated('proof', await readFile(step.outputs['proof-path'] ?? '', 'utf8')));
  expect(proof).toMatchObject({
    ...{ database: 'local', tag: 'v1.0.0', commit: head, copies: 2, required: 2 },
    peers: [
      { name: 'down', kind: 'skipped', databaseHash: null },
      { name: 'one', kind: 'proven', databaseHash: proof.databaseHash, tables: [{ name: 'items', rows: 2 }] },
      { name: 'two', kind: 'proven', databaseHash: proof.databaseHash, tables: [{ name: 'items', rows: 2 }] },
    ],
  });
  const json = validated('run', step.outputs['result'] ?? '');
  expect(json).toMatchObject({ backup: { tag: 'v1.0.0', commit: head, copies: 2, proof: step.outputs['proof-path'] } });
  expect(step.summary).toContain('## ✅ dolt-federation backup: success');
  expect(step.summary).toContain('### Backups');
  expect(step.summary).toMatch(
    /\| <code>one<\/code> \| proven \| [-\d]+ [:\d]+Z \| pushed \| <code>\w{8}<\/code> \| 1 \| 2 \|/,
  );
  expect(step.stdout).toContain('2 of 3 peers have the proven commit, 2 required');
  for (const name of ['one', 'two'])
    expect(await remoteRefs(folder, url(name))).toEqual({ main: head, tags: { 'v1.0.0': head } });
});
