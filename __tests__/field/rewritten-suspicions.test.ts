import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { retireBeforeMove } from '../../src/sync/history/change-state.ts';
import { readStateFile, stateFilePath } from '../../src/sync/history/last-verified.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabaseOf, openTestDatabase, publishing } from '../helpers/database.ts';
import { ENV } from '../helpers/examining.ts';
import { EDITED, inStep, REWRITES, rewriteRequest } from '../helpers/rewriting.ts';
import { committing } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const ROWS = 'SELECT * FROM t ORDER BY id';
const REFUSED = { state: 'rewritten', status: 'conflict', error: { code: 'history-rewritten' } };

describe('without recorded heads', () => {
  test.each(['squashed', 'flattened'])(
    'a history that was %s down to its first commit is suspected',
    async (kind) => {
      await using folder = await tempFolder();
      const it = await inStep(folder);
      await it.forget('north');
      await it.north.sql(...(REWRITES[kind]?.(it) ?? []));
      expect(await it.box('north')).toMatchObject({
        ...REFUSED,
        memory: 'none',
        rewritten: { side: 'suspected', last: null },
        error: { message: expect.stringContaining('probably') },
      });
      expect(await it.north.rows(ROWS)).toEqual(EDITED);
      await it.forget('north');
      expect(await it.box('north', rewriteRequest('merge', it.head))).toMatchObject({
        pulledCommits: 2,
        verified: true,
      });
    },
    180_000,
  );

  test('a tracking ref is read once, and its head survives the fetch that moves it, even in a run that writes nothing', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.sql(...(REWRITES['amended']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    await rm(stateFilePath(it.south.path));
    const suspect = { ...REFUSED, rewritten: { side: 'theirs', last: it.head } };
    expect(await it.box('south', { command: 'status' })).toMatchObject(suspect);
    expect(await it.box('south', { command: 'status' })).toMatchObject(suspect);
    expect(await it.box('south')).toMatchObject(suspect);
    expect(await it.south.head()).toBe(it.head);
  }, 180_000);

  test('the state file of the previous version counts', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const peer = {
      endpoint: `file://${folder.file('box')}`,
      branch: 'main',
      head: it.head,
      at: new Date().toISOString(),
    };
    await it.forget('north');
    await writeFile(stateFilePath(it.north.path), JSON.stringify({ version: 1, peers: { box: peer } }));
    await it.north.sql(...(REWRITES['amended']?.(it) ?? []));
    expect(await it.box('north')).toMatchObject({ ...REFUSED, rewritten: { side: 'ours', last: it.head } });
    expect(await it.box('north', rewriteRequest('force', it.head))).toMatchObject({ verified: true });
    expect(await it.box('north')).toMatchObject({ state: 'up-to-date' });
  }, 180_000);

  test('two databases with one schema on one first commit are merged, unless they have equal rows', async () => {
    await using folder = await tempFolder();
    const url = `file://${folder.file('box')}`;
    const north = await makeDatabaseOf(folder.file('north'), ...publishing(url));
    for (const name of ['south', 'east']) await cp(north.path, folder.file(name), { recursive: true });
    const [south, east] = [openTestDatabase(folder.file('south')), openTestDatabase(folder.file('east'))];
    const schema = ['CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))', 'CREATE TABLE config (k INT PRIMARY KEY)'];
    await north.commit('north', ...schema, 'INSERT INTO config VALUES (1)', "INSERT INTO t VALUES (1, 'north')");
    await south.commit('south', ...schema, 'INSERT INTO config VALUES (1)', "INSERT INTO t VALUES (2, 'south')");
    await east.commit('east', ...schema, "INSERT INTO t VALUES (1, 'north')");
    const box = async (database: string) => (await command(folder, `box: ${url}`, { database })).result.peers[0];
    expect(await box('north')).toMatchObject({ state: 'ahead', verified: true });
    expect(await box('south')).toMatchObject({ state: 'diverged', status: 'synced', verified: true });
    expect(await south.rows('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await box('east')).toMatchObject({ ...REFUSED, rewritten: { side: 'suspected' } });
  }, 180_000);

  test('columns with names of Dolt, another definition, and tables without a key are not mistaken for a rewrite', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const tables = [
      'CREATE TABLE `from` (diff_type INT, `commit` INT, to_commit INT, PRIMARY KEY (diff_type, `commit`))',
      'INSERT INTO `from` VALUES (1, 1, 1), (2, 2, 2)',
    ];
    const head = await it.north.commit('names', 'DROP TABLE t', 'DROP TABLE u', ...tables);
    await it.box('north');
    await it.forget('north');
    await it.north.sql(
      "CALL DOLT_SQUASH_HISTORY('--message', 's')",
      'ALTER TABLE `from` ADD COLUMN from_commit INT FIRST',
      'UPDATE `from` SET to_commit = 9 WHERE diff_type = 1',
      "CALL DOLT_COMMIT('-Am', 'after')",
    );
    expect(await it.box('north')).toMatchObject({ ...REFUSED, remoteHead: head, rewritten: { side: 'suspected' } });
  }, 180_000);
});

describe('a third peer', () => {
  test('that still has the old history restores no rows after adopt, with or without recorded heads', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const peers = ['box', 'far'].map((name) => `${name}: file://${folder.file(name)}`).join('\n');
    const both = async (request: Parameters<typeof command>[2] = {}) =>
      (await command(folder, peers, { database: 'south', ...request })).result;
    expect((await both()).peers).toMatchObject([{ verified: true }, { verified: true }]);

    const theirs = await it.north.headAfter(...(REWRITES['amended']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    // Only the rewritten one is left out.
    const own = await it.south.commit('south', 'INSERT INTO u VALUES (9)');
    const first = await both();
    expect(first).toMatchObject({
      status: 'conflict',
      peers: [
        { name: 'box', ...REFUSED },
        { name: 'far', status: 'pushed', verified: true },
      ],
    });

    const adopted = await both(rewriteRequest('adopt', theirs, [own]));
    expect(adopted.peers).toMatchObject([
      { name: 'box', status: 'pulled', verified: true },
      { name: 'far', ...REFUSED, rewritten: { side: 'ours' } },
    ]);
    expect(adopted.head).toBe(theirs);
    expect((await both()).peers).toMatchObject([{ state: 'up-to-date' }, REFUSED]);

    // A peer with the old history that this database never read.
    await rename(folder.file('far'), folder.file('new'));
    const third = await command(folder, `new: file://${folder.file('new')}`, { database: 'south' });
    expect(third.result.peers).toMatchObject([{ ...REFUSED, memory: 'none', rewritten: { side: 'ours' } }]);
    const head = "SELECT hash FROM dolt_branches WHERE name = 'main'";
    expect(await it.south.read(head, ROWS)).toEqual([[{ hash: theirs }], EDITED]);
  }, 180_000);

  test('that got a removed row from another peer restores it in no later run', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const [box, far] = ['box', 'far'].map((name) => `file://${folder.file(name)}`);
    const both = async () => (await command(folder, `box: ${box}\nfar: ${far}`, { database: 'north' })).result;
    // As after a run that was killed before it moved our branch: the branch still contains the head.
    await retireBeforeMove({ folder: it.north.path, other: null, env: ENV }, 'main', it.head);
    expect(await both()).toMatchObject({ status: 'success', peers: [{ verified: true }, { verified: true }] });
    const leak = await it.north.commit('secret', "INSERT INTO t VALUES (8, 'secret')");
    await it.box('north');
    await it.box('south');
    await it.south.publish(String(far));
    // Both heads of the state file are replaced by commits of the new history.
    const kept = await it.north.headAfter(
      "CALL DOLT_RESET('--hard', 'HEAD~1')",
      'INSERT INTO u VALUES (9)',
      "CALL DOLT_COMMIT('-Am', 'without the secret')",
      `CALL DOLT_REMOTE('add', 'hand', '${box}')`,
      "CALL DOLT_PUSH('--force', 'hand', 'main')",
      "CALL DOLT_REMOTE('remove', 'hand')",
    );
    for (let run = 1; run <= 2; run += 1) {
      expect(await both()).toMatchObject({
        status: 'conflict',
        head: kept,
        peers: [
          { name: 'box', state: 'up-to-date', remoteHead: kept },
          { name: 'far', ...REFUSED, rewritten: { side: 'ours', last: leak } },
        ],
      });
    }
    expect((await readStateFile(it.north.path)).stateFile.retired.map(({ head }) => head)).toEqual([it.head, leak]);
  }, 180_000);

  test('that stayed at an older commit of the old history restores no rows, but one with work of its own is merged', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const shared = `file://${folder.file('shared')}`;
    await it.north.publish(shared);
    const honest = await cloneDatabase(shared, folder.file('honest'));
    const work = committing('work of its own', ["INSERT INTO t VALUES (7, 'seven')"]);
    await honest.sql(...work, ...publishing(shared));
    const part = await it.north.headAfter(
      ...committing('secret', ["INSERT INTO t VALUES (8, 'secret')"]),
      ...publishing(`file://${folder.file('old')}`),
    );
    const last = await it.north.commit('last', 'INSERT INTO u VALUES (9)');
    await it.box('north');
    await it.box('south');
    const theirs = await it.north.headAfter(
      "CALL DOLT_RESET('--soft', 'HEAD~2')",
      'DELETE FROM t WHERE id = 8',
      "CALL DOLT_COMMIT('-Am', 'without the secret')",
    );
    await it.box('north', rewriteRequest('force', last));
    await it.box('south', rewriteRequest('adopt', theirs));
    const peers = `honest: ${shared}\nold: file://${folder.file('old')}`;
    for (const database of ['north', 'south']) {
      const { result } = await command(folder, peers, { database, command: 'pull' });
      expect(result.peers).toMatchObject([
        { name: 'honest', state: 'diverged', status: 'pulled', error: null },
        { name: 'old', ...REFUSED, rewritten: { side: 'ours', last: part } },
      ]);
      const { rows } = database === 'north' ? it.north : it.south;
      expect((await rows('SELECT id FROM t ORDER BY id')).map(({ id }) => id)).toEqual([1, 2, 3, 7]);
    }
  }, 180_000);

  test('that merged the rewritten history already merges with the others', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.sql(...(REWRITES['flattened']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    const far = { database: 'north' };
    expect((await command(folder, `far: file://${folder.file('far')}`, far)).result.status).toBe('success');
    const met = await command(folder, `far: file://${folder.file('far')}`, { database: 'south' });
    // South never read it and still has all rows. Without recorded heads, equal rows on both sides are the sign.
    expect(met.result.peers).toMatchObject([{ ...REFUSED, rewritten: { side: 'suspected' } }]);
  }, 180_000);
});

describe('both sides of a federation', () => {
  test('that rewrote one history independently are not merged', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.sql(...(REWRITES['squashed']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    const ours = await it.south.headAfter(...(REWRITES['flattened']?.(it) ?? []));
    const both = { ...REFUSED, rewritten: { side: 'both', last: it.head } };
    expect(await it.box('south')).toMatchObject(both);
    // Our database has nothing of the old history to compare.
    await it.south.sql("CALL DOLT_BRANCH('-D', '-r', 'box/main')", 'CALL DOLT_GC()');
    expect(await it.box('south')).toMatchObject(both);
    expect(await it.south.head()).toBe(ours);
  }, 180_000);
});

describe('a rewrite is not suspected', () => {
  test('after pushes of others, a renamed peer, another branch of ours, or a copy of the database', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.commit('north', "INSERT INTO t VALUES (4, 'north')");
    await it.south.commit('south', "INSERT INTO t VALUES (5, 'south')");
    expect(await it.box('north')).toMatchObject({ state: 'ahead', status: 'pushed' });
    expect(await it.box('south')).toMatchObject({ state: 'diverged', status: 'synced' });
    const renamed = await command(folder, `vault: file://${folder.file('box')}`, { database: 'north' });
    expect(renamed.result.peers).toMatchObject([{ state: 'behind', status: 'pulled' }]);
    expect(renamed.result.peers[0]).not.toHaveProperty('memory');

    // Another branch of ours that belongs to the same branch there, and that never had these heads.
    await it.north.dolt('branch', 'old', it.head);
    const peers = `box: {endpoint: "file://${folder.file('box')}", branch: main}`;
    const old = await command(folder, peers, { database: 'north', branch: 'old', command: 'pull' });
    expect(old.result.peers).toMatchObject([{ state: 'behind', status: 'pulled', error: null }]);
  }, 180_000);

  test('after a changed endpoint, or with an older state of a backup', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const old = `file://${folder.file('old')}`;
    const north = committing('north', ["INSERT INTO t VALUES (4, 'north')"]);
    await it.north.sql(...publishing(old), ...north);
    expect(await it.box('north')).toMatchObject({ status: 'pushed' });
    const moved = await command(folder, `box: ${old}`, { database: 'north' });
    expect(moved.result.peers).toMatchObject([{ state: 'ahead', status: 'pushed', memory: 'none' }]);

    await rm(folder.file('box'), { recursive: true });
    await it.north.sql(
      `CALL DOLT_BRANCH('back', '${it.head}')`,
      `CALL DOLT_REMOTE('add', 'x', 'file://${folder.file('box')}')`,
      "CALL DOLT_PUSH('x', 'back:main')",
      "CALL DOLT_REMOTE('remove', 'x')",
      "CALL DOLT_BRANCH('-D', 'back')",
    );
    const as = async (role: string) => {
      const peers = `box: {endpoint: "file://${folder.file('box')}", role: ${role}}`;
      return (await command(folder, peers, { database: 'north', command: 'status' })).result.peers[0];
    };
    expect(await as('backup')).toMatchObject({ state: 'ahead', error: null });
    expect(await as('archive')).toMatchObject({ state: 'ahead', error: null });
    expect(await as('peer')).toMatchObject({ ...REFUSED, rewritten: { side: 'theirs' } });
  }, 180_000);

  test('in a remote that is empty now: the run reports it, and pushes only with init-empty', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await rm(folder.file('box'), { recursive: true });
    await mkdir(folder.file('box'));
    const refused = await it.run('north', { initEmpty: false });
    expect(refused.peers).toMatchObject([{ state: 'remote-empty', status: 'failed' }]);
    expect(refused.problems).toMatchObject([{ code: 'remote-empty', message: expect.stringContaining(it.head) }]);
    const status = await it.run('north', { command: 'status' });
    expect(status.problems).toMatchObject([{ code: 'remote-empty', message: expect.stringContaining(it.head) }]);
    // No run ever fills a peer that is only read: `pull` does the same as `sync`.
    const upstream = `box: {endpoint: "file://${folder.file('box')}", role: upstream}`;
    for (const name of ['sync', 'status', 'plan'] as const) {
      const { result } = await command(folder, upstream, { database: 'north', command: name });
      const hint = 'Check the endpoint. If the data is gone, find out why.';
      expect(result).toMatchObject({ status: 'failed', peers: [{ error: { code: 'remote-empty', hint } }] });
    }
    const peer = upstream.replace('upstream', 'peer');
    const never = peer.replace('box:', 'new:').replace('/box', '/new');
    const readers = [
      { command: 'pull' },
      { env: { BD_NO_PUSH: 'true' } },
      { dryRun: true, env: { BD_NO_PUSH: 'true' } },
    ] as const;
    for (const request of readers) {
      const { result } = await command(folder, `${peer}\n${never}`, { database: 'north', ...request });
      expect(result.peers).toMatchObject([
        { name: 'box', status: 'failed', error: { code: 'remote-empty' } },
        { name: 'new', state: 'remote-empty', error: null },
      ]);
    }
    const forbidden = { command: 'status', staleAfter: 1, env: { BD_NO_PUSH: 'true' } } as const;
    const stale = await command(folder, peer, { database: 'north', ...forbidden });
    expect(stale.result.peers).toMatchObject([
      {
        ...{ state: 'remote-empty', stale: { because: 'unread' } },
        // It was read.
        error: { code: 'stale', message: expect.stringMatching(/^box was not verified since \d{4}-/) },
      },
    ]);
    expect(await it.box('north')).toMatchObject({ status: 'pushed', verified: true });
  }, 180_000);

  test('if both sides took the same new history by hand', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await it.north.sql(...(REWRITES['squashed']?.(it) ?? []));
    await it.box('north', rewriteRequest('force', it.head));
    await it.south.sql(
      "CALL DOLT_FETCH('box', 'main')",
      "CALL DOLT_RESET('--hard', 'box/main')",
      'INSERT INTO u VALUES (8)',
      "CALL DOLT_COMMIT('-Am', 'south')",
    );
    await it.north.commit('north', 'INSERT INTO u VALUES (9)');
    await it.box('north');
    expect(await it.box('south')).toMatchObject({ state: 'diverged', status: 'synced', error: null });
    expect(await it.south.rows(ROWS)).toEqual(EDITED);
  }, 180_000);
});
