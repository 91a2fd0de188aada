import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { COMPILE_CACHE, childNode } from '../helpers/child-node.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { onTerminal } from '../helpers/terminal.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

/** Dolt 2.3.0 cuts no value of such a type. */
const VALUES_OF_TYPES = [
  "ALTER TABLE items ADD COLUMN facts JSON, ADD COLUMN kind ENUM('text', 'blob')",
  `UPDATE items SET facts = '{"size": [1, 2]}', kind = 'blob' WHERE id = 1`,
];

/** Two heads of one database: ours, and what `partner` has. */
async function twoSides(folder: TempFolder, strategy: 'manual' | 'newest') {
  const local = await makeDatabase(folder.file('local'));
  const box = `file://${folder.file('box')}`;
  await local.sql(
    dateCommits('2026-03-01T08:00:00'),
    'CREATE TABLE parts (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))',
    'CREATE TABLE log (text VARCHAR(20))',
    "INSERT INTO log VALUES ('started'), ('started')",
    ...(strategy === 'manual' ? VALUES_OF_TYPES : []),
    "CALL DOLT_COMMIT('-A', '-m', 'tables')",
    "CALL DOLT_BRANCH('theirs')",
    dateCommits('2026-03-02T09:30:00'),
    "UPDATE items SET title = 'north' WHERE id = 1",
    'DELETE FROM items WHERE id = 2',
    "INSERT INTO items (id, title, owner) VALUES (7, 'our seven', 'ann')",
    ...(strategy === 'manual' ? ["INSERT INTO log VALUES ('started')"] : []),
    "CALL DOLT_COMMIT('-A', '-m', 'rename the first item', '--author', 'Ann <ann@example.org>')",
    "CALL DOLT_CHECKOUT('theirs')",
    dateCommits('2026-03-03T10:45:00'),
    "UPDATE items SET title = 'south', owner = 'dan' WHERE id = 1",
    "UPDATE items SET owner = 'dan' WHERE id = 2",
    "INSERT INTO items (id, title, owner) VALUES (7, 'their seven', 'bob')",
    'INSERT INTO parts VALUES (1, 7), (2, 7)',
    ...(strategy === 'manual' ? ['DELETE FROM log LIMIT 1'] : []),
    "CALL DOLT_COMMIT('-A', '-m', 'another name', '--author', 'Bob <bob@example.org>')",
    "CALL DOLT_CHECKOUT('main')",
  );
  await local.publish(box, 'theirs:main');
  await local.sql("CALL DOLT_BRANCH('-D', 'theirs')");
  await writeFile(folder.file('federation.yaml'), `federation:\n  peers:\n    partner: ${box}\n`);
  const options = `--config federation.yaml --database local --dolt-path ${testDolt()}`;
  const env = { PATH: readEnv()['PATH'] ?? '', HOME: folder.path, ...COMPILE_CACHE, CLI: `${childNode()} ${cli.path}` };
  const synced = await cli.shell(`$CLI sync --conflict-strategy ${strategy} ${options}`, { cwd: folder.path, env });
  expect(synced.exitCode).toBe(4);
  return {
    local,
    /** Resolves on a terminal, and compares what it shows with a text that a person has read. */
    resolve: async (name: string, answers: readonly string[]) => {
      const { exitCode, shown } = await onTerminal(`$CLI resolve --quiet ${options}`, {
        ...{ cwd: folder.path, env, columns: 80, answers },
        normalize: (text) =>
          text
            .replaceAll(folder.path, '/work')
            .replaceAll(testDolt(), '/opt/dolt')
            .replaceAll(/\b[0-9a-v]{32}\b/g, 'HEAD')
            .replaceAll(/commit [0-9a-v]{8}/g, 'commit 01234567'),
      });
      await approve(name, shown);
      return exitCode;
    },
  };
}

/** Compares a text with an approved file; `APPROVE=1` writes the file, to be read before it is committed. */
async function approve(name: string, shown: string): Promise<void> {
  const file = join(process.cwd(), '__tests__', 'fixtures', 'terminal', `${name}.txt`);
  if (readEnv()['APPROVE'] === '1') await writeFile(file, shown);
  expect(shown).toBe(await readFile(file, 'utf8'));
}

const rows = (local: TestDatabase) => local.rows('SELECT id, title, owner FROM items ORDER BY id');

// `script` of util-linux gives a process a terminal.
if (process.platform === 'linux') {
  describe('resolve in a terminal', () => {
    test('shows whole rows, explains the letters, undoes answers, and keeps them when it stops', async () => {
      await using folder = await tempFolder();
      const { local, resolve } = await twoSides(folder, 'manual');
      const before = await local.head();
      expect(await resolve('resolve-stopped', ['?', 'o', 'u', 'e', 'mine, all mine', 'd', 'q'])).toBe(0);
      expect(await local.head()).toBe(before);
      expect(await resolve('resolve-cells', ['c', 't', 'o', 's', 'q'])).toBe(0);
      expect(await resolve('resolve-declined', ['T', 'maybe', 'n'])).toBe(0);
      expect(await local.head()).toBe(before);
      expect(await resolve('resolve-confirmed', ['y'])).toBe(0);
      expect(await rows(local)).toEqual([
        { id: 1, title: 'mine, all mine', owner: 'dan' },
        { id: 7, title: 'their seven', owner: 'ann' },
      ]);
      expect(await local.rows('SELECT COUNT(*) AS n FROM log')).toEqual([{ n: 1 }]);
    }, 180_000);

    test('gives a lost row a new key, and its dependent rows follow', async () => {
      await using folder = await tempFolder();
      const { local, resolve } = await twoSides(folder, 'newest');
      expect(await resolve('resolve-lost', ['?', 'e', '12', 'y'])).toBe(0);
      expect(await rows(local)).toContainEqual({ id: 12, title: 'their seven', owner: 'bob' });
      expect(await local.rows('SELECT id, item FROM parts')).toEqual([
        { id: 1, item: 12 },
        { id: 2, item: 12 },
      ]);
      expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
      expect(await resolve('resolve-nothing', [])).toBe(0);
    }, 180_000);
  });
}
