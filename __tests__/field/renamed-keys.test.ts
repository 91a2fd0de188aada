import { cp, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import type { RunResult } from '../../src/contract/result.ts';
import { parseConflicts } from '../../src/resolve/parse-conflicts.ts';
import { branched } from '../helpers/branched.ts';
import { command } from '../helpers/commanding.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';
import { twoBranches } from '../helpers/workshop.ts';

const COUNT = 34;
const BASE = [
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY, title VARCHAR(50), notes JSON, updated_at DATETIME)',
  'CREATE TABLE labels (issue_id VARCHAR(20), label VARCHAR(20), PRIMARY KEY (issue_id, label), FOREIGN KEY (issue_id) REFERENCES issues (id) ON UPDATE CASCADE ON DELETE CASCADE)',
  `INSERT INTO issues VALUES ${Array.from({ length: COUNT }, (_, n) => `('bd-${n}', 'title ${n % 30}', '{"n": ${n % 30}, "a": 1}', '2026-01-01')`).join()}`,
  "INSERT INTO labels VALUES ('bd-1', 'red')",
];
const RENAME = "UPDATE issues SET id = CONCAT('kb-', id), updated_at = '2026-02-01'";

function run(folder: TempFolder, local: 'north' | 'south', accept: readonly string[]) {
  const other = local === 'north' ? 'south' : 'north';
  const peers = {
    [other]: { endpoint: `file://${folder.file(`${other}.box`)}`, role: 'upstream', accept },
    mailbox: { endpoint: `file://${folder.file(`${local}.box`)}`, accept },
  };
  return command(folder, stringify(peers, { aliasDuplicateObjects: false }), { database: local });
}

const from = ({ peers }: RunResult, name: string) => peers.find((peer) => peer.name === name);

describe.each(HASH_ORDERS)('a rename on one side and an edit on the other, %s', (order) => {
  test('is blocked as a mass deletion that names the added row, and unresolved once it is accepted', async () => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...BASE);
    await databases.edit([RENAME], ["UPDATE issues SET title = 'edited' WHERE id = 'bd-1'"], order);
    const { result: held } = await run(folder, 'south', []);
    expect(from(held, 'north')?.error).toMatchObject({ code: 'mass-deletion' });
    expect(from(held, 'north')?.error?.message).toContain(
      `deletes ${COUNT} of the ${COUNT} rows of issues and adds ${COUNT} (\`--max-delete\` is 50 %); ${COUNT} of them have equal contents under another key, so they may be renamed`,
    );

    const { result } = await run(folder, 'south', ['deletion']);
    expect(result.status).toBe('conflict');
    expect(exitCodeOf(result, 'any')).toBe(4);
    expect(from(result, 'north')?.error).toMatchObject({ code: 'renamed-row' });
    const renamed = (from(result, 'north')?.conflicts ?? []).filter(({ left }) => left);
    expect(renamed).toMatchObject([
      { kind: 'renamed', key: { id: 'bd-1' }, otherKey: { id: 'kb-bd-1' }, ours: { title: 'edited' }, theirs: null },
    ]);
    expect(
      await databases.south.read(
        "SELECT COUNT(*) AS n FROM issues WHERE id LIKE 'kb-%'",
        "SELECT id, title FROM issues WHERE id LIKE 'bd-%'",
      ),
    ).toEqual([[{ n: COUNT }], [{ id: 'bd-1', title: 'edited' }]]);
    const file = result.conflictsPath ?? '';
    const { lost } = parseConflicts(await readFile(file, 'utf8'), file);
    expect(lost).toMatchObject([{ kind: 'renamed', key: { id: 'bd-1' }, otherKey: { id: 'kb-bd-1' } }]);

    // The side with the rename reports it too.
    await cp(databases.north.path, folder.file('late'), { recursive: true });
    const { result: inNorth } = await run(folder, 'north', ['deletion']);
    expect(inNorth).toMatchObject({ head: result.head, status: 'conflict' });
    expect(from(inNorth, 'south')?.conflicts.filter(({ left }) => left)).toMatchObject([
      { kind: 'renamed', elsewhere: true, ours: null, theirs: { title: 'edited' } },
    ]);

    await databases.south.sql(...lost.flatMap(({ sql }) => sql ?? []), "DELETE FROM issues WHERE id = 'bd-1'");
    expect(await databases.south.rows("SELECT id, title FROM issues WHERE title = 'edited'")).toEqual([
      { id: 'kb-bd-1', title: 'edited' },
    ]);

    // A database that reads the merge with its correction has nothing left to do.
    await databases.south.sql("CALL DOLT_COMMIT('-A', '-m', 'corrected')");
    await run(folder, 'south', ['deletion']);
    const south = { endpoint: `file://${folder.file('south.box')}`, role: 'upstream', accept: ['deletion'] };
    const { result: late } = await command(folder, stringify({ south }), { database: 'late' });
    expect(late).toMatchObject({ status: 'success', head: await databases.south.head() });
    expect(from(late, 'south')).toMatchObject({
      error: null,
      conflicts: expect.arrayContaining([
        expect.objectContaining({ kind: 'renamed', key: { id: 'bd-1' }, elsewhere: true, left: false }),
      ]),
    });
  }, 120_000);

  test('is also unresolved if a new row refers to the old key', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...BASE);
    await sides.edit([RENAME], ["INSERT INTO labels VALUES ('bd-2', 'new')"], order);
    const progress = (await sides.run()).run('south');
    expect(progress.conflicts.filter(({ left }) => left)).toMatchObject([
      { kind: 'renamed', key: { id: 'bd-2' }, otherKey: { id: 'kb-bd-2' }, columns: [] },
    ]);
    expect(await sides.rows("SELECT issue_id FROM labels WHERE label = 'new'")).toEqual([{ issue_id: 'bd-2' }]);
  }, 60_000);
});

