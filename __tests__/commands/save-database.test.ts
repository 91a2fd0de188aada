import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { prepared } from '../helpers/command-line.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Runs a command line as on a terminal. */
async function run(folder: TempFolder, argv: readonly string[], userHome = true): Promise<readonly string[]> {
  const said: string[] = [];
  const context = commandContext(folder.path);
  const log = { debug() {}, info: (text: string) => void said.push(text), warning: () => undefined };
  await prepared(argv).run({ ...context, userHome, log, tempDir: folder.path });
  return said.filter((line) => line.includes('federation.database'));
}

const ENDPOINT = 'gs://bucket/hub';

describe('the folder given with --database', () => {
  test('is suggested by add-peer, written by --save relative to the file, and then not suggested any more', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('local', '.dolt', 'noms'), { recursive: true });
    const file = folder.file('.beads/config.yaml');
    const given = ['--database', 'local'];
    expect(await run(folder, ['add-peer', 'a', ENDPOINT, ...given])).toEqual([
      `To find this database without --database, add --save: it writes federation.database to ${file}.`,
    ]);
    expect(await run(folder, ['add-peer', 'x', ENDPOINT, ...given], false)).toEqual([]);
    const wrong = ['add-peer', 'b', ENDPOINT, '--database', 'locl', '--save'];
    expect(await refusal(() => run(folder, wrong))).toMatchObject({
      code: 'no-database',
      hint: expect.stringContaining('Did you mean `local`?'),
    });
    expect(await readFile(file, 'utf8')).not.toMatch(/database|b:/);
    expect(await run(folder, ['add-peer', 'b', ENDPOINT, ...given, '--save'])).toEqual([
      `wrote federation.database to ${file}`,
    ]);
    expect(await readFile(file, 'utf8')).toContain('\n  database: ../local\n');
    expect(await run(folder, ['add-peer', 'c', ENDPOINT, ...given])).toEqual([]);
    expect(await run(folder, ['add-peer', 'd', ENDPOINT, ...given, '--save'])).toEqual([
      `${file} has federation.database already`,
    ]);
  });

  test('is written by sync --save, which finds it in the next run', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    const file = folder.file('federation.yaml');
    await writeFile(file, `federation: {peers: {box: "file://${folder.file('box')}"}}\n`);
    const sync = ['sync', '--config', file, '--dolt-path', testDolt()];
    const given = ['--database', 'local'];
    expect(await run(folder, [...sync, ...given, '--save', '--dry-run'])).toEqual([]);
    expect(await run(folder, [...sync, ...given, '--save'])).toEqual([`wrote federation.database to ${file}`]);
    expect(await readFile(file, 'utf8')).toBe(
      `federation: {peers: {box: "file://${folder.file('box')}"}, database: local}\n`,
    );
    await run(folder, sync);
  });

  test('is required for --save', async () => {
    for (const command of [['sync'], ['add-peer', 'a', ENDPOINT]])
      expect(await refusal(() => prepared([...command, '--save']))).toMatchObject({
        code: 'bad-usage',
        hint: 'Add `--database <folder>`, or remove `--save`.',
      });
  });
});
