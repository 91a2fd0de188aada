import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { checkMerges } from '../../src/resolve/check-heads.ts';
import { mergeChosen } from '../../src/resolve/merge-chosen.ts';
import { unresolvedRows } from '../../src/resolve/unresolved-rows.ts';
import { byForce } from '../helpers/attacks.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { atHeads, mergeOf, twoHeads, wholly } from '../helpers/two-heads.ts';

/** Our head and those of two peers, which all conflict with each other. */
async function threeHeads(folder: TempFolder) {
  const heads = await twoHeads(folder, {
    base: ['CREATE TABLE t (id INT PRIMARY KEY, x VARCHAR(9))', "INSERT INTO t VALUES (1, 'x'), (2, 'x')"],
    ours: ["UPDATE t SET x = 'ours'"],
    theirs: ["UPDATE t SET x = 'first' WHERE id = 1"],
  });
  await heads.local.dolt('branch', 'second', 'main~1');
  await heads.local.sql(
    "CALL DOLT_CHECKOUT('second')",
    "UPDATE t SET x = 'second'",
    "CALL DOLT_COMMIT('-am', 'second')",
  );
  return { ...heads, second: await heads.local.head('second') };
}

describe('a file with several peers', () => {
  test('is merged one peer after the other, unless a choice for one changes the next', async () => {
    await using folder = await tempFolder();
    const heads = await threeHeads(folder);
    const before = await heads.local.rows('SELECT name, hash FROM dolt_branches ORDER BY name');
    await atHeads(folder, heads, async (database) => {
      const first = (await unresolvedRows(database, heads)) ?? [];
      const second = (await unresolvedRows(database, { ours: heads.ours, theirs: heads.second })) ?? [];
      expect([first.length, second.length]).toEqual([1, 2]);
      const merges = (choice: 'ours' | 'theirs') => [
        mergeOf(heads, first.map(wholly(choice))),
        { ...mergeOf({ ours: heads.ours, theirs: heads.second }, second.map(wholly('theirs'))), peer: 'second' },
      ];
      const failure = await failureOf(() => mergeChosen(database, merges('theirs'), BEADS_RULES));
      expect(failure).toMatchObject({ code: 'conflicts-stale' });
      expect(failure.hint).toContain('second');
      const made = await mergeChosen(database, merges('ours'), BEADS_RULES);
      await database.run("CALL DOLT_BRANCH('merged', ?)", [made]);
    });
    expect(await heads.local.rows("SELECT x FROM t AS OF 'merged'")).toEqual([{ x: 'second' }, { x: 'second' }]);
    await heads.local.dolt('branch', '-D', 'merged');
    expect(await heads.local.rows('SELECT name, hash FROM dolt_branches ORDER BY name')).toEqual(before);
  });

  test('with equal heads is merged once if the choices are equal', async () => {
    await using folder = await tempFolder();
    const heads = await threeHeads(folder);
    await atHeads(folder, heads, async (database) => {
      const left = (await unresolvedRows(database, heads)) ?? [];
      const twins = (choice: 'ours' | 'theirs') => [
        mergeOf(heads, left.map(wholly('theirs'))),
        { ...mergeOf(heads, left.map(wholly(choice))), peer: 'twin' },
      ];
      expect(await failureOf(() => mergeChosen(database, twins('ours'), BEADS_RULES))).toMatchObject({
        code: 'conflicts-file-invalid',
      });
      const made = await mergeChosen(database, twins('theirs'), BEADS_RULES);
      await database.run("CALL DOLT_BRANCH('merged', ?)", [made]);
    });
    expect(await heads.local.rows("SELECT x FROM t AS OF 'merged' WHERE id = 1")).toEqual([{ x: 'first' }]);
  });

  test('is checked as in a run', async () => {
    await using folder = await tempFolder();
    const heads = await twoHeads(folder, {
      base: [
        'CREATE TABLE t (id INT PRIMARY KEY, x INT)',
        'INSERT INTO t VALUES (1, 1)',
        'CREATE TABLE u (id INT PRIMARY KEY, a INT UNIQUE)',
      ],
      ours: ['UPDATE t SET x = 2'],
      theirs: [
        ...byForce('INSERT INTO u VALUES (1, 7)', 'INSERT INTO u VALUES (2, 7)', 'other'),
        'UPDATE t SET x = 3',
        'CREATE TRIGGER evil BEFORE UPDATE ON t FOR EACH ROW SET NEW.x = 9',
      ],
    });
    await atHeads(folder, heads, async (database) => {
      const look = (accepted: readonly ['triggers'] | readonly [], trust: readonly string[] | null = null) =>
        checkMerges(database, [mergeOf(heads, [])], {
          branch: 'main',
          database: BEADS_RULES,
          peerOf: () => ({ accept: accepted, trust }),
          heads: [],
          maxDelete: 50,
        });
      expect(await failureOf(() => look([]))).toMatchObject({
        code: 'peer-brings-code',
        hint: expect.stringContaining('in `federation.peers.partner.accept`'),
      });
      expect(await failureOf(() => look(['triggers']))).toMatchObject({ code: 'constraint-violation' });
      expect(await failureOf(() => look(['triggers'], ['github:*']))).toMatchObject({ code: 'peer-untrusted' });
    });
  });
});
