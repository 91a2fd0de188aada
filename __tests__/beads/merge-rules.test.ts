import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mergedLock } from '../../src/beads/row-lock.ts';
import type { Conflict } from '../../src/contract/result.ts';
import { BEADS_TABLES, edge, edit, issues } from '../helpers/beads-schema.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { twoDatabases } from '../helpers/two-databases.ts';

const NORTH = { by: 'ann', at: '2026-01-02' };
const SOUTH = { by: 'bob', at: '2026-01-03' };
const COLUMNS =
  'id, title, description, notes, status, priority, assignee, created_at, created_by, updated_at, closed_at, closed_by_session, close_reason, metadata, is_blocked, row_lock';

interface Merged {
  readonly heads: readonly (string | null)[];
  readonly conflicts: readonly Conflict[];
  issue(id: string): Record<string, unknown>;
  rows(query: string): Promise<Record<string, unknown>[]>;
}

let merged: Merged;
let folder: TempFolder;

/** One merge of everything, from both sides; each test checks one rule. */
beforeAll(async () => {
  folder = await tempFolder();
  const databases = await twoDatabases(
    folder,
    dateCommits('2026-01-01T00:00:00'),
    ...BEADS_TABLES,
    issues('x-grp', 'x-lck', 'x-cln', 'x-not', 'x-ntc', 'x-met', 'x-bbb', 'x-ggg', 'x-wsp', 'x-par', 'x-oth'),
    issues('x-dln', 'x-dls', 'x-dlk'),
    "INSERT INTO labels VALUES ('x-dln', 'gone'), ('x-dls', 'gone')",
    "UPDATE issues SET notes = 'begin', updated_at = updated_at WHERE id IN ('x-not', 'x-ntc')",
    `UPDATE issues SET metadata = '{"a": 1}', updated_at = updated_at WHERE id = 'x-met'`,
    "INSERT INTO child_counters VALUES ('x-par', 1)",
  );
  await databases.edit(
    [
      edit('x-grp', "status = 'closed', closed_at = '2026-01-02', close_reason = 'done', closed_by_session = 's1'", {
        day: 2,
        lock: 101,
      }),
      edit('x-lck', "title = 'of north'", { day: 5, lock: 102 }),
      "UPDATE issues SET title = 'of north', updated_at = updated_at WHERE id = 'x-cln'",
      edit('x-not', "notes = 'begin\\nby ann'", { day: 4, lock: 103 }),
      edit('x-ntc', "notes = 'rewritten by ann'", { day: 4, lock: 104 }),
      edit('x-met', `metadata = '{"a": 1, "n": 1, "k": "ann"}'`, { day: 3, lock: 105 }),
      edit('x-bbb', "status = 'closed', closed_at = '2026-01-02', close_reason = 'over'", { day: 2, lock: 106 }),
      edge('same', 'x-oth', 'x-lck', NORTH, 'related'),
      issues('x-par.2'),
      edge('kid-n', 'x-par.2', 'x-par', NORTH, 'parent-child'),
      "INSERT INTO labels VALUES ('x-par.2', 'of-north'), ('x-oth', 'shared')",
      "INSERT INTO comments VALUES ('c-north', 'x-par.2', 'ann', 'mine', '2026-01-02')",
      "UPDATE child_counters SET last_child = 7 WHERE parent_id = 'x-par'",
      "INSERT INTO config VALUES ('custom.key', 'north'), ('kv.memory.word', 'north')",
      "INSERT INTO metadata VALUES ('clone_id', 'north')",
      "DELETE FROM issues WHERE id IN ('x-dln', 'x-dlk')",
      "UPDATE issues SET is_blocked = 1, row_lock = 107, updated_at = updated_at WHERE id = 'x-dls'",
    ],
    [
      edit('x-grp', "status = 'in_progress', assignee = 'bob'", { day: 4, lock: 201 }),
      edit('x-lck', 'priority = 0', { day: 4, lock: 202 }),
      "UPDATE issues SET priority = 0, updated_at = updated_at WHERE id = 'x-cln'",
      edit('x-not', "notes = 'begin\\nby bob'", { day: 3, lock: 203 }),
      edit('x-ntc', "notes = 'rewritten by bob'", { day: 3, lock: 204 }),
      edit('x-met', `metadata = '{"a": 1, "s": 1, "k": "bob"}'`, { day: 5, lock: 205 }),
      edge('blk', 'x-ggg', 'x-bbb', SOUTH),
      "UPDATE issues SET is_blocked = 1, updated_at = updated_at WHERE id IN ('x-ggg', 'x-wsp')",
      "INSERT INTO dependencies (id, issue_id, depends_on_wisp_id, type) VALUES ('wisp', 'x-wsp', 'x-wisp-1', 'blocks')",
      edge('same', 'x-oth', 'x-lck', SOUTH, 'related'),
      issues('x-par.2').replace('title of', 'south has'),
      edge('kid-s', 'x-par.2', 'x-par', SOUTH, 'parent-child'),
      "INSERT INTO labels VALUES ('x-par.2', 'of-south'), ('x-oth', 'shared')",
      "UPDATE child_counters SET last_child = 5 WHERE parent_id = 'x-par'",
      "INSERT INTO config VALUES ('custom.key', 'south'), ('kv.memory.word', 'south')",
      "INSERT INTO metadata VALUES ('clone_id', 'south')",
      "DELETE FROM issues WHERE id = 'x-dls'",
      "UPDATE issues SET is_blocked = 1, row_lock = 207, updated_at = updated_at WHERE id = 'x-dln'",
      edit('x-dlk', "title = 'kept'", { day: 3, lock: 208 }),
    ],
  );
  const inNorth = await databases.run('north');
  const inSouth = await databases.run('south');
  const { south } = databases;
  const rows = await south.rows(`SELECT ${COLUMNS} FROM issues`);
  merged = {
    heads: [inNorth.head, inSouth.head],
    conflicts: inSouth.run('north').conflicts,
    rows: (query) => south.rows(query),
    issue: (id) => rows.find((row) => row['id'] === id) ?? {},
  };
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const ofRow = (table: string, key: string) =>
  merged.conflicts.filter((row) => row.table === table && Object.values(row.key).includes(key));

test('both databases make one commit', () => {
  expect(merged.heads[0]).toBe(merged.heads[1]);
});

describe('of an issue that both sides changed', () => {
  test('status, time, reason and session of its closing merge as one cell', () => {
    const issue = merged.issue('x-grp');
    expect(issue).toMatchObject({ status: 'in_progress', assignee: 'bob' });
    // Dolt omits a NULL from a row in JSON.
    expect(Object.keys(issue).filter((name) => name.startsWith('close'))).toEqual([]);
    expect(ofRow('issues', 'x-grp')[0]?.columns).toEqual(
      expect.arrayContaining(['status', 'closed_at', 'closed_by_session', 'close_reason']),
    );
  });

  test.each(['x-lck', 'x-cln'])('the lock is computed from both sides, even without a conflict (%s)', async (id) => {
    const [north = '0', south = '0'] = id === 'x-lck' ? ['102', '202'] : ['3', '3'];
    const row = Object.fromEntries(
      Object.entries(merged.issue(id)).map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    );
    expect(row).toMatchObject({ title: 'of north', priority: '0' });
    const expected = mergedLock(
      { id, ours: { row_lock: north }, theirs: { row_lock: south }, merged: row },
      COLUMNS.split(', '),
    );
    const [stored] = await merged.rows(`SELECT CAST(row_lock AS CHAR) AS l FROM issues WHERE id = '${id}'`);
    expect(stored?.['l']).toBe(expected);
  });

  test('the later updated_at wins, and the lock is not reported', () => {
    expect(merged.issue('x-lck')['updated_at']).toBe('2026-01-05 00:00:00');
    expect(merged.conflicts.filter(({ columns }) => columns.includes('row_lock'))).toEqual([]);
  });

  test('notes that both sides appended to keep both parts, the later one last', () => {
    expect(merged.issue('x-not')['notes']).toBe('begin\nby bob\nby ann');
    expect(ofRow('issues', 'x-not').map(({ left }) => left)).toEqual([false]);
  });

  test('notes that both sides rewrote become the later ones, and a person has to confirm them', () => {
    expect(merged.issue('x-ntc')['notes']).toBe('rewritten by ann');
    const [decided, left] = ofRow('issues', 'x-ntc');
    expect(decided).toMatchObject({ columns: ['updated_at'], left: false });
    expect(left).toMatchObject({
      kind: 'changed',
      columns: ['notes'],
      left: true,
      ours: { notes: 'rewritten by bob' },
    });
    expect(left?.lost?.commit).toBe(left?.heads.ours);
  });

  test('metadata is merged by key, and a person has to confirm a key that both sides set', () => {
    expect(merged.issue('x-met')['metadata']).toEqual({ a: 1, n: 1, s: 1, k: 'bob' });
    expect(ofRow('issues', 'x-met').filter(({ left }) => left)).toMatchObject([
      { columns: ['metadata'], paths: [{ path: '$.k' }] },
    ]);
  });
});

describe('an issue that one side deleted', () => {
  // One deletion of each side, so the merge has both directions on either head.
  test.each(['x-dln', 'x-dls'])('stays deleted if the other side changed only computed columns (%s)', async (id) => {
    expect(merged.issue(id)).toEqual({});
    expect(await merged.rows(`SELECT label FROM labels WHERE issue_id = '${id}'`)).toEqual([]);
    expect(ofRow('issues', id)).toEqual([]);
  });
  test('is kept if the other side changed it', () => {
    expect(merged.issue('x-dlk')['title']).toBe('kept');
    expect(ofRow('issues', 'x-dlk')).toMatchObject([{ kind: 'deleted' }]);
  });
});

describe('whether an issue is blocked', () => {
  test('is computed from the merged rows', () => {
    expect(merged.issue('x-ggg')['is_blocked']).toBe(0);
    expect(merged.issue('x-ggg')['updated_at']).toBe('2026-01-01 00:00:00');
  });
  test('keeps its value if a wisp can block the issue', () => {
    expect(merged.issue('x-wsp')['is_blocked']).toBe(1);
  });
});

describe('other tables', () => {
  test('one edge that both sides added becomes the older one, without a conflict', async () => {
    expect(await merged.rows("SELECT created_by FROM dependencies WHERE id = 'same'")).toEqual([{ created_by: 'ann' }]);
    expect(ofRow('dependencies', 'same').map(({ left }) => left)).toEqual([false]);
  });
  test('counters get the greater value, even without `events`', async () => {
    expect(await merged.rows('SELECT last_child FROM child_counters')).toEqual([{ last_child: 7 }]);
  });
  test('a setting that both sides wrote stays unresolved; a memory and the identity of a clone do not', () => {
    expect(ofRow('config', 'custom.key')).toMatchObject([{ kind: 'changed', columns: ['value'], left: true }]);
    expect(ofRow('config', 'kv.memory.word').map(({ left }) => left)).toEqual([false]);
    expect(ofRow('metadata', 'clone_id').map(({ left }) => left)).toEqual([false]);
  });
  test('of two children with one id, one is lost with its label, comment and edge', async () => {
    const lost = merged.conflicts.filter(({ kind, left }) => left && (kind === 'id-collision' || kind === 'dependant'));
    expect(lost.map(({ table }) => table).sort()).toEqual(expect.arrayContaining(['dependencies', 'issues', 'labels']));
    const labels = await merged.rows("SELECT label FROM labels WHERE issue_id = 'x-par.2'");
    expect(labels).toHaveLength(1);
  });
});
