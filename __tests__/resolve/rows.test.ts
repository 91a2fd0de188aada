import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { mergeChosen } from '../../src/resolve/merge-chosen.ts';
import { unresolvedRows } from '../../src/resolve/unresolved-rows.ts';
import { failureOf } from '../helpers/thrown.ts';
import { byCell, mergeOf, wholly } from '../helpers/two-heads.ts';
import { atBranches, branchHeads, resolveBranches } from '../helpers/workshop.ts';

const PAIRS = 'CREATE TABLE pairs (a INT, b VARCHAR(20), x VARCHAR(20), y VARCHAR(20), PRIMARY KEY (a, b))';

describe('a row that both sides changed', () => {
  test('is resolved cell by cell with several key columns; changes of one side are kept', async () => {
    const heads = await branchHeads({
      base: [
        `${PAIRS}`,
        'ALTER TABLE pairs ADD z VARCHAR(20), ADD w VARCHAR(20)',
        "INSERT INTO pairs VALUES (1, 'it''s', 'x', 'y', 'z', 'w')",
      ],
      ours: ["UPDATE pairs SET x = 'our x', y = 'our y', w = 'our w'"],
      theirs: ["UPDATE pairs SET x = 'their x', y = 'their y', z = 'their z'"],
    });
    const { rows, read } = await resolveBranches(heads, byCell({ x: 'theirs', y: { value: 'mine' } }));
    expect(rows).toMatchObject([{ table: 'pairs', key: { a: '1', b: "it's" }, kind: 'changed' }]);
    expect(rows[0]?.cells).toEqual({
      x: { base: 'x', ours: 'our x', theirs: 'their x', choose: null },
      y: { base: 'y', ours: 'our y', theirs: 'their y', choose: null },
    });
    expect(await read('SELECT x, y, z, w FROM pairs MERGED')).toEqual([
      { x: 'their x', y: 'mine', z: 'their z', w: 'our w' },
    ]);
  });

  test('can be deleted, unless that would fire a trigger', async () => {
    const work = {
      base: [PAIRS, "INSERT INTO pairs VALUES (1, 'a', 'x', 'y'), (2, 'b', 'x', 'y')"],
      ours: ["UPDATE pairs SET x = 'ours'"],
      theirs: ["UPDATE pairs SET x = 'theirs'"],
    };
    const heads = await branchHeads(work);
    const { read } = await resolveBranches(heads, (row) => ({
      ...row,
      choose: row.key['a'] === '1' ? 'delete' : 'ours',
    }));
    expect(await read('SELECT a, x FROM pairs MERGED')).toEqual([{ a: 2, x: 'ours' }]);

    const trigger = 'CREATE TRIGGER watch BEFORE DELETE ON pairs FOR EACH ROW SET @seen = 1';
    const watched = await branchHeads({ ...work, base: [...work.base, trigger] });
    const failure = await failureOf(() => resolveBranches(watched, wholly('delete')));
    expect(failure).toMatchObject({ code: 'constraint-violation' });
    expect(failure.message).toContain('triggers');
  });
});

describe('a row that one side deleted', () => {
  const work = {
    base: [PAIRS, "INSERT INTO pairs VALUES (1, 'ours gone', 'x', 'y'), (2, 'theirs gone', 'x', 'y')"],
    ours: ['DELETE FROM pairs WHERE a = 1', "UPDATE pairs SET x = 'ours' WHERE a = 2"],
    theirs: ['DELETE FROM pairs WHERE a = 2', "UPDATE pairs SET x = 'theirs' WHERE a = 1"],
  };

  test.each([
    ['ours', [{ a: 2, x: 'ours' }]],
    ['theirs', [{ a: 1, x: 'theirs' }]],
    [
      'base',
      [
        { a: 1, x: 'x' },
        { a: 2, x: 'x' },
      ],
    ],
    ['delete', []],
  ] as const)('becomes under %s %j', async (choice, expected) => {
    const heads = await branchHeads(work);
    const { rows, read } = await resolveBranches(heads, wholly(choice));
    expect(rows).toMatchObject([
      { key: { a: '1' }, kind: 'deleted', deletedBy: 'ours', cells: { x: { base: 'x', theirs: 'theirs' } } },
      { key: { a: '2' }, kind: 'deleted', deletedBy: 'theirs', cells: { x: { base: 'x', ours: 'ours' } } },
    ]);
    expect(await read('SELECT a, x FROM pairs MERGED ORDER BY a')).toEqual(expected);
  });
});

