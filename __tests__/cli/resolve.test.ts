import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type ResolveResult, type RunResult, resolveResultSchema, runResultSchema } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import { anotherSecond } from '../helpers/another-second.ts';
import { cliInProcess } from '../helpers/cli-in-process.ts';
import type { TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { scenario } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

type Name = 'north' | 'south';

/** Two databases in conflict, each with a mailbox of its own that the other one reads. The mailboxes hold the shared commit. */
async function inConflict(folder: TempFolder) {
  const made = await scenario(folder)
    .database('north', "UPDATE items SET title = 'north', owner = 'cho' WHERE id = 1", 'DELETE FROM items WHERE id = 2')
    .database('south', "UPDATE items SET title = 'south' WHERE id = 1", "UPDATE items SET owner = 'dan' WHERE id = 2")
    .mailbox('north-box')
    .mailbox('south-box')
    .build();
  const box = (name: Name): string => made.mailbox(`${name}-box`).url;
  const databases: Record<Name, TestDatabase> = { north: made.database('north'), south: made.database('south') };
  for (const [name, other] of [
    ['north', 'south'],
    ['south', 'north'],
  ] as const) {
    const peers = `    own: ${box(name)}\n    other: {endpoint: "${box(other)}", role: upstream}\n`;
    const config = `sync:\n  mode: dolt-native\nconflict:\n  strategy: manual\nfederation:\n  peers:\n${peers}`;
    await writeFile(folder.file(`${name}.yaml`), config);
  }
  const run = (local: Name, command: string, ...rest: string[]) =>
    cliInProcess(
      [command, '--json', '--config', `${local}.yaml`, '--database', local, '--dolt-path', testDolt(), ...rest],
      { cwd: folder.path, env: { PATH: readEnv()['PATH'] ?? '', HOME: folder.file('home') } },
    );
  const sync = async (local: Name): Promise<RunResult> =>
    runResultSchema.parse(JSON.parse((await run(local, 'sync', '--report-values', 'none')).stdout));
  return {
    databases,
    run,
    sync,
    fileOf: (local: Name) => folder.file(local, '.dolt', 'dolt-federation', 'conflicts.yaml'),
  };
}

/** Writes choices into a file, in the order in which `choose:` occurs. */
async function fill(file: string, ...choices: string[]): Promise<void> {
  const text = await readFile(file, 'utf8');
  let index = 0;
  const filled = text.replace(/^( +choose:)$/gm, (line) => `${line} ${choices[index++] ?? ''}`.trimEnd());
  await writeFile(file, filled);
}

describe('conflicts under the strategy manual', () => {
  test('sync writes a file, resolve merges its choices, two databases make one commit, and sync succeeds', async () => {
    await using folder = await tempFolder();
    const { databases, run, sync, fileOf } = await inConflict(folder);
    await sync('south');
    const left = await sync('north');
    expect(left).toMatchObject({ status: 'conflict', conflictsPath: fileOf('north') });
    expect((await stat(fileOf('north'))).mode & 0o777).toBe(0o600);
    const first = await readFile(fileOf('north'), 'utf8');
    expect(first).toContain('base: one\n            ours: north\n            theirs: south\n');
    expect(JSON.stringify(left)).not.toContain('"south"');

    // The same conflicts give the same file, and keeps the choices of a person.
    await sync('north');
    expect(await readFile(fileOf('north'), 'utf8')).toBe(first);
    await fill(fileOf('north'), '', 'theirs');
    await sync('north');
    expect(await readFile(fileOf('north'), 'utf8')).toContain('choose: theirs\n');

    const before = await databases.north.head();
    const open = await run('north', 'resolve', '--file', fileOf('north'));
    expect(open).toMatchObject({ exitCode: 4 });
    expect(JSON.parse(open.stdout).error).toMatchObject({ code: 'conflicts-undecided' });
    expect(open.stdout).toContain('other: items id=2');
    expect(open.stdout).not.toContain('items id=1');
    expect(await untouched(databases.north)).toEqual({ main: before });

    await fill(fileOf('north'), '', 'theirs');
    const filled = await readFile(fileOf('north'), 'utf8');
    expect(filled.match(/choose: theirs/g)).toHaveLength(2);
    const resolved = await run('north', 'resolve', '--file', fileOf('north'));
    expect({ exitCode: resolved.exitCode, stderr: resolved.stderr }).toEqual({ exitCode: 0, stderr: '' });
    const result: ResolveResult = resolveResultSchema.parse(JSON.parse(resolved.stdout));
    expect(result).toMatchObject({
      status: 'success',
      branch: 'main',
      head: await databases.north.head(),
      peers: ['other'],
      rows: 2,
    });
    expect(await untouched(databases.north)).toEqual({ main: result.head });
    expect(await databases.north.rows('SELECT * FROM items ORDER BY id')).toEqual([
      { id: 1, title: 'south', owner: 'cho' },
      { id: 2, title: 'two', owner: 'dan' },
    ]);
    await expect(stat(fileOf('north'))).rejects.toThrow('ENOENT');

    // The other database makes the same choices from its own side, seconds later.
    await anotherSecond();
    expect(await sync('south')).toMatchObject({ status: 'conflict' });
    await fill(fileOf('south'), '', 'ours', 'ours');
    const inSouth = resolveResultSchema.parse(
      JSON.parse((await run('south', 'resolve', '--file', fileOf('south'))).stdout),
    );
    expect(inSouth.head).toBe(result.head);

    expect(await sync('north')).toMatchObject({ status: 'success', head: result.head });
    expect(await sync('south')).toMatchObject({
      head: result.head,
      peers: [{ state: 'up-to-date' }, { verified: true }],
    });
    expect(await sync('north')).toMatchObject({ status: 'unchanged', head: result.head });
    // No row is unresolved, so there is no question.
    const again = await run('north', 'resolve');
    expect([again.exitCode, JSON.parse(again.stdout).status]).toEqual([0, 'unchanged']);
    expect(await databases.north.dolt('fsck')).toContain('No problems found');
  }, 180_000);

  test('a file with outdated heads is stale, an invalid file is refused with places, and no branch moves', async () => {
    await using folder = await tempFolder();
    const { databases, run, sync, fileOf } = await inConflict(folder);
    await sync('south');
    await sync('north');
    const file = folder.file('copy.yaml');
    await fill(fileOf('north'), '', 'ours', 'ours');
    const good = await readFile(fileOf('north'), 'utf8');
    const before = await untouched(databases.north);
    const refused = async (text: string): Promise<{ code: string; message: string; line: number | null }> => {
      await writeFile(file, text);
      const { exitCode, stdout } = await run('north', 'resolve', '--file', 'copy.yaml');
      const { error } = JSON.parse(stdout);
      expect([2, 4]).toContain(exitCode);
      expect(await untouched(databases.north)).toEqual(before);
      return error;
    };
    for (const [from, to, why] of [
      ['table: items', 'table: itmes', 'no row of itmes is in conflict'],
      ['id: "1"', 'id: "7"', 'items id=7 is not in conflict'],
      ['          title:', '          tilte:', 'no column tilte in conflict'],
      ['ours: north', 'ours: changed here', '`ours` of items id=1, column title, differs from the database'],
      ['choose: ours', 'choose: delete', 'cannot be chosen for this cell'],
    ] as const) {
      expect(good).toContain(from);
      const error = await refused(good.replace(from, to));
      expect(error).toMatchObject({ code: 'conflicts-file-invalid', line: expect.any(Number) });
      expect(error.message).toContain(why);
    }
    expect(await refused(good.replace('peer: other', 'peer: nobody'))).toMatchObject({ code: 'unknown-peer' });
    expect(
      await refused(good.replace(/theirs: "?[0-9a-v]{32}"?/, 'theirs: "00000000000000000000000000000000"')),
    ).toMatchObject({
      code: 'conflicts-stale',
    });
    const missing = await run('north', 'resolve', '--file', 'no-such.yaml');
    expect(JSON.parse(missing.stdout).error).toMatchObject({ code: 'conflicts-file-unreadable' });
    const withoutFile = await run('north', 'resolve');
    expect(withoutFile.exitCode).toBe(2);
    expect(JSON.parse(withoutFile.stdout).error).toMatchObject({
      code: 'bad-usage',
      hint: expect.stringContaining('--file'),
    });

    await databases.north.sql("UPDATE items SET owner = 'not committed' WHERE id = 1");
    await writeFile(file, good);
    const dirty = await run('north', 'resolve', '--file', 'copy.yaml');
    expect(JSON.parse(dirty.stdout).error).toMatchObject({ code: 'uncommitted-changes' });
    expect(await databases.north.rows('SELECT owner FROM items WHERE id = 1')).toEqual([{ owner: 'not committed' }]);

    await databases.north.commit('later', "UPDATE items SET title = 'later' WHERE id = 9");
    const stale = await run('north', 'resolve', '--file', 'copy.yaml');
    expect(stale.exitCode).toBe(4);
    expect(JSON.parse(stale.stdout).error).toMatchObject({ code: 'conflicts-stale' });
    // The next sync writes it for the new head, and keeps the choices for unchanged rows.
    await sync('north');
    expect((await readFile(fileOf('north'), 'utf8')).match(/choose: ours/g)).toHaveLength(2);
    // This form needs no terminal and asks no question.
    expect((await run('north', 'resolve', '--yes')).exitCode).toBe(0);
  }, 180_000);

  test('are no longer listed if their head was discarded at another peer, or their peer is only a copy', async () => {
    await using folder = await tempFolder();
    const { databases, run, fileOf } = await inConflict(folder);
    const [box, third] = ['south-box', 'third'].map((name) => `file://${folder.file(name)}`);
    const config = (role: string) =>
      writeFile(
        folder.file('north.yaml'),
        `sync:\n  mode: dolt-native\nconflict:\n  strategy: manual\nfederation:\n  peers:\n    other: {endpoint: "${box}", role: ${role}}\n    third: ${third}\n`,
      );
    await config('upstream');
    const head = await databases.south.head();
    const push = (name: string) => `CALL DOLT_PUSH('${name}', 'main')`;
    await databases.south.sql(push('south-box'), `CALL DOLT_REMOTE('add', 'third', '${third}')`, push('third'));
    expect((await run('north', 'sync')).exitCode).toBe(4);
    const before = await readFile(fileOf('north'), 'utf8');
    expect(before.match(/^ {2}- peer: .*/gm)).toEqual(['  - peer: other', '  - peer: third']);
    await config('backup');
    expect(JSON.parse((await run('north', 'resolve', '--yes')).stdout).error).toMatchObject({
      code: 'conflicts-stale',
      message: expect.stringContaining('names other, which has the role backup now'),
    });
    await config('upstream');
    await run('north', 'sync', 'third', '--force-with-lease', `third=${head}`);
    await expect(stat(fileOf('north'))).rejects.toThrow('ENOENT');
    await writeFile(fileOf('north'), before, { mode: 0o600 });
    expect((await run('north', 'sync')).stdout).toContain('history-rewritten');
    await expect(stat(fileOf('north'))).rejects.toThrow('ENOENT');
  });
});

/** Branches with their heads; fails if a merge or uncommitted rows are left. */
async function untouched(local: TestDatabase): Promise<Record<string, string>> {
  const left =
    '(SELECT COUNT(*) FROM dolt_status) AS changes, (SELECT is_merging FROM dolt_merge_status) AS is_merging';
  const branches = await local.rows(`SELECT name, hash, ${left} FROM dolt_branches`);
  for (const { changes, is_merging } of branches)
    expect({ changes, is_merging }).toEqual({ changes: 0, is_merging: false });
  return Object.fromEntries(branches.map(({ name, hash }) => [String(name), String(hash)]));
}
