import { expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { LostRow } from '../../src/resolve/conflicts-file.ts';
import { restoreLost } from '../../src/resolve/restore-lost.ts';
import { BEADS_TABLES, issues } from '../helpers/beads-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { atHeads, twoHeads } from '../helpers/two-heads.ts';

const author = async () => ({ name: 'Sue', email: 'sue@example.org' });

test('a lost child gets the next id below its parent, with its label, and is counted; a lost note is set', async () => {
  await using folder = await tempFolder();
  const heads = await twoHeads(folder, {
    base: [
      ...BEADS_TABLES,
      issues('x-1', 'x-1.1', 'x-1.4', 'x-1.4.9', 'x-10.20'),
      "INSERT INTO child_counters VALUES ('x-1', 6)",
    ],
    ours: [issues('x-1.2'), "UPDATE issues SET notes = 'ours' WHERE id = 'x-1'"],
    theirs: [
      issues('x-1.2'),
      "INSERT INTO labels VALUES ('x-1.2', 'theirs')",
      "UPDATE issues SET notes = 'theirs' WHERE id = 'x-1'",
    ],
  });
  const lost = { peer: 'p', head: heads.theirs, row: {}, choose: 'restore' } as const;
  const child: LostRow = { ...lost, kind: 'id-collision', table: 'issues', key: { id: 'x-1.2' } };
  const label: LostRow = {
    ...{ ...lost, kind: 'dependant', table: 'labels', key: { issue_id: 'x-1.2', label: 'theirs' } },
    with: { table: 'issues', key: { id: 'x-1.2' } },
  };
  const note: LostRow = { ...lost, kind: 'changed', table: 'issues', key: { id: 'x-1' }, columns: ['notes'] };
  const made = await atHeads(folder, heads, async (database) => {
    const commit = await restoreLost(database, heads.ours, { lost: [child, label, note], rules: BEADS_RULES, author });
    await database.run("CALL DOLT_BRANCH('-f', 'restored', ?)", [commit]);
    return commit;
  });
  expect(made).not.toBe(heads.ours);
  const read = (query: string) => heads.local.rows(query.replaceAll('NOW', "AS OF 'restored'"));
  expect(await read("SELECT id FROM issues NOW WHERE id LIKE 'x-1.%' ORDER BY id")).toEqual(
    ['x-1.1', 'x-1.2', 'x-1.4', 'x-1.4.9', 'x-1.7'].map((id) => ({ id })),
  );
  expect(await read('SELECT issue_id FROM labels NOW')).toEqual([{ issue_id: 'x-1.7' }]);
  expect(await read('SELECT last_child FROM child_counters NOW')).toEqual([{ last_child: 7 }]);
  expect(await read("SELECT notes FROM issues NOW WHERE id = 'x-1'")).toEqual([{ notes: 'theirs' }]);
});