describe('a row that both sides added', () => {
  const work = {
    base: [PAIRS],
    ours: ["INSERT INTO pairs VALUES (1, 'k', 'our x', 'our y')"],
    theirs: ["INSERT INTO pairs VALUES (1, 'k', 'their x', 'their y')"],
  };

  test.each([
    [wholly('ours'), [{ x: 'our x', y: 'our y' }]],
    [wholly('theirs'), [{ x: 'their x', y: 'their y' }]],
    [byCell({ x: 'theirs', y: { value: null } }), [{ x: 'their x' }]],
    [wholly('delete'), []],
  ])('is resolved as a whole or by cell (%#)', async (choose, expected) => {
    const { rows, read } = await resolveBranches(await branchHeads(work), choose);
    expect(rows).toMatchObject([{ kind: 'id-collision' }]);
    expect(await read('SELECT x, y FROM pairs MERGED')).toEqual(expected);
  });
});

describe('two rows with one unique key', () => {
  const work = {
    base: [
      'CREATE TABLE edges (id VARCHAR(9) PRIMARY KEY, a INT, b INT, UNIQUE (a, b))',
      "INSERT INTO edges VALUES ('e0', 0, 0)",
    ],
    ours: ["INSERT INTO edges VALUES ('ours', 1, 2)"],
    theirs: ["INSERT INTO edges VALUES ('theirs', 1, 2)"],
  };

  test.each(['ours', 'theirs'] as const)(
    'are resolved by the choice %s, and the other row is deleted',
    async (side) => {
      const { rows, read } = await resolveBranches(await branchHeads(work), wholly(side));
      expect(rows).toEqual([
        { table: 'edges', kind: 'duplicate', key: { id: 'ours' }, otherKey: { id: 'theirs' }, cells: {}, choose: null },
      ]);
      expect(await read('SELECT id FROM edges MERGED WHERE a = 1')).toEqual([{ id: side }]);
    },
  );
});

describe('rows of a table without a primary key', () => {
  test.each([
    ['ours', []],
    ['theirs', [{ t: 'x', n: '2' }]],
  ] as const)('all follow the choice %s', async (side, expected) => {
    const heads = await branchHeads({
      base: ['CREATE TABLE log (t VARCHAR(9))', "INSERT INTO log VALUES ('x'), ('x'), ('x')"],
      ours: ['DELETE FROM log'],
      theirs: ["DELETE FROM log WHERE t = 'x' LIMIT 1"],
    });
    const { rows, read } = await resolveBranches(heads, wholly(side));
    const counted = [{ row: { t: 'x' }, base: 3, ours: 0, theirs: 2 }];
    expect(rows).toEqual([{ table: 'log', key: {}, kind: 'keyless', cells: {}, rows: counted, choose: null }]);
    expect(await read('SELECT t, COUNT(*) AS n FROM log MERGED GROUP BY t')).toEqual(expected);
  });

  test.each(['KEY', 'UNIQUE'] as const)('are resolved with a %s if both sides changed a row', async (index) => {
    const heads = await branchHeads({
      base: [`CREATE TABLE log (n INT, t VARCHAR(9), ${index} t (t))`, "INSERT INTO log VALUES (1, 'x')"],
      ours: ['UPDATE log SET n = 2'],
      theirs: ['UPDATE log SET n = 3'],
    });
    for (const side of ['ours', 'theirs'] as const) {
      const resolving = resolveBranches(heads, wholly(side));
      if (index === 'UNIQUE')
        await expect(resolving).rejects.toMatchObject({
          code: 'constraint-violation',
          message: expect.stringMatching(
            /^the merge would break constraints in rows that no choice changes\nlog: 2 rows/,
          ),
          hint: expect.stringMatching(/^Give these rows other values on one side/),
        });
      else expect(await (await resolving).read('SELECT n FROM log MERGED ORDER BY n')).toEqual([{ n: 2 }, { n: 3 }]);
    }
  });
});

