import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readEnv } from '../../src/core/env.ts';
import { writeProgram } from '../helpers/child-node.ts';
import { cliInProcess, plainWords } from '../helpers/cli-in-process.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

/** A folder with a blank in its name, in which `dolt-federation` is a command. */
async function workplace(folder: TempFolder) {
  const bin = folder.file('bin');
  await mkdir(bin);
  await mkdir(folder.file('my work'));
  await writeProgram(folder.file('bin', 'dolt-federation'), cli.path);
  await writeFile(folder.file('my work', 'the peers.yaml'), '# The peers of this database.\n');
  const env = { PATH: `${bin}:${readEnv()['PATH'] ?? ''}`, HOME: folder.path };
  const cwd = folder.file('my work');
  /** Runs a line of shell, as a user would paste it. */
  const paste = (line: string) =>
    execa('/bin/bash', ['-c', line], { cwd, env, extendEnv: false, reject: false, all: true });
  /** Runs a line that quotes words in no other way than in single quotes, in this process. */
  const shell = async (line: string) => {
    const words = plainWords(line);
    if (words === null) throw new Error(`needs a shell: ${line}`);
    const done = await cliInProcess(words, { cwd, env });
    return { ...done, all: `${done.stderr}${done.stdout}`.trimEnd() };
  };
  const options = `--config 'the peers.yaml' --database local --dolt-path ${testDolt()}`;
  return {
    paste,
    shell,
    options,
    local: await makeDatabase(folder.file('my work', 'local')),
    box: `file://${folder.file('box')}`,
  };
}

/** The commands of ours that a text prints, in their order. */
function printed(text: string): string[] {
  return [...text.matchAll(/(?:`|run: )(dolt-federation [^`\n]+)/g)].map(([, line = '']) => line);
}

async function clash(local: TestDatabase, box: string): Promise<void> {
  await local.sql(
    "CALL DOLT_BRANCH('theirs')",
    "UPDATE items SET title = 'ours' WHERE id = 1",
    "INSERT INTO items VALUES (7, 'our seven', 'ann')",
    "CALL DOLT_COMMIT('-A', '-m', 'ours')",
    "CALL DOLT_CHECKOUT('theirs')",
    "UPDATE items SET title = 'theirs' WHERE id = 1",
    "INSERT INTO items VALUES (7, 'their seven', 'bob')",
    "CALL DOLT_COMMIT('-A', '-m', 'theirs')",
  );
  await local.publish(box, 'theirs:main');
}

describe('a printed command runs unchanged', () => {
  test('from the first peer through a conflict to the next sync', async () => {
    await using folder = await tempFolder();
    const { paste, shell, options, local, box } = await workplace(folder);
    await clash(local, box);

    const [add = ''] = printed((await shell(`dolt-federation list-peers --config 'the peers.yaml'`)).all);
    expect(add).toBe("dolt-federation add-peer --config 'the peers.yaml' <name> <endpoint>");
    const added = await paste(add.replace('<name>', 'partner').replace('<endpoint>', box));
    expect([added.exitCode, added.all]).toEqual([0, expect.anything()]);

    const again = await shell(`${add.replace('<name>', 'partner').replace('<endpoint>', box)}`);
    const [change = ''] = printed(again.all);
    expect((await shell(change.replace('<name>', 'partner').replace('<endpoint>', box))).exitCode).toBe(0);

    const unknown = await shell(`dolt-federation sync stranger ${options}`);
    const [list = ''] = printed(unknown.all);
    expect((await shell(list)).all).toContain('partner');

    const synced = await shell(`dolt-federation sync --conflict-strategy manual ${options}`);
    expect(synced.exitCode).toBe(4);
    const [onTerminal = '', withFile = ''] = printed(synced.all);
    const asked = await shell(onTerminal);
    // This is not a terminal, and the command that the error suggests runs too.
    expect(printed(asked.all)).toEqual([withFile]);
    expect((await shell(withFile)).all).toContain('conflicts-undecided');
    const file = folder.file('my work', 'local', '.dolt', 'dolt-federation', 'conflicts.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/^( {8}choose:)$/gm, '$1 theirs'));
    const resolved = await paste(withFile);
    expect([resolved.exitCode, resolved.all]).toEqual([
      0,
      expect.stringMatching(/^Merge partner with 2 rows as chosen.* and move main\n[\s\S]*merged partner with 2 rows/m),
    ]);

    const [publish = ''] = printed(resolved.all);
    const done = await shell(publish);
    expect([done.exitCode, done.all]).toEqual([0, expect.stringContaining('sync: success')]);
    expect(await local.rows('SELECT title FROM items WHERE id IN (1, 7) ORDER BY id')).toEqual([
      { title: 'theirs' },
      { title: 'their seven' },
    ]);
  }, 240_000);

  test('to restore a lost row: with a choice in the file, and with the printed statement', async () => {
    await using folder = await tempFolder();
    const { shell, options, local, box } = await workplace(folder);
    await clash(local, box);
    await shell(`dolt-federation add-peer --config 'the peers.yaml' partner ${box}`);
    const synced = await shell(`dolt-federation sync ${options}`);
    expect(synced.exitCode).toBe(4);
    const withFile = printed(synced.all).find((line) => line.includes('--file')) ?? '';
    const file = folder.file('my work', 'local', '.dolt', 'dolt-federation', 'conflicts.yaml');
    const text = await readFile(file, 'utf8');
    const statement: unknown = JSON.parse(/^ {4}sql: (".*")$/m.exec(text)?.[1] ?? '""');
    await local.sql('BEGIN', String(statement), "SELECT 'it runs'", 'ROLLBACK');
    const asItIs = text.replace('kind: id-collision', 'kind: unique-conflict\n    columns: [title]');
    await writeFile(file, asItIs.replace(/^( {4}choose:)$/m, '$1 {restore-as: {title: our seven}}'));
    const there = await shell(withFile);
    expect([there.exitCode, there.all]).toEqual([
      0,
      expect.stringContaining('1 row had the chosen values already: main'),
    ]);
    expect(there.all).not.toContain('restored 1 row');
    await writeFile(file, text.replace(/^( {4}choose:)$/m, '$1 restore'));
    const restored = await shell(withFile);
    expect([restored.exitCode, restored.all]).toEqual([0, expect.stringContaining('restored 1 row')]);
    expect((await shell(printed(restored.all)[0] ?? '')).exitCode).toBe(0);
    expect(await local.rows('SELECT id, title FROM items WHERE id > 6 ORDER BY id')).toEqual([
      { id: 7, title: 'our seven' },
      { id: 8, title: 'their seven' },
    ]);
  }, 240_000);
});
