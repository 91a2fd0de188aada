import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runResultSchema } from '../../src/contract/result.ts';
import { makeDatabase, publishing, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

interface Scene {
  readonly runner: FakeRunner;
  readonly local: TestDatabase;
}

/** A workspace with a database and a configuration of these peers. */
async function scene(folder: TempFolder, peers: Readonly<Record<string, string>>): Promise<Scene> {
  const runner = await fakeRunner(folder);
  const local = await makeDatabase(join(runner.workspace, 'local'));
  const lines = Object.entries(peers).map(([name, path]) => `    ${name}: file://${path}\n`);
  await writeFile(join(runner.workspace, 'federation.yaml'), `federation:\n  peers:\n${lines.join('')}`);
  return { runner, local };
}

/** Commits a change at the database, and another one at the peer `mailbox`. */
async function diverge(
  folder: TempFolder,
  local: TestDatabase,
  { ours, theirs }: Readonly<Record<'ours' | 'theirs', string>>,
): Promise<void> {
  await local.sql(
    "CALL DOLT_CHECKOUT('-b', 'theirs')",
    theirs,
    "CALL DOLT_COMMIT('-A', '-m', 'theirs')",
    ...publishing(`file://${folder.file('mailbox')}`, 'theirs:main'),
    "CALL DOLT_CHECKOUT('main')",
    "CALL DOLT_BRANCH('-D', 'theirs')",
    ours,
    "CALL DOLT_COMMIT('-A', '-m', 'ours')",
  );
}

const inputs = { database: 'local', config: 'federation.yaml', 'dolt-path': testDolt() };

describe('a step that syncs', () => {
  test('pushes to a peer and reports it in all forms; a second step finds no change', async () => {
    await using folder = await tempFolder();
    const { runner, local } = await scene(folder, { mailbox: folder.file('mailbox') });
    const head = await local.head();

    const step = await runner.main({ inputs });
    expect(step.exitCode).toBe(0);
    expect(await remoteHead(`file://${folder.file('mailbox')}`, folder.file('look', 'local'))).toBe(head);
    expect(step.outputs).toMatchObject({
      ...{ status: 'success', changed: 'true', head, synced: 'mailbox', failed: '', conflicts: '0' },
      ...{ 'pulled-commits': '0', 'database-path': local.path, 'dolt-path': testDolt() },
    });
    expect(Number(step.outputs['pushed-commits'])).toBeGreaterThan(0);
    const json = validated('run', step.outputs['result'] ?? '');
    expect(JSON.parse(await readFile(step.outputs['result-path'] ?? '', 'utf8'))).toEqual(json);
    expect(step.summary).toContain('## ✅ dolt-federation sync: success');
    expect(step.summary).toContain('```mermaid\nflowchart LR');
    expect(step.summary).toContain('| <code>mailbox</code> | peer | T1 |');
    expect(step.stdout).toContain('::group::dolt-federation sync\n');
    expect(step.stdout).toMatch(/^mailbox +up-to-date +remote-empty +pushed/m);

    const again = await runner.main({ inputs });
    expect(again.outputs).toMatchObject({ status: 'unchanged', changed: 'false', synced: 'mailbox', head });
  });

  test('exits with 3 if a peer fails, annotates its line, and serves the other peers', async () => {
    await using folder = await tempFolder();
    const { runner } = await scene(folder, {
      mailbox: folder.file('mailbox'),
      gone: folder.file('not', 'mounted'),
    });
    const step = await runner.main({ inputs });
    expect(step.exitCode).toBe(3);
    expect(step.outputs).toMatchObject({ status: 'partial', synced: 'mailbox', failed: 'gone' });
    expect(step.commands).toContainEqual({
      command: 'error',
      properties: expect.objectContaining({ title: 'gone: folder-missing', file: 'federation.yaml', line: '4' }),
      message: expect.stringContaining('does not exist'),
    });
    expect(step.stdout).toContain('::error::sync: partial (gone failed)');

    const lenient = await runner.main({ inputs: { ...inputs, 'fail-on': 'none' } });
    expect(lenient.exitCode).toBe(0);
    expect(lenient.commands.some(({ command }) => command === 'error')).toBe(false);
    expect(lenient.commands).toContainEqual(
      expect.objectContaining({
        command: 'warning',
        properties: expect.objectContaining({ title: 'gone: folder-missing' }),
      }),
    );
  });

  test('shows only the values that the repository and report-values permit', async () => {
    await using folder = await tempFolder();
    const { runner, local } = await scene(folder, { mailbox: folder.file('mailbox') });
    await diverge(folder, local, {
      ours: "UPDATE items SET title = 'needle-ours' WHERE id = 2",
      theirs: "UPDATE items SET title = 'needle-theirs' WHERE id = 2",
    });
    // A conflict changes nothing, so that each step finds it again.
    const manual = { ...inputs, 'conflict-strategy': 'manual' };
    for (const [visibility, level, keys, values] of [
      ['public', '', false, false],
      ['private', '', true, false],
      ['private', 'full', true, true],
    ] as const) {
      const event = { name: 'schedule', payload: { repository: { default_branch: 'main', visibility } } };
      const step = await runner.main({ inputs: { ...manual, 'report-values': level }, event });
      expect(step.exitCode).toBe(4);
      expect(step.outputs).toMatchObject({ status: 'conflict', conflicts: '1' });
      const json = validated('run', step.outputs['result'] ?? '');
      const conflicts = [{ table: 'items', columns: keys ? ['title'] : [] }];
      expect({ visibility, level, ...json }).toMatchObject({ visibility, level, peers: [{ conflicts }] });
      const shown = [
        ...[step.stdout, step.summary, JSON.stringify(step.outputs)],
        await readFile(step.outputs['result-path'] ?? '', 'utf8'),
      ];
      const hasValues = shown.some((text) => text.includes('needle'));
      expect({ visibility, level, hasValues }).toEqual({ visibility, level, hasValues: values });
    }
  });

  test('cuts many rows in conflict in the output, but not in the file', async () => {
    await using folder = await tempFolder();
    const { runner, local } = await scene(folder, { mailbox: folder.file('mailbox') });
    const rows = Array.from({ length: 600 }, (_, index) => `(${index + 10}, 'title', 'owner')`).join(',');
    await local.commit('many rows', `INSERT INTO items VALUES ${rows}`);
    await diverge(folder, local, {
      ours: "UPDATE items SET title = CONCAT('o', id) WHERE id >= 10",
      theirs: "UPDATE items SET title = CONCAT('t', id) WHERE id >= 10",
    });

    const manual = { ...inputs, 'conflict-strategy': 'manual' };
    const step = await runner.main({ inputs: { ...manual, 'report-values': 'full' } });
    const json = validated('run', step.outputs['result'] ?? '');
    expect(json).toMatchObject({ truncated: true, peers: [{ conflicts: [] }] });
    expect(step.outputs['conflicts']).toBe('600');
    const whole = validated('run', await readFile(step.outputs['result-path'] ?? '', 'utf8'));
    const [mailbox] = runResultSchema.parse(whole).peers;
    expect(mailbox?.conflicts).toHaveLength(600);
    expect(whole['truncated']).toBeUndefined();
  });
});
