import { describe, expect, test } from '@jest/globals';
import { branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

/** Tables of a beads 1.3 database in a clone that Dolt made: without `events`, which is local. */
const BEADS = [
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY, title VARCHAR(500), created_at DATETIME, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
  'CREATE TABLE dependencies (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(20), type VARCHAR(32), created_at DATETIME, created_by VARCHAR(40), metadata JSON DEFAULT (JSON_OBJECT()), depends_on_issue_id VARCHAR(20), UNIQUE KEY uk_dep_issue_target (issue_id, depends_on_issue_id), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  'CREATE TABLE labels (issue_id VARCHAR(20), label VARCHAR(40), created_by VARCHAR(40), PRIMARY KEY (issue_id, label))',
  'CREATE TABLE child_counters (parent_id VARCHAR(20) PRIMARY KEY, last_child INT)',
  'CREATE TABLE custom_statuses (name VARCHAR(40) PRIMARY KEY, category VARCHAR(20), Created_At DATETIME)',
  'CREATE TABLE schema_migrations (version INT PRIMARY KEY, applied_at DATETIME, content_hash CHAR(64))',
  'CREATE TABLE federation_peers (name VARCHAR(40) PRIMARY KEY, remote_url VARCHAR(1024), last_sync DATETIME, created_at DATETIME, updated_at DATETIME)',
  "INSERT INTO issues VALUES ('x-1', 'one', '2026-01-01', '2026-01-01'), ('x-2', 'two', '2026-01-01', '2026-01-01')",
];

describe.each(HASH_ORDERS)('with %s, a row that both sides added', (order) => {
  test('in a beads database is resolved if only audit columns differ, and a changed issue has the later updated_at', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...BEADS);
    const edge = (id: string, created: string, type = 'blocks') =>
      `INSERT INTO dependencies VALUES ('${id}', 'x-1', '${type}', ${created}, '{}', 'x-2')`;
    await sides.edit(
      [
        edge('edge', "'2026-01-03', 'ann'"),
        "INSERT INTO labels VALUES ('x-1', 'urgent', 'ann')",
        "INSERT INTO custom_statuses VALUES ('review', 'active', '2026-01-02')",
        "INSERT INTO schema_migrations VALUES (1, '2026-01-02', NULL), (2, '2026-01-02', 'aa'), (3, NULL, 'cc')",
        "INSERT INTO federation_peers VALUES ('hub', 'file:///hub', '2026-01-05', '2026-01-02', '2026-01-02')",
        "UPDATE issues SET title = 'of north', updated_at = '2026-01-05' WHERE id = 'x-1'",
        "CALL DOLT_COMMIT('-A', '-m', 'n1')",
        "UPDATE issues SET updated_at = '2026-01-02' WHERE id = 'x-1'",
        "UPDATE issues SET title = 'of north', updated_at = '2026-01-01' WHERE id = 'x-2'",
      ],
      [
        edge('edge', "'2026-01-02', 'bob'"),
        "INSERT INTO labels VALUES ('x-1', 'urgent', 'bob')",
        "INSERT INTO custom_statuses VALUES ('review', 'active', NULL)",
        "INSERT INTO schema_migrations VALUES (1, '2026-01-03', 'hash'), (2, '2026-01-01', 'aa'), (3, '2026-01-04', 'cc')",
        "INSERT INTO federation_peers VALUES ('hub', 'file:///hub', '2026-01-04', '2026-01-01', '2026-01-03')",
        "UPDATE issues SET title = 'of south', updated_at = '2026-01-03' WHERE id = 'x-1'",
        "UPDATE issues SET title = 'of south', updated_at = '2025-12-01' WHERE id = 'x-2'",
      ],
      order,
    );
    const { conflicts } = (await sides.merge()).run('south');
    const added = conflicts.filter(({ table }) => table !== 'issues');
    expect(added.map(({ table, key, left, resolution }) => [table, Object.values(key), left, resolution])).toEqual([
      ['custom_statuses', ['review'], false, 'audit'],
      ['dependencies', ['edge'], false, 'audit'],
      ['federation_peers', ['hub'], false, 'audit'],
      ['labels', ['x-1', 'urgent'], false, 'audit'],
      ['schema_migrations', ['1'], false, 'audit'],
      ['schema_migrations', ['2'], false, 'audit'],
      ['schema_migrations', ['3'], false, 'audit'],
    ]);
    expect(
      await sides.read(
        'SELECT created_at, created_by FROM dependencies',
        'SELECT created_by FROM labels',
        'SELECT Created_At AS at FROM custom_statuses',
        'SELECT * FROM schema_migrations WHERE version <> 2 ORDER BY version',
        'SELECT last_sync, created_at, updated_at FROM federation_peers',
        'SELECT id, title, updated_at FROM issues ORDER BY id',
      ),
    ).toEqual([
      [{ created_at: '2026-01-02 00:00:00', created_by: 'bob' }],
      [{ created_by: 'bob' }],
      [{ at: '2026-01-02 00:00:00' }],
      [
        { version: 1, applied_at: '2026-01-02 00:00:00', content_hash: 'hash' },
        { version: 3, applied_at: '2026-01-04 00:00:00', content_hash: 'cc' },
      ],
      [{ last_sync: '2026-01-05 00:00:00', created_at: '2026-01-01 00:00:00', updated_at: '2026-01-03 00:00:00' }],
      // Whichever side won the cells of an issue.
      [
        { id: 'x-1', title: 'of north', updated_at: '2026-01-03 00:00:00' },
        { id: 'x-2', title: 'of north', updated_at: '2026-01-01 00:00:00' },
      ],
    ]);
    expect(conflicts.every(({ left }) => !left)).toBe(true);
  });

  test('in other tables is resolved if the table has further columns and the audit columns are in no unique key', async () => {
    await using folder = await tempFolder();
    const columns = 'created_at DATETIME, created_by VARCHAR(20), updated_at DATETIME, updated_by VARCHAR(20)';
    const sides = branched(
      folder,
      `CREATE TABLE notes (id INT PRIMARY KEY, body TEXT, ${columns})`,
      'CREATE TABLE locks (name VARCHAR(20) PRIMARY KEY, created_by VARCHAR(20))',
      'CREATE TABLE claims (id INT PRIMARY KEY, what TEXT, created_by VARCHAR(20) UNIQUE)',
    );
    const note = (id: number, body: string, rest: string) => `INSERT INTO notes VALUES (${id}, '${body}', ${rest})`;
    await sides.edit(
      [
        note(1, 'same', "'2026-01-02', 'ann', '2026-01-02', 'ann'"),
        note(2, 'of ann', "'2026-01-02', 'ann', NULL, NULL"),
        note(3, 'same', "NULL, 'ann', '2026-01-02', 'ann'"),
        note(4, 'same', "'2026-01-02', 'ann', '2026-01-02', 'ann'"),
        "INSERT INTO locks VALUES ('door', 'ann')",
        "INSERT INTO claims VALUES (1, 'same', 'ann')",
      ],
      [
        note(1, 'same', "'2026-01-03', 'bob', '2026-01-03', 'bob'"),
        note(2, 'of bob', "'2026-01-03', 'bob', NULL, NULL"),
        note(3, 'same', "'2026-01-03', 'bob', NULL, NULL"),
        note(4, 'same', "'2026-01-02', 'bob', '2026-01-02', 'bob'"),
        "INSERT INTO locks VALUES ('door', 'bob')",
        "INSERT INTO claims VALUES (1, 'same', 'bob')",
      ],
      order,
    );
    const { conflicts } = (await sides.merge()).run('south');
    expect(conflicts.map(({ table, key, left }) => [table, Object.values(key)[0], left])).toEqual([
      ['claims', '1', true],
      ['locks', 'door', true],
      ['notes', '1', false],
      ['notes', '2', true],
      ['notes', '3', false],
      ['notes', '4', false],
    ]);
    expect(
      await sides.rows('SELECT id, created_at, created_by, updated_by FROM notes WHERE id <> 2 ORDER BY id'),
    ).toEqual([
      { id: 1, created_at: '2026-01-02 00:00:00', created_by: 'ann', updated_by: 'bob' },
      { id: 3, created_at: '2026-01-03 00:00:00', created_by: 'bob', updated_by: 'ann' },
      { id: 4, created_at: '2026-01-02 00:00:00', created_by: 'bob', updated_by: 'bob' },
    ]);
  });
});
