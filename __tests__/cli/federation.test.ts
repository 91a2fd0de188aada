import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunResult, runResultSchema } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import { cliInProcess } from '../helpers/cli-in-process.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

/** The command line in a folder whose configuration names the peers. */
async function configured(folder: TempFolder, peers: Readonly<Record<string, string>>) {
  const lines = Object.entries(peers).map(([name, path]) => `    ${name}: file://${path}\n`);
  const config = `sync:\n  mode: dolt-native\nfederation:\n  peers:\n${lines.join('')}`;
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads', 'config.yaml'), config);
  const run = (command: string, ...rest: string[]) =>
    cli.run([command, ...rest, '--dolt-path', testDolt()], { cwd: folder.path });
  return {
    run,
    async json(command: string, ...rest: string[]): Promise<{ exitCode: number | undefined; result: RunResult }> {
      const words = [command, '--json', ...rest, '--dolt-path', testDolt()];
      const env = { PATH: readEnv()['PATH'] ?? '', HOME: folder.file('home') };
      const { exitCode, stdout, stderr } = await cliInProcess(words, { cwd: folder.path, env });
      expect(stderr).toBe('');
      return { exitCode, result: runResultSchema.parse(JSON.parse(stdout)) };
    },
  };
}

describe('a session on the command line', () => {
  test('runs add-peer, sync and status as in the README', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('db'));
    const { run, json } = await configured(folder, {});
    await writeFile(folder.file('.beads', 'config.yaml'), 'sync:\n  mode: dolt-native\n');
    const added = await cli.run(['add-peer', 'partner', `file://${folder.file('mailbox')}`], { cwd: folder.path });
    const file = folder.file('.beads', 'config.yaml');
    const stdout = `added peer partner (file://${folder.file('mailbox')}) to ${file}\n`;
    expect(added).toMatchObject({ exitCode: 0, stdout });

    const first = await json('sync', '--database', 'db');
    expect(first.exitCode).toBe(0);
    expect(first.result).toMatchObject({
      status: 'success',
      head: await local.head(),
      peers: [{ name: 'partner', state: 'remote-empty', status: 'pushed', verified: true }],
    });
    const again = await json('federation', 'sync', '--database', 'db');
    expect(again.result.status).toBe('unchanged');

    const text = await run('status', '--database', 'db');
    expect(text).toMatchObject({ exitCode: 0 });
    expect(text.stdout).toMatch(/partner +peer +up-to-date +0 +0/);
    expect(text.stderr).toContain('partner: fetching\n');
    expect(text.stderr).not.toContain('\u001b');
  });

  test('serves the other peers if one fails, and exits with 3, or with 0 if no failure counts', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const { run, json } = await configured(folder, {
      good: folder.file('mailbox'),
      gone: folder.file('no', 'such', 'disk'),
    });
    const partial = await json('sync', '--database', 'db');
    expect(partial.exitCode).toBe(3);
    expect(partial.result.peers).toMatchObject([
      { name: 'gone', status: 'failed' },
      { name: 'good', status: 'pushed', verified: true },
    ]);
    expect(await run('sync', '--database', 'db', '--fail-on', 'none')).toMatchObject({ exitCode: 0 });
    expect(await run('sync', 'gone', '--database', 'db')).toMatchObject({ exitCode: 1 });
    expect(await run('sync', '--database', 'db', '--fail-on', 'primary')).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test('leaves a conflict to a person under manual, exits with 4, and shows values only on request', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('db'));
    const { json } = await configured(folder, { partner: folder.file('mailbox') });
    await json('sync', '--database', 'db');
    const other = await cloneDatabase(`file://${folder.file('mailbox')}`, folder.file('other'));
    await other.commit('theirs', "UPDATE items SET title = 'theirs' WHERE id = 1");
    await other.dolt('push', 'origin', 'main');
    await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");

    const sync = ['sync', '--database', 'db', '--conflict-strategy', 'manual'] as const;
    const { exitCode, result } = await json(...sync);
    expect(exitCode).toBe(4);
    expect(result.peers[0]).toMatchObject({
      status: 'conflict',
      conflicts: [{ table: 'items', key: { id: '1' }, columns: ['title'], base: null, ours: null, theirs: null }],
    });
    const full = await json(...sync, '--report-values', 'full');
    expect(full.result.peers[0]?.conflicts[0]).toMatchObject({ ours: { title: 'ours' }, theirs: { title: 'theirs' } });
    const none = await json(...sync, '--report-values', 'none');
    expect(none.result.peers[0]?.conflicts[0]).toMatchObject({ table: 'items', key: {}, columns: [] });
    expect((await local.rows('SELECT title FROM items WHERE id = 1'))[0]).toEqual({ title: 'ours' });
  });
});

// `script` of util-linux gives a process a terminal.
if (process.platform === 'linux') {
  test('a terminal shows one line per peer and updates it in place', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    await configured(folder, { partner: folder.file('mailbox') });
    const line = `script -qec "stty rows 24 cols 100; $CLI --no-color sync --database db --dolt-path ${testDolt()}" /dev/null`;
    const { exitCode, stdout } = await cli.shell(line, { cwd: folder.path, env: { TERM: 'xterm' } });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('partner: fetching');
    expect(stdout).toContain('\u001b[2K');
    expect(stdout).toMatch(/partner +up-to-date +remote-empty +pushed/);
  });
}