test.each([
  ['a plain deletion', ["DELETE FROM issues WHERE id = 'bd-1'"]],
  [
    'a row with other contents',
    ["DELETE FROM issues WHERE id = 'bd-1'", "INSERT INTO issues VALUES ('new', 'title 1', '{}', NULL)"],
  ],
  [
    'two rows with equal contents',
    [
      "DELETE FROM issues WHERE id = 'bd-1'",
      `INSERT INTO issues VALUES ('a', 'title 1', '{"n": 1, "a": 1}', NULL), ('b', 'title 1', '{"n": 1, "a": 1}', NULL)`,
    ],
  ],
  [
    'a key that another range uses',
    ["DELETE FROM issues WHERE id = 'bd-1'", "UPDATE issues SET title = 'title 1' WHERE id = 'bd-31'"],
  ],
])(
  '%s is not a rename',
  async (_, edits) => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...BASE);
    await sides.edit(edits, ["UPDATE issues SET title = 'edited' WHERE id = 'bd-1'"]);
    const progress = (await sides.run()).run('south');
    expect(progress.conflicts.filter(({ kind }) => kind !== 'restored')).toMatchObject([
      { kind: 'deleted', left: false },
    ]);
  },
  60_000,
);

test('a rename of a row that the other side did not change is merged without a conflict', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, ...BASE);
  await sides.edit([RENAME], ["INSERT INTO issues VALUES ('bd-99', 'new', NULL, NULL)"]);
  const progress = (await sides.run()).run('south');
  expect(progress.conflicts).toEqual([]);
}, 60_000);

test('a rename that a unique key undoes is unresolved as a removed row', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    'CREATE TABLE t (id VARCHAR(20) PRIMARY KEY, title VARCHAR(50), place INT UNIQUE)',
    "INSERT INTO t VALUES ('old', 'title', 1)",
  );
  await sides.edit(["UPDATE t SET id = 'new' WHERE id = 'old'"], ["UPDATE t SET title = 'edited' WHERE id = 'old'"]);
  const progress = (await sides.run()).run('south');
  expect(progress.conflicts.map(({ kind, key, left }) => [kind, key['id'], left])).toEqual([
    ['deleted', 'old', false],
    ['duplicate', 'new', true],
  ]);
  expect(await sides.rows('SELECT id, title FROM t')).toEqual([{ id: 'old', title: 'edited' }]);
}, 60_000);

test('rows that differ in a TIME only are not one row with another key', async () => {
  const databases = await twoBranches(
    'CREATE TABLE shifts (id INT PRIMARY KEY, who VARCHAR(9), begins TIME)',
    "INSERT INTO shifts VALUES (1, 'ann', '10:00'), (2, 'bob', '09:00')",
  );
  await databases.edit(
    ['DELETE FROM shifts', "INSERT INTO shifts VALUES (3, 'ann', '11:00'), (4, 'bob', '09:00')"],
    ["UPDATE shifts SET begins = '12:00'"],
  );
  const { conflicts } = (await databases.run('north')).run('south');
  expect(conflicts).toMatchObject([
    { kind: 'deleted', key: { id: '1' }, left: false },
    { kind: 'renamed', key: { id: '2' }, otherKey: { id: '4' }, left: true },
  ]);
});
