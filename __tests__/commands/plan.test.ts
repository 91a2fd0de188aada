import { describe, expect, test } from '@jest/globals';
import { text } from '../../src/report/text/run-report.ts';
import { withValues } from '../../src/report/values.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { committing, scenario } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const PLAN = { command: 'plan', dryRun: true } as const;

/** Two databases with a mailbox between them. */
async function diverged(
  folder: TempFolder,
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
) {
  const made = await scenario(folder)
    .base(...base)
    .database('local', ...ours)
    .database('other')
    .mailbox('box')
    .build();
  const message = 'theirs: a second line\nwhich is not shown';
  await made.database('other').sql(...committing(message, theirs), "CALL DOLT_PUSH('box', 'main')");
  return { local: made.database('local'), peers: `box: ${made.mailbox('box').url}` };
}

describe('plan', () => {
  test('shows the tables and rows of both directions, and a sync changes exactly these', async () => {
    await using folder = await tempFolder();
    const tables = ['dropped', 'grown', 'kept', 'renamed', 'virtual_rows'];
    const { local, peers } = await diverged(
      folder,
      [
        ...tables.slice(0, -1).map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY, a INT)`),
        'CREATE TABLE virtual_rows (id INT PRIMARY KEY, a INT, v INT AS (id + 1) VIRTUAL)',
        ...tables.map((name) => `INSERT INTO ${name} (id, a) VALUES (1, 1), (2, 2)`),
      ],
      ['INSERT INTO kept VALUES (7, 7), (8, 8)', 'INSERT INTO grown VALUES (3, 3)'],
      [
        'INSERT INTO grown VALUES (3, 3)',
        'INSERT INTO kept VALUES (8, 8)',
        'DROP TABLE dropped',
        'ALTER TABLE grown ADD COLUMN b INT',
        'UPDATE kept SET a = 9 WHERE id = 1',
        'DELETE FROM kept WHERE id = 2',
        'RENAME TABLE renamed TO called_otherwise',
        'UPDATE virtual_rows SET a = 5 WHERE id = 1',
        'CREATE TABLE new_table (id INT PRIMARY KEY)',
        'INSERT INTO new_table VALUES (1), (2), (3)',
      ],
    );
    const { result } = await command(folder, `${peers}\n`, PLAN);
    const rows = (added: number, changed: number, removed: number) => ({ added, changed, removed });
    expect(result).toMatchObject({ command: 'plan', dryRun: true, head: await local.head() });
    const [box] = result.peers;
    // A dropped table is blocked without an `accept`, so this peer is not merged.
    expect(box).toMatchObject({ error: { code: 'mass-deletion' }, plan: { pull: 'nothing' } });
    expect(box?.plan).not.toHaveProperty('incoming');

    const accepting = `box: {endpoint: "file://${folder.file('box')}", accept: [deletion]}`;
    const planned = await command(folder, accepting, PLAN);
    const plan = planned.result.peers[0]?.plan;
    expect(plan?.incoming).toEqual({
      commits: 1,
      subjects: ['theirs: a second line'],
      tables: [
        { table: 'called_otherwise', change: 'renamed', from: 'renamed', definition: true, rows: rows(0, 0, 0) },
        { table: 'dropped', change: 'dropped', definition: true, rows: rows(0, 0, 2) },
        { table: 'grown', change: 'changed', definition: true, rows: rows(0, 0, 0) },
        // Our database already has a row that both sides added.
        { table: 'kept', change: 'changed', definition: false, rows: rows(0, 1, 1) },
        { table: 'new_table', change: 'added', definition: true, rows: rows(3, 0, 0) },
        { table: 'virtual_rows', change: 'changed', definition: false, rows: rows(0, 1, 0) },
      ],
      moreTables: 0,
    });
    expect(plan?.outgoing).toMatchObject({ tables: [{ table: 'kept', rows: rows(1, 0, 0) }] });
    const shown = text(withValues(planned.result, 'none'));
    expect(shown).toContain('box: this database would get 1 commit\n  table called_otherwise  renamed from renamed\n');
    expect(shown).not.toContain('a second line');
    expect(text(withValues(planned.result, 'keys'))).toContain('  commit: theirs: a second line\n');

    const done = await command(folder, accepting);
    expect(done.result.head).toBe(plan?.head);
  });

  test('counts only changes of a merge for each of several peers, and none that both sides made', async () => {
    await using folder = await tempFolder();
    const made = await scenario(folder)
      .base('CREATE TABLE t (id INT PRIMARY KEY, a INT)', 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)')
      .database('local', 'UPDATE t SET a = 10 WHERE id = 1', 'INSERT INTO t VALUES (4, 4)')
      .database('one', 'UPDATE t SET a = 20 WHERE id = 2', 'INSERT INTO t VALUES (4, 4)')
      .database('two', 'UPDATE t SET a = 30 WHERE id = 3', 'INSERT INTO t VALUES (5, 5)', 'DELETE FROM t WHERE id = 2')
      .database('same', 'UPDATE t SET a = 10 WHERE id = 1', 'INSERT INTO t VALUES (4, 4)')
      .mailbox('a')
      .mailbox('b')
      .mailbox('c')
      .build();
    for (const [name, box] of [
      ['one', 'a'],
      ['two', 'b'],
      ['same', 'c'],
    ] as const)
      await made.database(name).sql(`CALL DOLT_PUSH('${box}', 'main')`);
    const peers = (['a', 'b', 'c'] as const).map((box) => `${box}: ${made.mailbox(box).url}`).join('\n');
    const { result } = await command(folder, peers, PLAN);
    const change = (added: number, changed: number, removed: number) => [
      { table: 't', change: 'changed', definition: false, rows: { added, changed, removed } },
    ];
    expect(result.peers.map(({ plan }) => plan?.incoming?.tables)).toEqual([change(0, 1, 0), change(1, 1, 1), []]);
    expect(text(result)).toMatch(
      /^c: this database would get 1 commit\n {2}commit: same\n {2}no table of yours would change$/m,
    );
  });

  test('shows the row that would win and the constraint that would fail', async () => {
    await using folder = await tempFolder();
    const made = await scenario(folder)
      .base(
        ...['CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9))', "INSERT INTO t VALUES (1, 'old')"],
        ...['CREATE TABLE p (id INT PRIMARY KEY, n INT)', 'INSERT INTO p VALUES (1, 1)'],
      )
      .database('local', "UPDATE t SET a = 'ours' WHERE id = 1", 'ALTER TABLE p ADD CONSTRAINT small CHECK (n < 5)')
      .database('same-cell', "UPDATE t SET a = 'theirs' WHERE id = 1")
      .database('constraint', 'UPDATE p SET n = 9')
      .build();
    const names = ['same-cell', 'constraint'] as const;
    const boxOf = (name: string) => `file://${folder.file(`box-of-${name}`)}`;
    for (const name of names) await made.database(name).publish(boxOf(name));
    const peers = names.map((name) => `${name}: ${boxOf(name)}`).join('\n');
    const { result } = await command(folder, peers, PLAN);
    expect(result.peers).toMatchObject([
      { name: 'constraint', error: { code: 'constraint-violation' }, plan: { pull: 'nothing' } },
      {
        name: 'same-cell',
        error: null,
        conflicts: [{ table: 't', key: { id: '1' }, columns: ['a'] }],
        plan: { pull: 'merge' },
      },
    ]);
  });

  test('counts no rows of a table with a changed primary key', async () => {
    await using folder = await tempFolder();
    const { peers } = await diverged(
      folder,
      ['CREATE TABLE rekeyed (id INT PRIMARY KEY, a INT)', 'INSERT INTO rekeyed VALUES (1, 1)'],
      // With a commit of ours, Dolt 2.3.0 can merge the new key in one order of the two heads only.
      [],
      ['ALTER TABLE rekeyed DROP PRIMARY KEY, ADD PRIMARY KEY (a)'],
    );
    const { result } = await command(folder, peers, PLAN);
    const tables = [{ table: 'rekeyed', change: 'changed', definition: true, rows: null }];
    expect(result.peers[0]?.plan).toMatchObject({ pull: 'fast-forward', incoming: { tables } });
  });

  test('lists at most 50 tables and counts the rest', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local')).then((local) =>
      local.commit('many', ...Array.from({ length: 53 }, (_, n) => `CREATE TABLE t${n} (id INT PRIMARY KEY)`)),
    );
    const { result } = await command(folder, `box: file://${folder.file('box')}`, PLAN);
    expect(result.peers[0]?.plan?.outgoing).toMatchObject({ moreTables: 4 });
    expect(result.peers[0]?.plan?.outgoing?.tables).toHaveLength(50);
    expect(text(result)).toContain('and 4 more tables');
  });
});
