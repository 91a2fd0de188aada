import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import type { LostChoice, LostRow } from '../../src/resolve/conflicts-file.ts';
import { decisionOf, openLost } from '../../src/resolve/lost-choices.ts';
import { refuseForeignRows, restoreLost } from '../../src/resolve/restore-lost.ts';
import { failureOf } from '../helpers/thrown.ts';
import { atBranches, branchHeads, type TwoBranchHeads } from '../helpers/workshop.ts';

const author = async () => ({ name: 'Sue', email: 'sue@example.org' });

const HEAD = '0'.repeat(32);
const ROOT: LostRow = {
  ...{ peer: 'p', kind: 'id-collision', table: 'items', key: { id: '2' }, head: HEAD, row: { id: '2' }, choose: null },
};
const PART: LostRow = {
  ...{ peer: 'p', kind: 'dependant', table: 'parts', key: { id: '1' }, head: HEAD, row: { id: '1', item: '2' } },
  with: { table: 'items', key: { id: '2' } },
  choose: null,
};
const REFERENCE: LostRow = { ...PART, kind: 'reference', key: { id: '9' }, columns: ['item'] };

describe('a row that depends on a lost row', () => {
  test.each<[LostChoice | null, LostRow, LostChoice | null, LostChoice | null]>([
    [null, PART, null, null],
    ['restore', PART, null, 'restore'],
    [{ as: { id: '3' } }, PART, null, 'restore'],
    ['drop', PART, null, 'drop'],
    ['restore', PART, 'drop', 'drop'],
    ['drop', REFERENCE, null, 'drop'],
    ['restore', REFERENCE, null, null],
    ['restore', REFERENCE, 'restore', 'restore'],
  ])('follows the decision %j, %#', (root, row, own, expected) => {
    const chosen = { ...row, choose: own };
    expect(decisionOf(chosen, [{ ...ROOT, choose: root }, chosen])).toEqual(expected);
  });

  test('is asked about only if it does not follow', () => {
    expect(openLost([ROOT, PART, REFERENCE])).toEqual([ROOT, REFERENCE]);
    expect(openLost([PART])).toEqual([PART]);
    expect(openLost([{ ...ROOT, choose: 'drop' }, PART, REFERENCE])).toEqual([]);
  });
});

