import { renameSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import type { Conflict, RunResult } from '../../src/contract/result.ts';
import type { ConflictStrategy } from '../../src/contract/vocabulary.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { Failure } from '../../src/core/failure.ts';
import { MERGE_EMAIL } from '../../src/dolt/signature.ts';
import { PROTOCOL_LINE } from '../../src/dolt/sql/merge.ts';
import { runOutputs } from '../../src/report/outputs.ts';
import { summary } from '../../src/report/summary.ts';
import { text } from '../../src/report/text/run-report.ts';
import { withValues } from '../../src/report/values.ts';
import { parseConflicts } from '../../src/resolve/parse-conflicts.ts';
import type { PeerProgress } from '../../src/sync/peer-progress.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabaseOf, openTestDatabase, publishing } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';

// The creation time in a row counts only after the date of the common commit.
const PAST = "SET @@dolt_committer_date = '2026-01-01T00:00:00Z'";

const BASE = [
  PAST,
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY, title VARCHAR(50), parent VARCHAR(20), created_at DATETIME, FOREIGN KEY (parent) REFERENCES issues (id) ON DELETE SET NULL)',
  'CREATE TABLE labels (issue_id VARCHAR(20), label VARCHAR(20), PRIMARY KEY (issue_id, label), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  'CREATE TABLE comments (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(20), body VARCHAR(50), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  'CREATE TABLE reactions (comment_id CHAR(36), who VARCHAR(20), PRIMARY KEY (comment_id, who), FOREIGN KEY (comment_id) REFERENCES comments (id) ON DELETE CASCADE)',
  'CREATE TABLE edges (id VARCHAR(40) PRIMARY KEY, a VARCHAR(20), b VARCHAR(20), FOREIGN KEY (a) REFERENCES issues (id) ON DELETE CASCADE, FOREIGN KEY (b) REFERENCES issues (id) ON DELETE CASCADE)',
  "INSERT INTO issues VALUES ('old', 'old', NULL, '2026-01-01'), ('older', 'older', NULL, '2026-01-01')",
];
const NORTH = [
  "INSERT INTO issues VALUES ('e.1', 'north', NULL, '2026-02-01')",
  "INSERT INTO labels VALUES ('e.1', 'both'), ('e.1', 'north')",
  "INSERT INTO comments VALUES ('c-north', 'e.1', 'said in north')",
];
const SOUTH = [
  "INSERT INTO issues VALUES ('e.1', 'south''s \\\\ own', NULL, '2026-02-02'), ('e.1.1', 'child', 'e.1', '2026-02-03')",
  "INSERT INTO labels VALUES ('e.1', 'both'), ('e.1', 'south'), ('e.1.1', 'grandchild')",
  "INSERT INTO comments VALUES ('c-south', 'e.1', 'said in south')",
  "INSERT INTO reactions VALUES ('c-south', 'bob')",
  "INSERT INTO edges VALUES ('1 to old', 'e.1', 'old'), ('2 from old', 'old', 'e.1'), ('3 old', 'old', 'older')",
  "UPDATE issues SET parent = 'e.1' WHERE id = 'older'",
  "UPDATE issues SET parent = 'e.1.1' WHERE id = 'old'",
];

/** A run of one of the databases: it reads the other one's mailbox and publishes in its own. */
function run(folder: TempFolder, local: 'north' | 'south', options: Parameters<typeof command>[2] = {}) {
  const other = local === 'north' ? 'south' : 'north';
  const peers = {
    [other]: { endpoint: `file://${folder.file(`${other}.box`)}`, role: 'upstream' },
    mailbox: { endpoint: `file://${folder.file(`${local}.box`)}` },
  };
  return command(folder, stringify(peers), { database: local, ...options });
}

async function lostIn(result: RunResult) {
  const file = result.conflictsPath ?? '';
  return parseConflicts(await readFile(file, 'utf8'), file).lost;
}

const listed = (lost: Awaited<ReturnType<typeof lostIn>>) =>
  lost.map(({ kind, table, key }) => `${kind}: ${[table, ...Object.values(key ?? {})].join(' ')}`);

/** Reads everything that refers to an issue, as a sorted list. */
const family = (id: string) =>
  `SELECT CONCAT('label ', label) AS r FROM labels WHERE issue_id = '${id}' UNION ALL SELECT CONCAT('comment ', body) FROM comments WHERE issue_id = '${id}' UNION ALL SELECT CONCAT('edge ', id) FROM edges WHERE a = '${id}' OR b = '${id}' UNION ALL SELECT CONCAT('child ', id) FROM issues WHERE parent = '${id}' ORDER BY r`;
const members = (rows: readonly Record<string, unknown>[] | undefined) => rows?.map(({ r }) => r);

describe.each(HASH_ORDERS)('two issues with one key, %s', (order) => {
  test('lose the later one with the rows added with it, and both databases report the loss', async () => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...BASE);
    await databases.edit(NORTH, SOUTH, order);

    const { result: inNorth } = await run(folder, 'north');
    const [heads, titles, kept, old, edges, reactions] = await databases.north.read(
      "SELECT hash FROM dolt_branches WHERE name = 'main'",
      "SELECT title FROM issues WHERE id = 'e.1'",
      family('e.1'),
      "SELECT parent FROM issues WHERE id = 'old'",
      'SELECT id FROM edges',
      'SELECT * FROM reactions',
    );
    expect(inNorth).toMatchObject({ status: 'conflict', head: heads?.[0]?.['hash'] });
    expect(exitCodeOf(inNorth, 'any')).toBe(4);
    expect(titles).toEqual([{ title: 'north' }]);
    // A base row that now refers to the lost issue stays, and is listed.
    expect(members(kept)).toEqual(['child older', 'comment said in north', 'label both', 'label north']);
    // A base row that refers to an issue whose key is free now gets its former reference back.
    expect(old).toEqual([{}]);
    expect(edges).toEqual([{ id: '3 old' }]);
    expect(reactions).toEqual([]);
    const lost = await lostIn(inNorth);
    expect(listed(lost)).toEqual([
      'id-collision: issues e.1',
      'dependant: issues e.1.1',
      'reference: issues older',
      'dependant: comments c-south',
      'dependant: edges 1 to old',
      'dependant: edges 2 from old',
      'dependant: labels e.1 south',
      // Both sides had it; it stays with the issue of the north.
      'dependant: labels e.1 both',
      'reference: issues old',
      'dependant: labels e.1.1 grandchild',
      'dependant: reactions c-south bob',
    ]);
    expect(lost.every(({ head }) => head === lost[0]?.head)).toBe(true);
    expect(lost.find(({ table }) => table === 'comments')).toMatchObject({
      row: { body: 'said in south' },
      with: { table: 'issues', key: { id: 'e.1' } },
    });
    expect(inNorth.open).toBe(lost.length);

    const { result: inSouth } = await run(folder, 'south');
    expect(inSouth).toMatchObject({ status: 'conflict', head: inNorth.head, merge: { commits: 0 } });
    expect(exitCodeOf(inSouth, 'any')).toBe(4);
    expect(listed(await lostIn(inSouth))).toEqual(listed(lost));
    const reported = inSouth.peers.find(({ name }) => name === 'north')?.conflicts ?? [];
    expect(reported.length).toBe(lost.length);
    expect(reported.every(({ elsewhere }) => elsewhere === true)).toBe(true);
    expect(reported.find(({ kind }) => kind === 'id-collision')).toMatchObject({
      ours: { title: "south's \\ own" },
      theirs: { title: 'north' },
      resolution: 'theirs (created first)',
    });
    expect(await databases.south.rows("SELECT name FROM dolt_branches WHERE name <> 'main'")).toEqual([]);

    for (const local of ['north', 'south'] as const) {
      const { result } = await run(folder, local);
      expect(result).toMatchObject({ status: 'unchanged', open: lost.length });
      expect(exitCodeOf(result, 'any')).toBe(0);
      expect(text(result)).toContain(`${lost.length} rows of this and earlier runs: decision needed`);
    }
    expect((await run(folder, 'south', { command: 'status' })).result.open).toBe(lost.length);

    await databases.south.sql(...lost.flatMap(({ sql }) => sql ?? []));
    const [restored, ofRestored, ofChild, ofNorth, who] = await databases.south.read(
      "SELECT id FROM issues WHERE title LIKE 'south%' OR title = 'child'",
      ...[family('e.1-2'), family('e.1.1'), family('e.1')],
      'SELECT who FROM reactions',
    );
    expect(restored).toEqual([{ id: 'e.1-2' }, { id: 'e.1.1' }]);
    expect(members(ofRestored)).toEqual([
      'child e.1.1',
      'child older',
      'comment said in south',
      'edge 1 to old',
      'edge 2 from old',
      'label both',
      'label south',
    ]);
    expect(members(ofChild)).toEqual(['child old', 'label grandchild']);
    expect(members(ofNorth)).toEqual(['comment said in north', 'label both', 'label north']);
    expect(who).toEqual([{ who: 'bob' }]);
  }, 120_000);
});

