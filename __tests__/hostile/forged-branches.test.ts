import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../../src/contract/result.ts';
import { finishAdvances } from '../../src/sync/advance.ts';
import { readUncommitted } from '../../src/sync/merge/kept-changes.ts';
import { type MarkedMove, readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { setAside } from '../../src/sync/merge/set-aside.ts';
import { branchesOf } from '../helpers/branches.ts';
import { command } from '../helpers/commanding.ts';
import {
  cloneDatabase,
  makeDatabase,
  openRemoteCopy,
  openTestDatabase,
  type TestDatabase,
} from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { madeOnce } from '../helpers/templates.ts';

interface Attacked {
  readonly local: TestDatabase;
  /** The head of our branch. */
  readonly head: string;
  /** An unchecked commit on the branch `evil`. */
  readonly evil: string;
  readonly sync: () => Promise<RunResult>;
}

/** A database that has synced once, with a table that the hostile commit changes and a private one. */
async function attacked(folder: TempFolder): Promise<Attacked> {
  const sync = async (): Promise<RunResult> => (await command(folder, `box: file://${folder.file('box')}`)).result;
  await madeOnce('attacked', [folder.file('local'), folder.file('box')], async () => {
    const made = await makeDatabase(folder.file('local'));
    await made.commit('base', "INSERT INTO dolt_ignore VALUES ('wisp%', TRUE)", 'CREATE TABLE zz (id INT PRIMARY KEY)');
    await sync();
    await made.sql(
      "CALL DOLT_CHECKOUT('-b', 'evil')",
      'CREATE TABLE wisps (id INT PRIMARY KEY)',
      'CREATE TRIGGER t BEFORE INSERT ON zz FOR EACH ROW SET NEW.id = 666',
      'DROP TABLE items',
      "CALL DOLT_ADD('-f', 'wisps')",
      "CALL DOLT_COMMIT('-A', '-m', 'federation: uncommitted changes of main, kept during a fast-forward')",
      "CALL DOLT_CHECKOUT('main')",
      // The working set has the private table of the hostile commit, as if a move had been interrupted.
      'CREATE TABLE wisps (id INT PRIMARY KEY)',
    );
  });
  const local = openTestDatabase(folder.file('local'));
  const { main: head = '', evil = '' } = await branchesOf(local);
  return { local, head, evil, sync };
}

const foreign = ({ problems }: RunResult) => problems.filter(({ code }) => code === 'foreign-branch');

describe('a branch with the name of a temporary branch', () => {
  const KEPT = 'dolt-federation/kept/20260101T000000000Z';
  test.each([
    ['of a reset', (head: string) => `dolt-federation-adopt/${head}/main`],
    ['of a reset, in the form of a run', (head: string) => `dolt-federation-adopt/${head}-0123456789ab/main`],
    ['of a move', (head: string) => `dolt-federation-advance/${head}/main`],
    ['of uncommitted rows', () => `${KEPT}/main`],
    ['of uncommitted rows of a deleted branch', () => `${KEPT}/gone`],
  ])('%s has no effect, is reported once, and stays', async (_, nameOf) => {
    await using folder = await tempFolder();
    const { local, head, evil, sync } = await attacked(folder);
    const name = nameOf(head);
    await local.sql(`CALL DOLT_BRANCH('${name}', 'evil')`);
    for (let run = 0; run < 2; run += 1) {
      const result = await sync();
      expect(foreign(result)).toMatchObject([{ severity: 'warning', message: expect.stringContaining(name) }]);
      expect(await branchesOf(local)).toEqual({ main: head, evil, [name]: evil });
    }
    expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'one' }]);
    expect(await local.rows('SHOW TRIGGERS')).toEqual([]);
    expect(await (await openRemoteCopy(folder.file('box'), folder.file('look'))).head()).toBe(head);
  });

  test('does not stop a move to a head that its author predicted', async () => {
    await using folder = await tempFolder();
    const { local, evil, sync } = await attacked(folder);
    const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
    const next = await other.commit('theirs', "UPDATE items SET owner = 'cid' WHERE id = 1");
    await other.dolt('push', 'origin', 'main');
    const name = `dolt-federation-advance/${next}/main`;
    await local.sql(`CALL DOLT_BRANCH('${name}', 'evil')`);
    const result = await sync();
    expect(result.peers).toMatchObject([{ error: null, verified: true }]);
    expect(await branchesOf(local)).toEqual({ main: next, evil, [name]: evil });
  });
});

