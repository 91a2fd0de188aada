import { expect, test } from '@jest/globals';
import { anotherSecond } from '../helpers/another-second.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { twoDatabases } from '../helpers/two-databases.ts';

/** The tables of a beads database that matter here, with the keys and references of schema version 49. */
const BEADS = [
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY, title VARCHAR(500), status VARCHAR(20), assignee VARCHAR(40), created_at DATETIME, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
  'CREATE TABLE dependencies (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(20), depends_on_issue_id VARCHAR(20), created_at DATETIME, created_by VARCHAR(40), UNIQUE KEY uk_dep_issue_target (issue_id, depends_on_issue_id), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (depends_on_issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE labels (issue_id VARCHAR(20), label VARCHAR(40), PRIMARY KEY (issue_id, label), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  'CREATE TABLE events (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(20), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
  'CREATE TABLE child_counters (parent_id VARCHAR(20) PRIMARY KEY, last_child INT, FOREIGN KEY (parent_id) REFERENCES issues (id) ON DELETE CASCADE)',
  "INSERT INTO dolt_ignore VALUES ('wisps', TRUE)",
  "INSERT INTO issues VALUES ('x-zgs', 'old', 'open', NULL, '2026-01-01', '2026-01-01'), ('x-edz', 'e', 'open', NULL, '2026-01-01', '2026-01-01'), ('x-che', 'c', 'open', NULL, '2026-01-01', '2026-01-01')",
  "INSERT INTO child_counters VALUES ('x-edz', 1)",
  'CREATE TABLE wisps (id VARCHAR(20) PRIMARY KEY)',
];

const edge = (id: string, time: string, who: string) =>
  `INSERT INTO dependencies VALUES ('${id}', 'x-edz', 'x-che', '2026-01-0${time}', '${who}')`;

test('two beads databases merge the title of one, status and assignee of the other, one edge and both new issues into one hash', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, dateCommits('2026-01-01T00:00:00'), ...BEADS);
  await databases.edit(
    [
      "UPDATE issues SET status = 'in_progress', assignee = 'ann', updated_at = '2026-01-05' WHERE id = 'x-zgs'",
      edge('bbbb', '2', 'ann'),
      "INSERT INTO issues VALUES ('x-n', 'of north', 'open', NULL, '2026-01-03', '2026-01-03')",
      "UPDATE child_counters SET last_child = 4 WHERE parent_id = 'x-edz'",
      "INSERT INTO child_counters VALUES ('x-che', 1)",
      "INSERT INTO config VALUES ('kv.memory.meeting', 'north')",
    ],
    [
      "UPDATE issues SET title = 'new', updated_at = '2026-01-04' WHERE id = 'x-zgs'",
      edge('aaaa', '3', 'bob'),
      "INSERT INTO issues VALUES ('x-s', 'of south', 'open', NULL, '2026-01-03', '2026-01-03')",
      "UPDATE child_counters SET last_child = 3 WHERE parent_id = 'x-edz'",
      "INSERT INTO child_counters VALUES ('x-che', 2)",
      "INSERT INTO config VALUES ('kv.memory.meeting', 'south')",
    ],
  );
  await databases.south.sql("INSERT INTO wisps VALUES ('private')");

  const inNorth = await databases.run('north');
  await anotherSecond();
  const inSouth = await databases.run('south');
  expect(inSouth.head).toBe(inNorth.head);
  expect(inNorth.run('south').failure).toBeNull();
  expect(inNorth.run('south').conflicts.filter(({ left }) => left)).toEqual([]);

  const [issue, ...others] = await databases.south.rows(
    "SELECT id, title, status, assignee, updated_at FROM issues ORDER BY id = 'x-zgs' DESC, id",
  );
  expect(issue).toEqual({
    id: 'x-zgs',
    title: 'new',
    status: 'in_progress',
    assignee: 'ann',
    updated_at: '2026-01-05 00:00:00',
  });
  expect(others.map(({ id }) => id)).toEqual(['x-che', 'x-edz', 'x-n', 'x-s']);
  expect(await databases.south.rows('SELECT id, created_by FROM dependencies')).toEqual([
    { id: 'bbbb', created_by: 'ann' },
  ]);
  expect(await databases.south.rows('SELECT parent_id, last_child FROM child_counters ORDER BY parent_id')).toEqual([
    { parent_id: 'x-che', last_child: 2 },
    { parent_id: 'x-edz', last_child: 4 },
  ]);
  expect(await databases.south.rows('SELECT * FROM wisps')).toEqual([{ id: 'private' }]);
  const kinds = inSouth.run('north').conflicts.map(({ kind, table }) => `${table} ${kind}`);
  expect(kinds).toEqual(expect.arrayContaining(['config changed', 'dependencies duplicate', 'issues changed']));
});