describe('contradictory choices', () => {
  test('are refused for a row with a deleted parent', async () => {
    const heads = await branchHeads({
      base: [
        'CREATE TABLE parents (id INT PRIMARY KEY, x INT)',
        'CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id))',
        'INSERT INTO parents VALUES (1, 1)',
      ],
      ours: ['DELETE FROM parents'],
      theirs: ['UPDATE parents SET x = 2', 'INSERT INTO children VALUES (7, 1)'],
    });
    const failure = await failureOf(() => resolveBranches(heads, wholly('ours')));
    expect(failure).toMatchObject({ code: 'constraint-violation' });
    expect(failure.message).toMatch(/^the chosen rows would break constraints\n.*(children|parents)/);
    const { read } = await resolveBranches(heads, wholly('theirs'));
    expect(
      await read(
        'SELECT p.x FROM parents MERGED p JOIN children MERGED c ON c.parent = p.id'.replace(
          /MERGED (.)/g,
          'MERGED AS $1',
        ),
      ),
    ).toEqual([{ x: 2 }]);
  });

  test('are refused beside rows that Dolt removes because a column is NOT NULL now', async () => {
    const heads = await branchHeads({
      base: ['CREATE TABLE names (id INT PRIMARY KEY, n VARCHAR(9), v INT)', "INSERT INTO names VALUES (1, 'a', 1)"],
      ours: ['INSERT INTO names VALUES (3, NULL, 3)', 'UPDATE names SET v = 2'],
      theirs: ['ALTER TABLE names MODIFY n VARCHAR(9) NOT NULL', 'UPDATE names SET v = 3'],
    });
    const failure = await failureOf(() => resolveBranches(heads, wholly('ours')));
    expect(failure).toMatchObject({ code: 'constraint-violation', message: expect.stringContaining('names: 1 row') });
  });

  test('are not the reason if a row without a conflict breaks a check', async () => {
    const heads = await branchHeads({
      base: [
        'CREATE TABLE spans (id INT PRIMARY KEY, a INT, b INT, v INT, CHECK (a < b))',
        'INSERT INTO spans VALUES (1, 1, 9, 1), (2, 1, 9, 1)',
      ],
      ours: ['UPDATE spans SET a = 5 WHERE id = 1', 'UPDATE spans SET v = 2 WHERE id = 2'],
      theirs: ['UPDATE spans SET b = 3 WHERE id = 1', 'UPDATE spans SET v = 3 WHERE id = 2'],
    });
    expect(await failureOf(() => resolveBranches(heads, wholly('ours')))).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringMatching(/^the merge would break constraints in rows that no choice changes\nspans: 1 row/),
    });
  });

  test('are refused for a value that another row has in a unique key', async () => {
    const heads = await branchHeads({
      base: [
        'CREATE TABLE names (id INT PRIMARY KEY, n VARCHAR(9) UNIQUE)',
        "INSERT INTO names VALUES (1, 'a'), (2, 'b')",
      ],
      ours: ["UPDATE names SET n = 'c' WHERE id = 1"],
      theirs: ["UPDATE names SET n = 'd' WHERE id = 1"],
    });
    const failure = await failureOf(() => resolveBranches(heads, byCell({ n: { value: 'b' } })));
    expect(['conflicts-file-invalid', 'constraint-violation']).toContain(failure.code);
  });
});

test('choices are not offered for a conflict that none can resolve', async () => {
  const heads = await branchHeads({
    base: ['CREATE TABLE t (id INT PRIMARY KEY, x INT)'],
    ours: ['ALTER TABLE t MODIFY x BIGINT'],
    theirs: ['ALTER TABLE t MODIFY x VARCHAR(9)'],
  });
  await atBranches(async (database) => {
    expect(await unresolvedRows(database, heads)).toBeNull();
    const failure = await failureOf(() => mergeChosen(database, [mergeOf(heads, [])], BEADS_RULES));
    expect(failure).toMatchObject({ code: 'schema-conflict' });
  });
});
