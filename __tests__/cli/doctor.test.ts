import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

test('doctor exits with 0 if all requirements are met, 1 if one is missing, and 2 for a bad configuration', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await mkdir(folder.file('.beads'));
  const doctor = async (peers: string, ...flags: string[]) => {
    await writeFile(folder.file('.beads', 'config.yaml'), `sync: {mode: dolt-native}\nfederation: {peers: ${peers}}\n`);
    const args = ['doctor', ...flags, '--database', 'local', '--dolt-path', testDolt()];
    return cli.run(args, { cwd: folder.path });
  };
  const fine = await doctor(`{a: "file://${folder.file('a')}"}`);
  expect(fine).toMatchObject({ exitCode: 0, stderr: '' });
  expect(fine.stdout).toMatch(/^ok +lock +the database is not in use$/m);
  expect(fine.stdout).toMatch(/\n\nno problems\n$/);

  const lacking = await doctor('{a: file:///no/such/folder/a}', '--json');
  expect(lacking).toMatchObject({ exitCode: 1, stderr: '' });
  expect(validated('doctor', lacking.stdout)).toMatchObject({ command: 'doctor', status: 'missing' });

  const bad = await doctor('{a: srv}', '--json');
  expect(bad.exitCode).toBe(2);
  expect(validated('error', bad.stdout)).toMatchObject({ error: { code: 'invalid-endpoint' } });
});
