import { describe, expect, test } from '@jest/globals';
import { tableShape } from '../../src/dolt/schema/table-shape.ts';
import { finishAdvances } from '../../src/sync/advance.ts';
import { readUncommitted } from '../../src/sync/merge/kept-changes.ts';
import { recordMove } from '../../src/sync/merge/own-moves.ts';
import { setAside } from '../../src/sync/merge/set-aside.ts';
import { makeDatabaseOf, type TestDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const CONFIG = [
  'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
  "INSERT INTO config VALUES ('prefix', 'bd'), ('color', 'red'), ('size', 'big')",
];

describe('a run that died while rows were in a scratch branch', () => {
  /** The state after a kill between the move of rows to a scratch branch and their restoration. */
  async function interrupted(folder: TempFolder): Promise<{ readonly local: TestDatabase; readonly head: string }> {
    const local = await makeDatabaseOf(folder.file('local'), ...committing('base', CONFIG));
    const head = await local.headAfter(
      "UPDATE config SET value = 'blue' WHERE `key` = 'color'",
      "INSERT INTO config VALUES ('mine', '1')",
    );
    await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const rows = await database.session((sql) => readUncommitted(sql, 'config'));
      if (typeof rows === 'string') throw new Error(rows);
      await setAside(database, [rows], { branch: 'main', head });
    });
    expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
    return { local, head };
  }

  const MINE = "SELECT `key`, value FROM config WHERE `key` IN ('color', 'mine')";
  const finish = (folder: TempFolder) =>
    withDatabase(folder.file('local'), folder.file('tmp'), (database) => finishAdvances(database, database.folder));

  test('leaves a branch from which the next run restores them', async () => {
    await using folder = await tempFolder();
    const { local } = await interrupted(folder);
    expect(await finish(folder)).toEqual([]);
    expect(await local.read(MINE, 'SELECT name FROM dolt_branches')).toEqual([
      [
        { key: 'color', value: 'blue' },
        { key: 'mine', value: '1' },
      ],
      [{ name: 'main' }],
    ]);
  });

  test('does not overwrite newer rows: the older version stays on a branch, and a warning names it', async () => {
    await using folder = await tempFolder();
    const { local } = await interrupted(folder);
    await local.sql("UPDATE config SET value = 'green' WHERE `key` = 'color'");
    const [notice] = await finish(folder);
    const [rows, names] = await local.read(MINE, "SELECT name FROM dolt_branches WHERE name <> 'main'");
    const name = names?.[0]?.['name'];
    expect(name).toMatch(/^dolt-federation\/unrestored\//);
    expect(notice).toMatchObject({ code: 'uncommitted-changes', message: expect.stringContaining(String(name)) });
    expect(rows).toEqual([
      { key: 'color', value: 'green' },
      { key: 'mine', value: '1' },
    ]);
    expect(await local.rows(`SELECT value FROM config AS OF '${name}' WHERE \`key\` = 'color'`)).toEqual([
      { value: 'blue' },
    ]);
  });

  test('before it committed the rows changed nothing, and its branch is removed', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabaseOf(folder.file('local'), ...committing('base', CONFIG));
    const from = await local.head();
    const kept = 'dolt-federation/kept/20260101T000000000Z/main';
    await recordMove(local.path, kept, { kind: 'kept', branch: 'main', from, away: null });
    await local.sql(`CALL DOLT_BRANCH('${kept}')`, 'DELETE FROM config');
    // Without any row, none is committed.
    await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const shape = await database.session((sql) => tableShape(sql, 'config'));
      const none = () => setAside(database, [{ shape, written: [], removed: [] }], { branch: 'main', head: from });
      expect(await failureOf(none)).toMatchObject({ code: 'uncommitted-changes' });
    });
    expect(await finish(folder)).toEqual([]);
    expect(await local.read('SELECT name FROM dolt_branches', 'SELECT COUNT(*) AS n FROM config')).toEqual([
      [{ name: 'main' }],
      [{ n: 0 }],
    ]);
  });
});
