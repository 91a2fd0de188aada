import { expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { commentId, dependencyId } from '../../src/beads/row-ids.ts';
import type { LostRow } from '../../src/resolve/conflicts-file.ts';
import { restoreLost } from '../../src/resolve/restore-lost.ts';
import { BEADS_TABLES, edge, issues } from '../helpers/beads-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { atHeads, twoHeads } from '../helpers/two-heads.ts';

const MADE = { by: 'ann', at: '2026-01-02' };
const pairId = (issue: string, target: string): string =>
  dependencyId({ issue_id: issue, depends_on_issue_id: target }) ?? '';
const author = async () => ({ name: 'Sue', email: 'sue@example.org' });

test('the ids of edges and comments are those of bd', () => {
  // Made by bd 1.3.0.
  expect(dependencyId({ issue_id: 'bd-f8z', depends_on_issue_id: 'bd-0oc' })).toBe(
    '90a232d3-541f-57eb-8ded-525a74c80520',
  );
  const comment = { issue_id: 'bd-f8z', author: 'Seed 14ecc5ac maintainers', text: 'hello ü' };
  expect(commentId({ ...comment, created_at: '2026-11-30 20:12:57' })).toBe('4829e0be-5a91-54d6-ba32-576269782632');
});

test('a restored child gets a free id below its parent, keeps its label, edges and children, blocks as before, and is counted; a restored note is set', async () => {
  await using folder = await tempFolder();
  const long = `x-${'y'.repeat(36)}`;
  const heads = await twoHeads(folder, {
    base: [
      ...BEADS_TABLES,
      issues('x-1', 'x-1.1', 'x-1.4', 'x-1.4.9', 'x-10.20', 'x-2', 'x-2.2147483647', 'x-3', long),
      "INSERT INTO child_counters VALUES ('x-1', 6), ('x-3', 2147483647)",
    ],
    ours: [
      issues('x-1.2', 'x-1.2.5', 'x-2.1', 'x-3.1', `${long}.9`),
      edge(pairId('x-1.2', 'x-3'), 'x-1.2', 'x-3', MADE),
      edge(pairId('x-1.2.5', 'x-1.2'), 'x-1.2.5', 'x-1.2', MADE, 'parent-child'),
      "INSERT INTO child_counters VALUES ('x-1.2', 5)",
      "UPDATE issues SET notes = 'ours' WHERE id = 'x-1'",
    ],
    theirs: [
      issues('x-1.2', 'x-1.2.5', 'x-2.1', 'x-2.2', 'x-3.1', `${long}.9`),
      "INSERT INTO labels VALUES ('x-1.2', 'theirs')",
      "UPDATE issues SET notes = 'theirs' WHERE id = 'x-1'",
      edge('waits', 'x-3', 'x-2.2', MADE),
      edge(pairId('x-1.2', 'x-3'), 'x-1.2', 'x-3', MADE),
      edge(pairId('x-1.2.5', 'x-1.2'), 'x-1.2.5', 'x-1.2', MADE, 'parent-child'),
      "INSERT INTO child_counters VALUES ('x-1.2', 5)",
    ],
  });
  const lost = { peer: 'p', head: heads.theirs, row: {}, choose: 'restore' } as const;
  const children = ['x-1.2.5', 'x-1.2', 'x-2.1', 'x-2.2', 'x-3.1', `${long}.9`].map(
    (id): LostRow => ({ ...lost, kind: 'id-collision', table: 'issues', key: { id } }),
  );
  const label: LostRow = {
    ...{ ...lost, kind: 'dependant', table: 'labels', key: { issue_id: 'x-1.2', label: 'theirs' } },
    with: { table: 'issues', key: { id: 'x-1.2' } },
  };
  // Both sides have these rows, which stay with our issues.
  const shared = [
    { table: 'child_counters', key: { parent_id: 'x-1.2' } },
    { table: 'dependencies', key: { id: pairId('x-1.2.5', 'x-1.2') } },
    { table: 'dependencies', key: { id: pairId('x-1.2', 'x-3') } },
  ].map((row): LostRow => ({ ...lost, kind: 'dependant', ...row, with: { table: 'issues', key: { id: 'x-1.2' } } }));
  const blocking: LostRow = {
    ...{ ...lost, kind: 'dependant', table: 'dependencies', key: { id: 'waits' } },
    with: { table: 'issues', key: { id: 'x-2.2' } },
  };
  const note: LostRow = { ...lost, kind: 'changed', table: 'issues', key: { id: 'x-1' }, columns: ['notes'] };
  const all = [...children, ...shared, label, blocking, note];
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
    ['x-1.7', 'x-1.7.5', 'x-2.2', 'x-2.3', 'x-3.2', `${long}.9-2`.slice(2)],
  );
  expect(await read('SELECT issue_id FROM labels NOW')).toEqual([{ issue_id: 'x-1.7' }]);
  expect(await read('SELECT * FROM child_counters NOW ORDER BY parent_id')).toEqual([
    { parent_id: 'x-1', last_child: 7 },
    { parent_id: 'x-1.2', last_child: 5 },
    { parent_id: 'x-1.7', last_child: 5 },
    { parent_id: 'x-3', last_child: 2_147_483_647 },
  ]);
  // Otherwise bd could not give an edge to the former pair again.
  expect(await read("SELECT id FROM dependencies NOW WHERE issue_id LIKE 'x-1.7%' ORDER BY issue_id")).toEqual([
    { id: pairId('x-1.7', 'x-3') },
    { id: pairId('x-1.7.5', 'x-1.7') },
  ]);
  // Nothing else computes it again, and bd would list the waiting issue as ready.
  expect(
    await read(
      "SELECT issues.id, depends_on_issue_id FROM issues NOW JOIN dependencies NOW ON issue_id = issues.id WHERE is_blocked AND issues.id = 'x-3'",
    ),
  ).toEqual([{ id: 'x-3', depends_on_issue_id: 'x-2.2' }]);
  expect(await read("SELECT notes FROM issues NOW WHERE id = 'x-1'")).toEqual([{ notes: 'theirs' }]);
});