describe('rows that gave way', () => {
  type OnEvent = NonNullable<NonNullable<Parameters<typeof command>[2]>['onEvent']>;
  /** A run with one peer that has both an issue and a label that go. */
  async function sync(folder: TempFolder, onEvent: OnEvent, signal?: AbortSignal) {
    await (await twoDatabases(folder, ...BASE)).edit(NORTH, SOUTH);
    const peers = stringify({ south: { endpoint: `file://${folder.file('south.box')}` } });
    return await command(folder, peers, { database: 'north', onEvent, ...(signal === undefined ? {} : { signal }) });
  }
  const GONE = 'id-collision: issues e.1';

  test('are in the conflicts file if the push to their peer fails', async () => {
    await using folder = await tempFolder();
    const box = folder.file('south.box');
    const { result } = await sync(folder, ({ step }) => {
      if (step === 'pushing') renameSync(box, `${box}.away`);
    });
    expect(result).toMatchObject({
      status: 'failed',
      peers: [{ status: 'failed', verified: false, pulledCommits: 1 }],
    });
    expect(runOutputs(result, { doltPath: null, doltSource: null })).toMatchObject({ changed: 'true', synced: '' });
    expect(listed(await lostIn(result))[0]).toBe(GONE);
    renameSync(`${box}.away`, box);
    const peers = stringify({ south: { endpoint: `file://${box}` } });
    const { result: next } = await command(folder, peers, { database: 'north' });
    expect(next).toMatchObject({ status: 'success', head: result.head, open: result.open });
  });

  test('are in the conflicts file if the run is interrupted after the branch moved', async () => {
    await using folder = await tempFolder();
    const controller = new AbortController();
    const { result } = await sync(
      folder,
      ({ step }) => {
        if (step === 'done') controller.abort(new Failure('interrupted', 'SIGINT was received'));
      },
      controller.signal,
    );
    expect(listed(await lostIn(result))[0]).toBe(GONE);
  });
});

