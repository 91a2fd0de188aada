import { rename, rm } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { checkHeads } from '../../src/resolve/check-heads.ts';
import { readConflicts } from '../../src/resolve/store-conflicts.ts';
import { byForce, storingConflicts, storingViolations } from '../helpers/attacks.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeEmptyDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { EDITED, FIRST_ROWS, inStep, REWRITES, rewriteRequest, runPrinted } from '../helpers/rewriting.ts';
import { committing } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const ROWS = 'SELECT * FROM t ORDER BY id';
const HEAD = "SELECT hash FROM dolt_branches WHERE name = 'main'";
const REFUSED = { state: 'rewritten', status: 'conflict', error: { code: 'history-rewritten' } };

test('a squashed history is refused by every command on either side, until one side takes the other history', async () => {
  await using folder = await tempFolder();
  const it = await inStep(folder);
  const ours = await it.north.headAfter(...(REWRITES['squashed']?.(it) ?? []));

  const own = await it.run('north');
  expect(own).toMatchObject({ status: 'conflict', head: ours });
  expect(own.peers).toMatchObject([
    {
      ...REFUSED,
      rewritten: { side: 'ours', last: it.head },
      remoteHead: it.head,
      error: { message: expect.stringContaining(it.head), hint: expect.stringContaining(`box=${it.head}`) },
    },
  ]);
  for (const request of [{ command: 'push' }, { command: 'pull' }, { command: 'status' }, { dryRun: true }] as const) {
    expect(await it.box('north', request)).toMatchObject({ ...REFUSED, remoteHead: it.head });
  }
  expect(await it.north.rows(ROWS)).toEqual(EDITED);

  expect(await it.box('north', rewriteRequest('force', it.head))).toMatchObject({
    status: 'pushed',
    verified: true,
    remoteHead: ours,
    replaced: { head: it.head },
  });
  expect(await it.box('north')).toMatchObject({ state: 'up-to-date', verified: true });

  for (const request of [{}, { command: 'push' }, { command: 'status' }] as const) {
    expect(await it.box('south', request)).toMatchObject({
      ...REFUSED,
      rewritten: { side: 'theirs', last: it.head },
      remoteHead: ours,
    });
  }
  expect(await it.south.head()).toBe(it.head);

  expect(await it.run('south', rewriteRequest('adopt', ours))).toMatchObject({
    status: 'success',
    head: ours,
    peers: [{ status: 'pulled', verified: true, adopted: { head: it.head } }],
  });
  expect(await it.south.rows(ROWS)).toEqual(EDITED);
  // A workflow that keeps the input changes nothing in a later run.
  expect(await it.run('south', rewriteRequest('adopt', ours))).toMatchObject({ status: 'unchanged', problems: [] });
  const more = await it.south.commit('south', "INSERT INTO t VALUES (4, 'south')");
  expect(await it.box('south', rewriteRequest('adopt', ours))).toMatchObject({ state: 'ahead', status: 'pushed' });
  expect(await it.box('north')).toMatchObject({ state: 'behind', status: 'pulled' });
  expect(await it.north.read(ROWS, HEAD)).toEqual([[...EDITED, { id: 4, a: 'south' }], [{ hash: more }]]);
}, 180_000);

test.each(Object.keys(REWRITES).filter((kind) => kind !== 'squashed'))(
  'a history that was %s is refused on either side, and adopted',
  async (kind) => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const ours = await it.north.headAfter(
      ...(REWRITES[kind]?.(it) ?? []),
      // The record of the last run stays.
      `CALL DOLT_REMOTE('add', 'hand', 'file://${folder.file('by-hand')}')`,
      "CALL DOLT_PUSH('hand', 'main')",
      "CALL DOLT_REMOTE('remove', 'hand')",
    );
    expect(await it.box('north')).toMatchObject({ ...REFUSED, rewritten: { side: 'ours', last: it.head } });
    await rm(folder.file('box'), { recursive: true });
    await rename(folder.file('by-hand'), folder.file('box'));
    expect(await it.box('south')).toMatchObject({
      ...REFUSED,
      rewritten: { side: 'theirs', last: it.head },
      remoteHead: ours,
    });
    expect(await it.run('south', rewriteRequest('adopt', ours))).toMatchObject({
      status: 'success',
      head: ours,
      peers: [{ status: 'pulled', verified: true, adopted: { head: it.head } }],
    });
    expect(await it.south.read(ROWS, HEAD)).toEqual([EDITED, [{ hash: ours }]]);
  },
  180_000,
);

