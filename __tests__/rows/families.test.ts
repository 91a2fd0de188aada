import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../helpers/another-second.ts';
import { twoBranches } from '../helpers/workshop.ts';

const BASE = [
  'CREATE TABLE area (id INT PRIMARY KEY, name VARCHAR(20))',
  'CREATE TABLE issue (id INT PRIMARY KEY, area INT, title VARCHAR(20), parent INT, FOREIGN KEY (area) REFERENCES area (id) ON DELETE CASCADE, FOREIGN KEY (parent) REFERENCES issue (id) ON DELETE CASCADE)',
  'CREATE TABLE note (issue INT, n INT, text VARCHAR(20), twice INT GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (issue, n), KEY k (text), FOREIGN KEY (issue) REFERENCES issue (id) ON DELETE CASCADE)',
  "INSERT INTO area VALUES (1, 'one'), (2, 'two')",
  "INSERT INTO issue VALUES (10, 1, 'ten', NULL), (11, 1, 'eleven', 10), (20, 2, 'twenty', NULL)",
  "INSERT INTO note (issue, n, text) VALUES (10, 1, 'a'), (10, 2, 'b'), (11, 1, 'c'), (20, 1, 'd')",
];
const ISSUES = 'SELECT id, title FROM issue ORDER BY id';
const NOTES = 'SELECT issue, n, text, twice FROM note ORDER BY issue, n';

describe('a row that one side deleted and the other side changed', () => {
  test('keeps the change with all its dependent rows, and both databases make one commit', async () => {
    const databases = await twoBranches(...BASE);
    await databases.edit(
      ['DELETE FROM area WHERE id = 1'],
      [
        "UPDATE issue SET title = 'TEN' WHERE id = 10",
        "UPDATE note SET text = 'B' WHERE issue = 10 AND n = 2",
        'DELETE FROM note WHERE issue = 10 AND n = 1',
      ],
    );
    const inNorth = await databases.run('north');
    const progress = inNorth.run('south');
    expect(progress.failure).toBeNull();
    expect(await databases.north.rows(ISSUES)).toEqual([
      { id: 10, title: 'TEN' },
      { id: 11, title: 'eleven' },
      { id: 20, title: 'twenty' },
    ]);
    expect(await databases.north.rows(NOTES)).toEqual([
      { issue: 10, n: 2, text: 'B', twice: 4 },
      { issue: 11, n: 1, text: 'c', twice: 2 },
      { issue: 20, n: 1, text: 'd', twice: 2 },
    ]);
    expect(progress.conflicts.map(({ kind, table, key }) => [kind, table, key])).toEqual(
      expect.arrayContaining([
        ['deleted', 'issue', { id: '10' }],
        ['deleted', 'note', { issue: '10', n: '2' }],
        ['restored', 'area', { id: '1' }],
        ['restored', 'issue', { id: '11' }],
        ['restored', 'note', { issue: '11', n: '1' }],
      ]),
    );
    expect(progress.conflicts).toHaveLength(5);
    expect(progress.conflicts.find(({ kind }) => kind === 'deleted')).toMatchObject({
      columns: ['title'],
      base: { title: 'ten' },
      ours: null,
      theirs: { title: 'TEN' },
      resolution: 'theirs (changed rows win over deleted rows)',
      left: false,
    });
    await anotherSecond();
    expect((await databases.run('south')).head).toBe(inNorth.head);
    expect(await databases.south.rows(NOTES)).toEqual(await databases.north.rows(NOTES));
  });

  test.each([
    { local: 'north', strategy: 'ours', left: [20] },
    { local: 'north', strategy: 'theirs', left: null },
    { local: 'south', strategy: 'theirs', left: [20] },
    { local: 'south', strategy: 'ours', left: [10, 20] },
  ] as const)('is decided for $local under $strategy', async ({ local, strategy, left }) => {
    const databases = await twoBranches(...BASE, 'DELETE FROM issue WHERE id = 11');
    await databases.edit(['DELETE FROM issue WHERE id = 10'], ["UPDATE issue SET title = 'TEN' WHERE id = 10"]);
    const outcome = await databases.run(local, { strategy });
    const progress = outcome.run(local === 'north' ? 'south' : 'north');
    const ids = (await databases[local].rows(ISSUES)).map((row) => row['id']);
    expect(progress.failure?.code ?? null).toBe(null);
    expect(ids).toEqual(left ?? [10, 20]);
  });
});

describe('a row whose parent the other side deleted', () => {
  test('restores the parent with its dependent rows under newest', async () => {
    const databases = await twoBranches(...BASE);
    await databases.edit(
      ["INSERT INTO note (issue, n, text) VALUES (20, 9, 'new')"],
      ['DELETE FROM area WHERE id = 2'],
    );
    const inNorth = await databases.run('north');
    expect(inNorth.run('south').failure).toBeNull();
    expect((await databases.north.rows(NOTES)).filter((row) => row['issue'] === 20)).toEqual([
      { issue: 20, n: 1, text: 'd', twice: 2 },
      { issue: 20, n: 9, text: 'new', twice: 18 },
    ]);
    expect(await databases.north.rows('SELECT name FROM area ORDER BY id')).toEqual([{ name: 'one' }, { name: 'two' }]);
    await anotherSecond();
    expect((await databases.run('south')).head).toBe(inNorth.head);
  });

  test.each(['ours', 'theirs', 'manual'] as const)('stays unresolved under %s', async (strategy) => {
    const databases = await twoBranches(...BASE);
    await databases.edit(
      ["INSERT INTO note (issue, n, text) VALUES (20, 9, 'new')"],
      ['DELETE FROM issue WHERE id = 20'],
    );
    const before = await databases.north.head();
    const progress = (await databases.run('north', { strategy })).run('south');
    expect(progress.failure?.code).toBe('constraint-violation');
    expect(progress.failure?.message).toContain('foreign key');
    expect(await databases.north.head()).toBe(before);
  });
});