describe('three databases', () => {
  const item = (local: string, day: number) =>
    `INSERT INTO issues VALUES ('e.1', '${local}', NULL, '2026-02-0${day}'); INSERT INTO comments VALUES ('${local}', 'e.1', 'of ${local}')`;

  test('that each added an issue with one key report their own losses, regardless of the merging database', async () => {
    await using folder = await tempFolder();
    const databases = await manyDatabases(folder, { a: item('a', 1), b: item('b', 2), c: item('c', 3) });
    const inA = await databases.sync('a', ['b', 'c']);
    expect(inA.merge?.commits).toBe(2);
    expect(titles(inA.allProgress)).toEqual(['b', 'c']);
    await databases.publish('a');
    for (const name of ['b', 'c'] as const) {
      const received = await databases.sync(name, ['a']);
      expect(received).toMatchObject({ head: inA.head, merge: { commits: 0 } });
      expect(received.run('a').failure).toBeNull();
      // Rows that two other databases lost before our first merge with them are not reported.
      expect(titles(received.allProgress)).toContain(name);
      expect(received.run('a').conflicts.every(({ elsewhere }) => elsewhere === true)).toBe(true);
    }
  }, 120_000);

  test('do not all report a loss: one without an issue of its own reports none', async () => {
    await using folder = await tempFolder();
    const databases = await manyDatabases(folder, {
      a: item('a', 1),
      b: item('b', 2),
      c: "INSERT INTO issues VALUES ('own', 'c', NULL, NULL)",
    });
    await databases.sync('a', ['b']);
    await databases.publish('a');
    const received = await databases.sync('c', ['a']);
    expect(received.run('a').conflicts).toEqual([]);
    const back = await databases.sync('a', ['b']);
    expect(back.run('b').conflicts).toEqual([]);
  }, 120_000);

  test('a merge with another strategy is not repeated, and this is reported', async () => {
    await using folder = await tempFolder();
    const databases = await manyDatabases(folder, { a: item('a', 1), b: item('b', 2) });
    await databases.sync('a', ['b'], 'theirs');
    await databases.publish('a');
    const notices: Diagnostic[] = [];
    const received = await databases.sync('b', ['a'], 'newest', (notice) => void notices.push(notice));
    expect(received.run('a')).toMatchObject({ failure: null, conflicts: [] });
    expect(notices).toMatchObject([{ severity: 'notice', code: 'protocol' }]);
    expect(notices[0]?.message).toContain(received.head);
  }, 120_000);
});