describe('a branch of a killed run with a replaced commit', () => {
  const finish = (folder: TempFolder) =>
    withDatabase(folder.file('local'), folder.file('tmp'), (database) => finishAdvances(database, database.folder));

  test('does not change the target of the undone move', async () => {
    await using folder = await tempFolder();
    const { local, head, evil } = await attacked(folder);
    const to = await local
      .headAfter(
        "CALL DOLT_CHECKOUT('-b', 'next')",
        'INSERT INTO zz VALUES (7)',
        "CALL DOLT_COMMIT('-A', '-m', 'next')",
      )
      .then(() => local.head('next'));
    const move: MarkedMove = { kind: 'adopt', branch: 'main', from: head, to };
    const name = `dolt-federation-adopt/${to}-0123456789ab/main`;
    await recordMove(local.path, name, move);
    await local.sql(`CALL DOLT_BRANCH('${name}', 'evil')`, `CALL DOLT_RESET('--soft', '${to}')`);
    expect(await finish(folder)).toMatchObject([{ code: 'foreign-branch' }]);
    expect(await branchesOf(local)).toEqual({ main: head, evil, next: to, [name]: evil });
    expect(await local.rows('SELECT table_name FROM dolt_status')).toEqual([]);
  });

  test.each([
    ['replaced', (name: string) => `CALL DOLT_BRANCH('-f', '${name}', 'evil')`],
    ['removed', (name: string) => `CALL DOLT_BRANCH('-D', '${name}')`],
  ])('does not change the restored rows if it was %s', async (what, tamper) => {
    await using folder = await tempFolder();
    const { local, head, evil } = await attacked(folder);
    await local.sql("UPDATE items SET title = 'mine' WHERE id = 1");
    const name = await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const rows = await database.session((sql) => readUncommitted(sql, 'items'));
      if (typeof rows === 'string') throw new Error(rows);
      return await setAside(database, [rows], { branch: 'main', head });
    });
    await local.sql(tamper(name));
    const notices = await finish(folder);
    expect(notices.map(({ code }) => code)).toEqual(what === 'replaced' ? ['foreign-branch'] : []);
    expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'mine' }]);
    expect(await branchesOf(local)).toEqual({ main: head, evil, ...(what === 'replaced' ? { [name]: evil } : {}) });
    expect(await finish(folder)).toHaveLength(notices.length);
  });

  test('is removed before its rows were used only if its commit is that of the run', async () => {
    await using folder = await tempFolder();
    const { local, head, evil } = await attacked(folder);
    const own = 'dolt-federation/kept/20260101T000000000Z/main';
    const others = 'dolt-federation/kept/20260101T000000001Z/main';
    for (const name of [own, others])
      await recordMove(local.path, name, { kind: 'kept', branch: 'main', from: head, away: null });
    await local.sql(
      `CALL DOLT_CHECKOUT('-b', '${own}')`,
      "UPDATE items SET title = 'mine' WHERE id = 1",
      "CALL DOLT_COMMIT('-a', '-m', 'federation: uncommitted changes of main, kept during a fast-forward')",
      `CALL DOLT_CHECKOUT('-b', '${others}')`,
      "CALL DOLT_COMMIT('--allow-empty', '-m', 'federation: uncommitted changes of main, kept during a fast-forward')",
    );
    const two = await local.head(others);
    expect(await finish(folder)).toMatchObject([{ code: 'foreign-branch', message: expect.stringContaining(others) }]);
    expect(await branchesOf(local)).toEqual({ main: head, evil, [others]: two });
    expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'one' }]);
  });
});

describe('the record of the moves of a database', () => {
  const file = (folder: TempFolder) => folder.file('local', '.dolt', 'dolt-federation-moves.json');

  test('is private, and removed after the last move', async () => {
    await using folder = await tempFolder();
    const { local, head, sync } = await attacked(folder);
    await recordMove(local.path, 'x', { kind: 'advance', branch: 'main', from: head, to: head });
    expect((await stat(file(folder))).mode & 0o777).toBe(0o600);
    await sync();
    await expect(stat(file(folder))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['invalid JSON', (text: string) => text.slice(0, -5)],
    ['another version', (text: string) => text.replace('"version":1', '"version":99')],
    ['an unknown key', (text: string) => text.replace('"kind"', '"more":1,"kind"')],
    ['a branch instead of a commit', (text: string) => text.replace(/"from":"[0-9a-v]{32}"/, '"from":"evil"')],
  ])('with %s is not used, and moved aside', async (_, tamper) => {
    await using folder = await tempFolder();
    const { local, head, evil, sync } = await attacked(folder);
    const name = `dolt-federation-adopt/${head}/main`;
    await local.sql(`CALL DOLT_BRANCH('${name}', 'evil')`);
    await recordMove(local.path, name, { kind: 'adopt', branch: 'main', from: evil, to: head });
    const text = tamper(await readFile(file(folder), 'utf8'));
    await writeFile(file(folder), text);
    const result = await sync();
    expect(result.problems).toContainEqual(expect.objectContaining({ code: 'memory-unusable' }));
    expect(foreign(result)).toHaveLength(1);
    expect(await branchesOf(local)).toEqual({ main: head, evil, [name]: evil });
    expect(await readFile(`${file(folder)}.unreadable`, 'utf8')).toBe(text);
    expect(await readOwnMoves(local.path)).toMatchObject({ warning: null });
  });
});
