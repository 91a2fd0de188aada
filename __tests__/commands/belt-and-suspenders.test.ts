import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { runOutputs } from '../../src/report/outputs.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { cloneDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { makeTracker } from '../helpers/tracker.ts';

/** Runs a command in the workspace of the folder. */
async function inWorkspace(folder: TempFolder, peers: string, options: CommandOptions = {}) {
  return (await command(folder, peers, { database: undefined, ...options })).result;
}

test('sync and pull write the JSONL file, and a failed write is a problem of the run', async () => {
  await using folder = await tempFolder();
  const local = await makeTracker(folder, '.');
  await local.commit('one', "INSERT INTO issues (id, title) VALUES ('bd-1', 'one')");
  const url = `file://${folder.file('box')}`;
  const peers = `box: ${url}`;
  const file = folder.file('.beads', 'issues.jsonl');

  for (const options of [{ dryRun: true }, { command: 'status' }, { command: 'push' }] as const) {
    expect(await inWorkspace(folder, peers, options)).not.toHaveProperty('export');
  }
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });

  const first = await inWorkspace(folder, peers);
  expect(first).toMatchObject({ status: 'unchanged', export: { status: 'written', file, issues: 1 } });
  expect(runOutputs(first, { doltPath: null, doltSource: null })).toMatchObject({ 'jsonl-path': file });
  expect(await inWorkspace(folder, peers)).toMatchObject({ export: { status: 'unchanged', issues: 1 } });

  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('two', "INSERT INTO issues (id, title) VALUES ('bd-2', 'two')");
  await other.publish(url);
  expect(await inWorkspace(folder, peers, { command: 'pull' })).toMatchObject({
    export: { status: 'written', issues: 2 },
  });
  const before = await readFile(file, 'utf8');
  expect(before).toContain('"id":"bd-2"');

  await other.commit(
    'three',
    "INSERT INTO issues (id, title, closed_at) VALUES ('bd-3', 'three', '2026-01-02 03:04:05')",
  );
  await other.publish(url);
  const failed = await inWorkspace(folder, peers, { reportValues: 'none' });
  expect(failed).toMatchObject({
    status: 'partial',
    peers: [{ status: 'pulled', verified: true }],
    problems: [{ severity: 'error', code: 'export-row', message: expect.stringMatching(/because of 1 row$/) }],
    export: { status: 'failed', file, issues: null },
  });
  expect([exitCodeOf(failed, 'any'), exitCodeOf(failed, 'none')]).toEqual([EXIT.partial, EXIT.ok]);
  expect(await readFile(file, 'utf8')).toBe(before);
  const named = await inWorkspace(folder, peers, { reportValues: 'keys' });
  expect(named.problems[0]?.message).toContain('bd-3 has the status open');
});

test('a workspace without peers is exported too, and in another mode nothing is written', async () => {
  await using folder = await tempFolder();
  await makeTracker(folder, '.');
  const alone = await inWorkspace(folder, '', { allowNoPeers: false });
  expect(alone).toMatchObject({ status: 'unchanged', peers: [], export: { status: 'written', issues: 0 } });
  const overrides = { syncMode: 'dolt-native' } as const;
  expect(await inWorkspace(folder, '', { overrides })).not.toHaveProperty('export');
  await expect(inWorkspace(folder, '', { overrides, allowNoPeers: false })).rejects.toMatchObject({ code: 'no-peers' });
  await writeFile(
    folder.file('.beads', 'config.yaml'),
    'sync.mode: belt-and-suspenders\nexport: {path: ../../up.jsonl}\n',
  );
  const outside = await inWorkspace(folder, '');
  expect(outside).toMatchObject({
    status: 'partial',
    problems: [{ code: 'outside-workspace' }],
    export: { file: null },
  });
});
