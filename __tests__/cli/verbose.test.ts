import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runResultSchema } from '../../src/contract/result.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

test('--verbose on a pipe shows the procedures of Dolt without values, and --json without it shows no log', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.commit('a secret message', "INSERT INTO items VALUES (7, 'private value', 'ann')");
  await writeFile(folder.file('c.yaml'), `federation: {peers: {box: "file://${folder.file('box')}"}}\n`);
  const run = (...flags: string[]) =>
    cli.run(['sync', '--config', 'c.yaml', '--database', 'local', '--dolt-path', testDolt(), ...flags], {
      cwd: folder.path,
    });

  const shown = await run('--json', '--verbose');
  expect(runResultSchema.parse(JSON.parse(shown.stdout))).toMatchObject({ status: 'success' });
  expect(shown.stderr).toMatch(/^Dolt: sql-server is ready \(\d+ ms\)$/m);
  for (const procedure of ['DOLT_REMOTE', 'DOLT_FETCH', 'DOLT_PUSH']) {
    expect(shown.stderr).toMatch(new RegExp(`^Dolt: CALL ${procedure} \\(\\d+ ms\\)$`, 'm'));
  }
  expect(shown.stderr).toContain('box: pushing');
  expect(shown.stderr).not.toMatch(/secret message|private value|password/i);

  const quiet = await run('--json');
  expect(runResultSchema.parse(JSON.parse(quiet.stdout))).toMatchObject({ status: 'unchanged' });
  expect([quiet.exitCode, quiet.stderr]).toEqual([0, '']);
});
