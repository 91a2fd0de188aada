import { expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { LostRow } from '../../src/resolve/conflicts-file.ts';
import { restoreLost } from '../../src/resolve/restore-lost.ts';
import { BEADS_TABLES, edge, issues } from '../helpers/beads-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { atHeads, twoHeads } from '../helpers/two-heads.ts';

const author = async () => ({ name: 'Sue', email: 'sue@example.org' });

test('a restored child gets a free id below its parent, keeps its label, blocks as before, and is counted; a restored note is set', async () => {
  await using folder = await tempFolder();
  const long = `x-${'y'.repeat(36)}`;
  const heads = await twoHeads(folder, {
    base: [
      ...BEADS_TABLES,
      issues('x-1', 'x-1.1', 'x-1.4', 'x-1.4.9', 'x-10.20', 'x-2', 'x-2.2147483647', 'x-3', long),
      "INSERT INTO child_counters VALUES ('x-1', 6), ('x-3', 2147483647)",
    ],
    ours: [issues('x-1.2', 'x-2.1', 'x-3.1', `${long}.9`), "UPDATE issues SET notes = 'ours' WHERE id = 'x-1'"],
    theirs: [
      issues('x-1.2', 'x-2.1', 'x-2.2', 'x-3.1', `${long}.9`),
      "INSERT INTO labels VALUES ('x-1.2', 'theirs')",
      "UPDATE issues SET notes = 'theirs' WHERE id = 'x-1'",
      edge('waits', 'x-3', 'x-2.2', { by: 'ann', at: '2026-01-02' }),
    ],
  });
  const lost = { peer: 'p', head: heads.theirs, row: {}, choose: 'restore' } as const;
  const children = ['x-1.2', 'x-2.1', 'x-2.2', 'x-3.1', `${long}.9`].map(
    (id): LostRow => ({ ...lost, kind: 'id-collision', table: 'issues', key: { id } }),
  );
  const label: LostRow = {
    ...{ ...lost, kind: 'dependant', table: 'labels', key: { issue_id: 'x-1.2', label: 'theirs' } },
    with: { table: 'issues', key: { id: 'x-1.2' } },
  };
  const blocking: LostRow = {
    ...{ ...lost, kind: 'dependant', table: 'dependencies', key: { id: 'waits' } },
    with: { table: 'issues', key: { id: 'x-2.2' } },
  };
  const note: LostRow = { ...lost, kind: 'changed', table: 'issues', key: { id: 'x-1' }, columns: ['notes'] };
  const all = [...children, label, blocking, note];
  const made = await atHeads(folder, heads, async (database) => {
    const restored = await restoreLost(database, heads.ours, { lost: all, rules: BEADS_RULES, author });
    await database.run("CALL DOLT_BRANCH('-f', 'restored', ?)", [restored.head]);
    return restored;
  });
  expect(made.head).not.toBe(heads.ours);
  expect(made.written).toBe(all.length);
  const read = (query: string) => heads.local.rows(query.replaceAll('NOW', "AS OF 'restored'"));
  const added = "SELECT id FROM issues NOW WHERE id NOT IN (SELECT id FROM issues AS OF 'main') ORDER BY id";
  expect((await read(added)).map(({ id }) => id)).toEqual(
    // The counters below x-2 and x-3 are at their limit, and the id of the last one cannot get another digit.
    ['x-1.7', 'x-2.2', 'x-2.3', 'x-3.2', `${long}.9-2`.slice(2)],
  );
  expect(await read('SELECT issue_id FROM labels NOW')).toEqual([{ issue_id: 'x-1.7' }]);
  expect(await read('SELECT * FROM child_counters NOW ORDER BY parent_id')).toEqual([
    { parent_id: 'x-1', last_child: 7 },
    { parent_id: 'x-3', last_child: 2_147_483_647 },
  ]);
  // Nothing else computes it again, and bd would list the waiting issue as ready.
  expect(
    await read(
      'SELECT issues.id, depends_on_issue_id FROM issues NOW JOIN dependencies NOW ON issue_id = issues.id WHERE is_blocked',
    ),
  ).toEqual([{ id: 'x-3', depends_on_issue_id: 'x-2.2' }]);
  expect(await read("SELECT notes FROM issues NOW WHERE id = 'x-1'")).toEqual([{ notes: 'theirs' }]);
});