describe('the restoration of lost rows', () => {
  const work = {
    base: [
      'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(20), owner VARCHAR(20), due DATE)',
      "INSERT INTO items VALUES (1, 'one', 'ann', NULL)",
      'CREATE TABLE parts (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))',
      'CREATE TABLE quiet (id INT PRIMARY KEY)',
    ],
    ours: ["INSERT INTO items VALUES (3, 'ours', 'ann', NULL)", 'INSERT INTO quiet VALUES (1)'],
    theirs: ["INSERT INTO items VALUES (3, 'theirs', 'bob', NULL)", 'INSERT INTO parts VALUES (1, 3)'],
  };
  const lostOf = ({ theirs }: TwoBranchHeads, root: LostChoice | null, part: LostChoice | null = null): LostRow[] => [
    { ...ROOT, key: { id: '3' }, head: theirs, row: { id: '3' }, choose: root },
    { ...PART, with: { table: 'items', key: { id: '3' } }, head: theirs, choose: part },
  ];

  test.each<[string, LostChoice | null, LostChoice | null, number, number[][]]>([
    ['uses a free key, and includes dependent rows', 'restore', null, 4, [[1, 4]]],
    ['uses a key of the user, in any form', { as: { id: '040' } }, null, 40, [[1, 40]]],
    ['can exclude dependent rows', { as: { id: '40', title: 'mine' } }, 'drop', 40, []],
  ])(
    '%s',
    async (_, root, part, id, parts) => {
      const heads = await branchHeads(work);
      const restoring = { lost: lostOf(heads, root, part), rules: BEADS_RULES, author };
      const { head, again } = await atBranches(async (database) => {
        const { head: restored } = await restoreLost(database, heads.ours, restoring);
        return { head: restored, again: await failureOf(() => restoreLost(database, restored, restoring)) };
      });
      const { local } = heads;
      expect(await local.rows(`SELECT id, owner FROM items AS OF '${head}' WHERE id > 3`)).toEqual([
        { id, owner: 'bob' },
      ]);
      const found = await local.rows(`SELECT id, item FROM parts AS OF '${head}'`);
      expect(found.map((row) => [row['id'], row['item']])).toEqual(parts);
      expect(await local.head()).toBe(heads.ours);
      // As after a kill between the move of the branch and the write of the file.
      expect(again).toMatchObject({ code: 'conflicts-stale', hint: expect.stringContaining('Write `drop`') });
      expect(again.message).toBe(`commit ${head} has already restored the lost row items id=3`);
    },
    60_000,
  );

  test('is refused for a row of a commit that the branch does not contain', async () => {
    const heads = await branchHeads(work);
    await atBranches(async (database) => {
      const refused = await failureOf(() => refuseForeignRows(database, heads.ours, lostOf(heads, 'restore')));
      expect(refused).toMatchObject({
        code: 'conflicts-file-invalid',
        message: `the lost row items id=3 cannot be restored: our branch does not contain ${heads.theirs}`,
      });
      await refuseForeignRows(database, heads.ours, lostOf(heads, 'drop'));
      await refuseForeignRows(database, heads.theirs, lostOf(heads, 'restore'));
    });
  }, 60_000);

  test('changes nothing if all rows are dropped or undecided, or have the chosen values already', async () => {
    const heads = await branchHeads(work);
    const same: LostRow = {
      ...{ ...ROOT, kind: 'unique-conflict', key: { id: '1' }, columns: ['title'], row: { id: '1' } },
      ...{ head: heads.theirs, choose: { as: { title: 'one' } } },
    };
    await atBranches(async (database) => {
      for (const lost of [[...lostOf(heads, 'drop'), ...lostOf(heads, null)], [same]]) {
        const restoring = { lost, rules: BEADS_RULES, author };
        expect(await restoreLost(database, heads.ours, restoring)).toEqual({ head: heads.ours, written: 0 });
      }
      // Beside a row that is written, only that one counts.
      const lost = [same, ...lostOf(heads, 'restore', 'drop')];
      const made = await restoreLost(database, heads.ours, { lost, rules: BEADS_RULES, author });
      expect(made.written).toBe(1);
      const log = await database.table(`SELECT message FROM dolt_log('${made.head}') LIMIT 1`);
      expect(log.rows[0]?.[0]).toContain('federation: restore 1 row that');
    });
  }, 60_000);

  test.each<[string, LostChoice, string]>([
    ['a key that another row has', { as: { id: '1' } }, 'duplicate primary key'],
    ['a column that the table lacks', { as: { 'id`; DROP TABLE items; --': '1' } }, '`restore-as` cannot set'],
    ['a text instead of a number', { as: { id: 'four' } }, 'cannot be restored'],
    [
      'a time instead of a date',
      { as: { id: '40', due: '2026-01-02 03:04' } },
      'the column due would become "2026-01-02"',
    ],
  ])(
    'is refused for %s',
    async (_, choose, why) => {
      const heads = await branchHeads(work);
      await atBranches(async (database) => {
        const failure = await failureOf(() =>
          restoreLost(database, heads.ours, { lost: lostOf(heads, choose), rules: BEADS_RULES, author }),
        );
        expect(failure.code).toBe('conflicts-file-invalid');
        expect(failure.message).toContain(why);
        expect(await branchHead(database, heads.local.name)).toBe(heads.ours);
      });
    },
    60_000,
  );

  test('is refused if no free value fits', async () => {
    const insert = "INSERT INTO items VALUES ('a')";
    const base = ["CREATE TABLE items (id ENUM('a') PRIMARY KEY)"];
    const heads = await branchHeads({ base, ours: [insert], theirs: [insert] });
    await atBranches(async (database) => {
      const lost: LostRow[] = [{ ...ROOT, key: { id: 'a' }, head: heads.theirs, choose: 'restore' }];
      const failure = await failureOf(() => restoreLost(database, heads.ours, { lost, rules: BEADS_RULES, author }));
      expect(failure).toMatchObject({ code: 'conflicts-file-invalid' });
      expect(failure.message).toContain('no free value was found that fits its key');
    });
  }, 60_000);

  test('through a generated reference is refused, unless the user says to which row', async () => {
    const heads = await branchHeads({
      base: [
        ...work.base,
        'CREATE TABLE bits (id INT PRIMARY KEY, x INT, item INT AS (x) STORED, FOREIGN KEY (item) REFERENCES items (id))',
        'CREATE TABLE docs (id INT PRIMARY KEY, d JSON, item INT AS (d->"$.item") STORED, FOREIGN KEY (item) REFERENCES items (id))',
        `INSERT INTO docs (id, d) VALUES (1, '{"item": 1}')`,
      ],
      ours: work.ours,
      theirs: [...work.theirs, 'INSERT INTO bits (id, x) VALUES (1, 3)', `UPDATE docs SET d = '{"item": 3}'`],
    });
    const document: LostRow = { ...REFERENCE, table: 'docs', key: { id: '1' }, columns: ['d'], head: heads.theirs };
    const lost = (choose: LostChoice | null): LostRow[] => [
      ...lostOf(heads, 'restore'),
      { ...PART, table: 'bits', with: { table: 'items', key: { id: '3' } }, head: heads.theirs, choose },
      { ...document, choose: choose === null ? null : { as: { d: '{"item": 4, "kept": true}' } } },
    ];
    await atBranches(async (database) => {
      const restoring = (choose: LostChoice | null) => ({ lost: lost(choose), rules: BEADS_RULES, author });
      const failure = await failureOf(() => restoreLost(database, heads.ours, restoring(null)));
      expect(failure).toMatchObject({ code: 'conflicts-file-invalid', hint: expect.stringContaining('restore-as') });
      expect(failure.message).toContain('bits id=1 cannot be restored: no free value was found that fits its key');
      const { head } = await restoreLost(database, heads.ours, restoring({ as: { x: '4' } }));
      const ownersOf = (table: string) =>
        heads.local.rows(
          `SELECT owner FROM ${table} AS OF '${head}' AS b JOIN items AS OF '${head}' AS i ON i.id = b.item`,
        );
      expect([await ownersOf('bits'), await ownersOf('docs')]).toEqual([[{ owner: 'bob' }], [{ owner: 'bob' }]]);
    });
  }, 60_000);

  test('finds columns that were renamed since, and is refused if those of the key were', async () => {
    const renames = [
      'ALTER TABLE items RENAME COLUMN owner TO keeper',
      'ALTER TABLE items ADD COLUMN owner VARCHAR(20)',
      'ALTER TABLE parts RENAME COLUMN id TO number',
    ];
    const heads = await branchHeads({ ...work, ours: [...work.ours, ...renames] });
    const restoring = (part: LostChoice) => ({ lost: lostOf(heads, 'restore', part), rules: BEADS_RULES, author });
    await atBranches(async (database) => {
      const failure = await failureOf(() => restoreLost(database, heads.ours, restoring('restore')));
      expect(failure).toMatchObject({ code: 'conflicts-file-invalid' });
      expect(failure.message).toContain('parts id=1 cannot be restored');
      const { head } = await restoreLost(database, heads.ours, restoring('drop'));
      const rows = await heads.local.rows(`SELECT id, title, keeper, owner FROM items AS OF '${head}' WHERE id > 3`);
      expect(rows).toEqual([{ id: 4, title: 'theirs', keeper: 'bob' }]);
    });
  }, 60_000);

  test('is refused if no commit would take the row, because the table is ignored', async () => {
    const ignore = "INSERT INTO dolt_ignore VALUES ('items', true)";
    const heads = await branchHeads({ ...work, ours: [...work.ours, ignore] });
    const restoring = { lost: lostOf(heads, 'restore', 'drop'), rules: BEADS_RULES, author };
    await atBranches(async (database) => {
      const failure = await failureOf(() => restoreLost(database, heads.ours, restoring));
      expect(failure).toMatchObject({ code: 'conflicts-file-invalid' });
      expect(failure.message).toContain('dolt_ignore keeps the table out of commits');
    });
  }, 60_000);

  test('is refused if it would fire a trigger, or if the commit is gone', async () => {
    const trigger = 'CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.owner = USER()';
    const heads = await branchHeads({ ...work, ours: [...work.ours, trigger] });
    await atBranches(async (database) => {
      const fired = await failureOf(() =>
        restoreLost(database, heads.ours, { lost: lostOf(heads, 'restore'), rules: BEADS_RULES, author }),
      );
      expect(fired).toMatchObject({ code: 'constraint-violation' });
      const gone = lostOf(heads, 'restore').map((row) => ({ ...row, table: 'nowhere' }));
      const failure = await failureOf(() =>
        restoreLost(database, heads.ours, { lost: gone, rules: BEADS_RULES, author }),
      );
      expect(failure).toMatchObject({ code: 'conflicts-file-invalid' });
    });
  }, 60_000);
});
