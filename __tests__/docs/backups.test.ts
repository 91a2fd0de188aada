import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { proofSchema } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import { writeProgram } from '../helpers/child-node.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const PAGE = await readFile('docs/backups.md', 'utf8');

const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

test('the example proof follows the schema', () => {
  const [example = '', ...others] = blocks('json');
  expect(others).toEqual([]);
  expect(proofSchema.parse(JSON.parse(example)).peers).toHaveLength(1);
});

test('the commands on the page back up a release and restore it', async () => {
  await using folder = await tempFolder();
  for (const name of ['mnt', 'mnt/attic', 'mnt/vault', 'mnt/primary', 'work', 'work/.beads'])
    await mkdir(folder.file(name));
  const here = (text: string) =>
    text
      .replaceAll('file:///mnt', `file://${folder.file('mnt')}`)
      .replace('https://github.com/my-org/my-repo.git', `file://${folder.file('mnt', 'first')}`)
      .replace('s3://my-bucket/issues', `file://${folder.file('mnt', 'vault', 'issues')}`)
      .replace(/\n +aws: .*/, '');
  await writeFile(folder.file('work', '.beads', 'config.yaml'), here(blocks('yaml')[0] ?? ''));
  await writeProgram(folder.file('dolt-federation'), cli.path);
  await symlink(testDolt(), folder.file('dolt'));
  const local = await makeDatabase(folder.file('work', 'db'));
  await local.publish(`file://${folder.file('mnt', 'first')}`);
  const head = await local.head();
  const env = {
    PATH: `${folder.path}:${readEnv()['PATH']}`,
    HOME: folder.path,
    DOLT_DISABLE_EVENT_FLUSH: '1',
    DOLT_FEDERATION_DATABASE: 'db',
  };
  const shell = async (script: string) => {
    const options = { cwd: folder.file('work'), extendEnv: false, env, reject: false, all: true } as const;
    const result = await execa('/bin/bash', ['-c', `set -ex\n${script}`], options);
    expect([result.exitCode, result.all]).toEqual([0, result.all]);
    return result.stdout;
  };
  const [backing = '', ...restoring] = blocks('sh');
  const said = await shell(here(backing));
  expect(said).toContain(`backup of v1.0.0 at ${head}: nothing was pushed`);
  expect(said).toContain(`backup of v1.0.0 at ${head}: 2 of 2 peers have the proven commit`);
  const proof = proofSchema.parse(JSON.parse(await readFile(folder.file('work', 'proof.json'), 'utf8')));
  expect(proof).toMatchObject({ tag: 'v1.0.0', commit: head, copies: 2 });

  const restored = await shell(here(`unset DOLT_FEDERATION_DATABASE\n${restoring.join('\n')}`));
  expect(restored).toContain(head);
  expect(restored).toContain(proof.databaseHash);
  expect(restored).toMatch(/COUNT\(\*\)\n2\n/);
  expect(restored).toMatch(/push: success, 1 peer/);
}, 120_000);