describe('a rewritten history', () => {
  test('is adopted with the name of every lost commit, refused if rows would be overwritten, keeps ignored tables, and can be restored', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder, "INSERT INTO dolt_ignore VALUES ('wisps', true)");
    const theirs = await it.north.headAfter(
      'CREATE TABLE private (id INT PRIMARY KEY)',
      "INSERT INTO dolt_docs VALUES ('LICENSE.md', 'north')",
      'CREATE VIEW theirs AS SELECT 1',
      ...(REWRITES['flattened']?.(it) ?? []),
    );
    await it.box('north', rewriteRequest('force', it.head));
    const one = await it.south.commit('of south', "INSERT INTO t VALUES (7, 'seven')");
    const two = await it.south.headAfter(
      ...committing('also', ["INSERT INTO t VALUES (8, 'eight')"]),
      ...['CREATE TABLE wisps (id INT PRIMARY KEY)', 'INSERT INTO wisps VALUES (1), (2)'],
    );

    const refused = await it.box('south', rewriteRequest('adopt', theirs, [two]));
    expect(refused).toMatchObject({
      state: 'rewritten',
      status: 'conflict',
      error: { code: 'local-commits', message: expect.stringMatching(`\n${one} \\d{4}-\\d\\d-\\d\\d [\\d:]{8}$`) },
    });
    expect(JSON.stringify(refused)).not.toContain('of south');
    expect(refused.error?.message).not.toContain(two);
    const named = /--discard-local ([^\s`]+)/.exec(refused.error?.hint ?? '')?.[1]?.split(',') ?? [];
    expect(named).toEqual([two, one]);

    // Tables of Dolt, an ignored one among them, are covered like those of users.
    await it.south.sql(
      "UPDATE t SET a = 'dirty' WHERE id = 2",
      'CREATE TABLE private (id INT PRIMARY KEY)',
      "INSERT INTO dolt_docs VALUES ('README.md', 'south')",
      "INSERT INTO dolt_ignore VALUES ('dolt_docs', true)",
      'CREATE VIEW ours AS SELECT 1',
    );
    const covered = ' in dolt_docs, dolt_ignore, dolt_schemas, private, t';
    expect(await it.box('south', rewriteRequest('adopt', theirs, named))).toMatchObject({
      status: 'failed',
      error: { code: 'uncommitted-changes', message: expect.stringContaining(covered) },
    });
    await it.south.sql(
      "CALL DOLT_CHECKOUT('t', 'dolt_ignore')",
      ...['private', 'dolt_docs'].map((table) => `DROP TABLE ${table}`),
      'DROP VIEW ours',
      'CREATE TABLE notes (id INT PRIMARY KEY)',
    );

    const empty = ["CALL DOLT_CHECKOUT('-b', 'side')", "CALL DOLT_COMMIT('--allow-empty', '-m', 'side')"];
    await it.south.sql(...empty, "CALL DOLT_CHECKOUT('main')", "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')");
    expect(await it.box('south', rewriteRequest('adopt', theirs, named))).toMatchObject({
      error: { code: 'uncommitted-changes', message: 'main has a merge that is not committed' },
    });
    await it.south.sql("CALL DOLT_MERGE('--abort')", "CALL DOLT_BRANCH('-D', 'side')");

    const dry = await it.run('south', { dryRun: true, ...rewriteRequest('adopt', theirs, named) });
    expect(dry).toMatchObject({ head: two, peers: [{ plan: { pull: 'adopt', head: theirs }, error: null }] });
    expect(dry.peers[0]).not.toHaveProperty('adopted');
    expect(await it.south.read(HEAD, 'SELECT tag_name FROM dolt_tags')).toEqual([[{ hash: two }], []]);

    const done = await it.run('south', { command: 'pull', ...rewriteRequest('adopt', theirs, named) });
    expect(done).toMatchObject({ status: 'success', head: theirs, peers: [{ adopted: { head: two } }] });
    const wisps = 'SELECT id FROM wisps';
    const kept = [{ id: 1 }, { id: 2 }];
    expect(await it.south.read(ROWS, wisps, 'SELECT * FROM notes')).toEqual([EDITED, kept, []]);

    const notice = done.problems.find(({ code }) => code === 'history-adopted');
    const tag = done.peers[0]?.adopted?.tag ?? '';
    expect(tag).toMatch(/^dolt-federation\/before-\d{8}T\d{6}\.\d{3}Z$/);
    expect(notice?.message).toContain(tag);
    await it.south.sql('DROP TABLE notes');
    await it.run('south');
    const reader = await cloneDatabase(`file://${folder.file('box')}`, folder.file('reader'));
    expect(await reader.rows(`SELECT tag_name FROM dolt_tags WHERE tag_name = '${tag}'`)).toEqual([]);

    await runPrinted(it.south, notice?.hint ?? '');
    const seven = 'SELECT a FROM t WHERE id = 7';
    expect(await it.south.read(HEAD, seven, wisps)).toEqual([[{ hash: two }], [{ a: 'seven' }], kept]);
    expect(await it.box('south')).toMatchObject({ ...REFUSED, rewritten: { side: 'ours', last: theirs } });
  }, 180_000);

  test('can be adopted back on a branch that is not checked out', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const theirs = await it.north.headAfter(...(REWRITES['squashed']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    await it.south.dolt('checkout', '-b', 'elsewhere');
    const done = await it.run('south', { branch: 'main', ...rewriteRequest('adopt', theirs) });
    expect(done).toMatchObject({ status: 'success', branch: 'main', head: theirs });
    const heads = 'SELECT name, hash FROM dolt_branches ORDER BY name';
    const [elsewhere, main] = ['elsewhere', 'main'].map((name) => ({ name, hash: it.head }));
    expect(await it.south.rows(heads)).toEqual([elsewhere, { ...main, hash: theirs }]);
    await runPrinted(it.south, done.problems.find(({ code }) => code === 'history-adopted')?.hint ?? '');
    expect(await it.south.rows(heads)).toEqual([elsewhere, main]);
  }, 180_000);

  test('can be replaced with force-with-lease and restored, and then requires a new choice', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.sql(...(REWRITES['amended']?.(it) ?? []));
    const done = await it.run('north', rewriteRequest('force', it.head));
    await runPrinted(it.north, done.problems.find(({ code }) => code === 'forced-push')?.hint ?? '');
    expect(await it.box('north')).toMatchObject({ ...REFUSED, rewritten: { side: 'ours' }, remoteHead: it.head });
    expect(await it.box('south')).toMatchObject({ state: 'up-to-date', verified: true });
  }, 180_000);

  test('is not adopted if the peer moved after its head was named, or by a head that stores conflicts', async () => {
    await using folder = await tempFolder();
    const items = [
      'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(9))',
      "INSERT INTO items VALUES (1, 'first')",
    ];
    const it = await inStep(folder, ...items);
    const theirs = await it.north.headAfter(...(REWRITES['amended']?.(it) ?? []));
    const stale = await it.box('north', rewriteRequest('adopt', it.first));
    // Our branch contains the first commit, as after an earlier adoption.
    expect(stale).toMatchObject(REFUSED);
    const gone = await it.box('north', rewriteRequest('adopt', 'v'.repeat(32)));
    expect(gone).toMatchObject({ status: 'failed', error: { code: 'lease-stale' } });

    await it.box('north', rewriteRequest('force', it.head));
    await it.south.sql(...storingConflicts());
    const unnamed = await it.box('south', rewriteRequest('adopt', theirs));
    const named = /--discard-local ([^\s`]+)/.exec(unnamed.error?.hint ?? '')?.[1]?.split(',') ?? [];
    const before = await it.south.head();
    expect(await it.box('south', rewriteRequest('adopt', theirs, named))).toMatchObject({
      error: {
        code: 'constraint-violation',
        message: `the head of our branch, ${before}, stores unresolved conflicts in 1 table (items)`,
        hint: 'Resolve them with `dolt conflicts resolve`. Commit, then run again.',
      },
    });
    // As the hint says.
    await it.south.dolt('conflicts', 'resolve', '--ours', 'items');
    const resolved = await it.south.commit('resolved');
    expect(await it.box('south', rewriteRequest('adopt', theirs, [...named, resolved]))).toMatchObject({ error: null });
    expect(await it.south.head()).toBe(theirs);
  }, 180_000);

  test('can be adopted even if it is unrelated', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await rm(it.south.path, { recursive: true });
    const fresh = await makeEmptyDatabase(it.south.path);
    await fresh.commit('other rows', ...FIRST_ROWS);
    const refused = await it.box('south', rewriteRequest('adopt', it.head));
    expect(refused.error?.code).toBe('local-commits');
    const named = /--discard-local ([^\s`]+)/.exec(refused.error?.hint ?? '')?.[1]?.split(',');
    expect(named).toHaveLength(2);
    expect(await it.run('south', rewriteRequest('adopt', it.head, named))).toMatchObject({
      status: 'success',
      head: it.head,
    });
    expect(await it.box('south')).toMatchObject({ state: 'up-to-date', lastVerifiedAt: expect.any(String) });
  }, 180_000);

  test('is checked like other incoming changes', async () => {
    await using folder = await tempFolder();
    const rows = Array.from({ length: 30 }, (_, id) => `(${id})`).join();
    const it = await inStep(folder, 'CREATE TABLE many (id INT PRIMARY KEY)', `INSERT INTO many VALUES ${rows}`);
    // Both sides had the commit, but our branch has the rows again since a reset.
    const deleted = await it.south.commit('deleted', 'DELETE FROM many WHERE id > 0');
    await it.box('south');
    await it.south.sql("CALL DOLT_RESET('--hard', 'HEAD~1')");
    expect(await it.box('south', rewriteRequest('adopt', deleted))).toMatchObject({
      error: { code: 'mass-deletion', message: expect.stringContaining('box deletes 29 of the 30 rows of many') },
    });
    await it.box('south', rewriteRequest('force', deleted));
    const theirs = await it.north.headAfter(
      ...(REWRITES['squashed']?.(it) ?? []),
      'CREATE TRIGGER spy BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1',
      'DELETE FROM many WHERE id > 0',
      'DROP TABLE u',
      "CALL DOLT_COMMIT('-Am', 'more')",
    );
    await it.box('north', rewriteRequest('force', it.head));
    const { status, error } = await it.box('south', rewriteRequest('adopt', theirs));
    expect([status, error?.code, error?.message.split('\n')]).toEqual([
      'conflict',
      'peer-brings-code',
      [
        'box sends 1 trigger (spy, new)',
        // No commit that the user named holds these: the last common head has them.
        'box drops 1 table (u)',
        'box deletes 29 of the 30 rows of many (`--max-delete` is 50 %)',
        'Nothing was merged from or pushed to box.',
      ],
    ]);
    const broken = await it.north.headAfter(
      'DROP TRIGGER spy',
      `INSERT IGNORE INTO many VALUES ${rows}`,
      'CREATE TABLE u (id INT PRIMARY KEY, a INT UNIQUE)',
      "CALL DOLT_COMMIT('-Am', 'u')",
      ...byForce('INSERT INTO u VALUES (10, 7)', 'INSERT INTO u VALUES (11, 7)'),
      "CALL DOLT_PUSH('box', 'main')",
    );
    expect(await it.box('south', rewriteRequest('adopt', broken))).toMatchObject({
      error: { code: 'constraint-violation', message: expect.stringContaining('rows of 1 table (u) break') },
    });
    // A head that stores violations is neither merged nor pushed.
    const stored = await it.north.headAfter('DELETE FROM u', ...storingViolations('t'));
    const refused = { error: { code: 'constraint-violation', message: expect.stringContaining('stores unresolved') } };
    expect(await it.box('north')).toMatchObject(refused);
    await it.north.sql("CALL DOLT_PUSH('box', 'main')");
    expect(await it.box('south', rewriteRequest('adopt', stored))).toMatchObject(refused);
    expect(await it.south.read(HEAD, "SELECT tag_name FROM dolt_tags WHERE tag_name LIKE 'dolt-federation/%'")).toEqual(
      [[{ hash: it.head }], []],
    );
  }, 180_000);

  test('is resolved with the options that the role allows, and earlier unresolved rows are no longer reported', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const box = async (role: string, request: Parameters<typeof command>[2] = {}) => {
      const peers = `box: {endpoint: "file://${folder.file('box')}", role: ${role}, conflict: manual}`;
      return (await command(folder, peers, { database: 'south', ...request })).result;
    };
    const pushed = await it.north.commit('north', "UPDATE t SET a = 'north' WHERE id = 2");
    await it.box('north');
    await it.south.commit('south', "UPDATE t SET a = 'south' WHERE id = 2");
    const left = await box('peer');
    expect(left).toMatchObject({ status: 'conflict', peers: [{ error: { code: 'conflict' } }] });
    const { conflicts } = await readConflicts(left.conflictsPath ?? '');
    await it.north.sql(
      "CALL DOLT_RESET('--hard', 'HEAD~2')",
      'INSERT INTO t VALUES (6, "six")',
      "CALL DOLT_COMMIT('-Am', 'six')",
    );
    await it.box('north', rewriteRequest('force', pushed));

    const hints = new Map<string, string>();
    for (const role of ['peer', 'upstream', 'backup']) {
      const [peer] = (await box(role)).peers;
      expect(peer).toMatchObject(REFUSED);
      hints.set(role, [...(peer?.error?.hint ?? '').matchAll(/`--([a-z-]+) /g)].map(([, option]) => option).join());
    }
    expect(Object.fromEntries(hints)).toEqual({
      peer: 'adopt,force-with-lease,merge-rewritten',
      upstream: 'adopt,merge-rewritten',
      backup: 'force-with-lease',
    });
    await expect(readConflicts(left.conflictsPath ?? '')).rejects.toMatchObject({ code: 'conflicts-file-unreadable' });
    await expect(
      withDatabase(it.south.path, folder.file('tmp'), (database) =>
        checkHeads(database, conflicts, (remote) => ({ remote, branch: 'main' })),
      ),
    ).rejects.toMatchObject({ code: 'conflicts-stale' });
  }, 180_000);
});