test('of many merges that arrive together, the newest are checked and the others are counted', async () => {
  await using folder = await tempFolder();
  const databases = await manyDatabases(folder, { a: "INSERT INTO issues VALUES ('a', 'a', NULL, NULL)" });
  await cp(folder.file('a'), folder.file('b'), { recursive: true });
  const merges = Array.from({ length: 23 }, (_, n) => [
    `CALL DOLT_CHECKOUT('-b', 'x${n}', 'main~${n + 1}')`,
    `INSERT INTO issues VALUES ('x${n}', 'x', NULL, NULL)`,
    `CALL DOLT_COMMIT('-A', '-m', 'x${n}')`,
    "CALL DOLT_CHECKOUT('main')",
    `CALL DOLT_MERGE('--no-ff', '-m', '${PROTOCOL_LINE}', 'x${n}')`,
  ]);
  const signed = ['author', 'committer'].flatMap((who) => [
    `SET @@dolt_${who}_name = 'dolt-federation'`,
    `SET @@dolt_${who}_email = '${MERGE_EMAIL}'`,
  ]);
  await openTestDatabase(folder.file('a')).sql(...signed, ...merges.flat());
  await databases.publish('a');
  const notices: Diagnostic[] = [];
  await databases.sync('b', ['a'], 'newest', (notice) => void notices.push(notice));
  expect(notices.find(({ code }) => code === 'protocol')?.message).toContain('20 merges (');
  expect(notices.filter(({ code }) => code === 'merges-unread')).toMatchObject([
    { severity: 'notice', message: '3 older merges of other databases were not checked' },
  ]);
}, 60_000);

/** Databases that come from one, each with what it added. */
async function manyDatabases(folder: TempFolder, added: Readonly<Record<string, string>>) {
  const base = await makeDatabaseOf(folder.file('base'), ...committing('base', BASE));
  const open = (name: string) => openTestDatabase(folder.file(name));
  const publishingOf = (name: string) => publishing(`file://${folder.file(`${name}.box`)}`);
  const publish = (name: string) => open(name).sql(...publishingOf(name));
  for (const [name, statements] of Object.entries(added)) {
    await cp(base.path, folder.file(name), { recursive: true });
    await open(name).sql(...committing(name, [statements]), ...publishingOf(name));
  }
  return {
    publish,
    sync: (
      name: string,
      others: readonly string[],
      strategy: ConflictStrategy = 'newest',
      notify = (_: Diagnostic) => {},
    ) =>
      federateDatabase({
        local: folder.file(name),
        tempDir: folder.file('tmp'),
        peers: others.map((other) => ({ ...filePeer(other, folder.file(`${other}.box`), 'upstream'), strategy })),
        options: { notify },
      }),
  };
}

/** The titles of lost issues; each has lost its comment too. */
function titles(allProgress: readonly PeerProgress[]): (string | null | undefined)[] {
  const conflicts = allProgress.flatMap((progress) => progress.conflicts);
  const lostTitle = ({ heads, lost, ours, theirs }: Conflict) =>
    (lost?.commit === heads.ours ? ours : theirs)?.['title'];
  const lost = conflicts.filter(({ kind }) => kind === 'id-collision').map(lostTitle);
  const said = conflicts.filter(({ kind }) => kind === 'dependant').map(({ key }) => key['id']);
  expect(said.toSorted()).toEqual(lost.toSorted());
  return lost.toSorted();
}

test('the summary of a runner shows the statements that restore a row, as far as keys may be shown', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, ...BASE);
  await databases.edit(NORTH, SOUTH);
  const { result } = await run(folder, 'north');
  const [first] = await lostIn(result);
  const shown = (level: 'none' | 'keys') =>
    summary(withValues(result, level)).replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  expect(shown('keys')).toContain(first?.sql ?? 'no statement');
  expect(shown('keys')).not.toContain('said in south');
  expect(shown('none')).toContain(first?.head ?? 'no commit');
  expect(shown('none')).not.toContain('e.1');
  const [statement] = /SELECT \* FROM dolt_diff\([^<]*\)/.exec(shown('none')) ?? [];
  expect(await databases.north.rows(`${statement} WHERE to_id = 'e.1'`)).toMatchObject([
    { to_title: "south's \\ own" },
  ]);
}, 60_000);
