import { cp } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import {
  beginPush,
  endPushes,
  passedOnFrom,
  passedOnVerdict,
  pushedHeads,
} from '../../../src/sync/history/begun-pushes.ts';
import {
  combineStates,
  EMPTY_STATE,
  readStateFile,
  retire,
  writeStateFile,
} from '../../../src/sync/history/last-verified.ts';
import { type CommandOptions, command } from '../../helpers/commanding.ts';
import { openTestDatabase } from '../../helpers/database.ts';
import { filePeer } from '../../helpers/federating.ts';
import { HEAD } from '../../helpers/results.ts';
import { inStep } from '../../helpers/rewriting.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const [OLD, NEW] = ['b'.repeat(32), 'v'.repeat(32)];
const BOX = { endpoint: 'file:///srv/box', ref: null, branch: 'main', local: 'main' };
const BEGUN = { local: 'main', ours: HEAD, contained: [], passedOn: [{ ...BOX, head: NEW }] };
const STATE = beginPush(EMPTY_STATE, BEGUN);

test.each([
  ['the same again', BEGUN, [HEAD], [NEW]],
  ['nothing of a peer', { ...BEGUN, passedOn: [] }, [HEAD], [NEW]],
  ['a later head of ours', { ...BEGUN, ours: NEW, contained: [HEAD] }, [NEW], [NEW]],
  ['a head of ours that does not contain the last one', { ...BEGUN, ours: NEW }, [HEAD, NEW], [NEW]],
  ['a head of another branch of ours', { ...BEGUN, local: 'work', contained: [HEAD] }, [HEAD], [NEW]],
  ['another head of the peer', { ...BEGUN, passedOn: [{ ...BOX, head: OLD }] }, [HEAD], [NEW, OLD]],
  ['a head of another peer', { ...BEGUN, passedOn: [{ ...BOX, ref: 'refs/x', head: OLD }] }, [HEAD], [NEW]],
])('a push of %s', (_, begun, pushed, passedOn) => {
  const after = beginPush(STATE, begun);
  expect(pushedHeads(after, 'main')).toEqual(pushed);
  const progress = { peer: filePeer('box', '/srv/box'), branch: 'main' };
  expect(passedOnFrom(after, progress, 'main')).toEqual(passedOn);
  expect(passedOnFrom(after, progress, 'work')).toEqual([]);
  expect(beginPush(after, begun)).toBe(after);
});

test('only heads that need no record are removed, and a head that our branch gave up is no head of a push', () => {
  expect(endPushes(STATE, [{ ...BOX, head: OLD }])).toBe(STATE);
  expect(endPushes(STATE, BEGUN.passedOn)).toEqual({ ...STATE, passedOn: [] });
  const other = beginPush(EMPTY_STATE, { ...BEGUN, ours: OLD, passedOn: [] });
  expect(combineStates(STATE, other, 'main')).toMatchObject({ pushed: [{ head: OLD }, { head: HEAD }] });
  expect(combineStates(STATE, retire(other, 'main', [OLD]), 'main')).toMatchObject({
    pushed: STATE.pushed,
    passedOn: STATE.passedOn,
  });
});

test.each([
  [{ inOurs: true, inTheirs: true, haveTheirs: true, isDecided: false }, 'common'],
  [{ inOurs: true, inTheirs: true, haveTheirs: false, isDecided: false }, 'common'],
  [{ inOurs: true, inTheirs: false, haveTheirs: true, isDecided: true }, 'common'],
  [{ inOurs: true, inTheirs: false, haveTheirs: false, isDecided: false }, 'needed'],
  [{ inOurs: false, inTheirs: true, haveTheirs: false, isDecided: false }, 'needed'],
  [{ inOurs: false, inTheirs: false, haveTheirs: false, isDecided: false }, 'needed'],
  [{ inOurs: false, inTheirs: false, haveTheirs: true, isDecided: false }, 'taken-back'],
  [{ inOurs: false, inTheirs: false, haveTheirs: true, isDecided: true }, 'taken-back'],
] as const)('a head of a peer that a run passed on: %j is %s', (facts, verdict) => {
  expect(passedOnVerdict(facts)).toBe(verdict);
});

describe('a head of a peer that a run passed on and did not take', () => {
  const [KEPT, SECRET] = ["INSERT INTO t VALUES (7, 'kept')", "INSERT INTO t VALUES (8, 'secret')"];

  test('brings no rows back after its peer took it back, wherever it arrived', async () => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const { north, south } = it;
    const rows = async () => (await north.rows('SELECT id FROM t ORDER BY id')).map(({ id }) => id);
    const peers = ['box', 'own', 'part'].map((name) => `${name}: file://${folder.file(name)}`).join('\n');
    const all = async (request: CommandOptions = {}) =>
      (await command(folder, peers, { database: 'north', ...request })).result;
    await all();
    // The state that a killed run of north leaves: one peer has the head, another an older commit of it.
    const kept = await south.commit('kept', KEPT);
    await south.publish(`file://${folder.file('part')}`);
    const secret = await south.commit('secret', SECRET);
    await it.box('south');
    await south.publish(`file://${folder.file('own')}`);
    const { stateFile } = await readStateFile(north.path);
    const passedOn = [{ ...BOX, endpoint: `file://${folder.file('box')}`, head: secret }];
    await writeStateFile(north.path, beginPush(stateFile, { ...BEGUN, ours: it.head, passedOn }));
    const recorded = async () => (await readStateFile(north.path)).stateFile;

    // While the peer has it, all of them are as usual.
    const before = await all({ command: 'status' });
    expect(before.peers.map(({ state }) => state)).toEqual(['behind', 'behind', 'behind']);
    for (const name of ['other', 'third']) await cp(north.path, folder.file(name), { recursive: true });
    const amended = ['DELETE FROM t WHERE id = 8', "INSERT INTO t VALUES (9, 'other')"];
    await south.sql(...amended, "CALL DOLT_COMMIT('-A', '--amend', '-m', 'amended')");
    await it.box('south', { leases: new Map([['box', secret]]) });

    const returning = {
      ...{ name: 'own', state: 'rewritten', error: { code: 'history-rewritten' }, pushedCommits: 0 },
      rewritten: { side: 'ours', last: secret },
    };
    expect((await all({ command: 'status' })).peers).toMatchObject([
      { state: 'behind' },
      returning,
      { state: 'behind' },
    ]);
    expect((await recorded()).passedOn).toEqual(passedOn);
    const next = await all();
    expect(next.peers).toMatchObject([{ verified: true }, returning, { verified: true }]);
    expect([await rows(), await north.head()]).toEqual([[1, 2, 3, 7, 9], await south.head()]);
    expect(await recorded()).toMatchObject({ passedOn: [], retired: [{ local: 'main', head: secret }] });
    expect((await all()).peers).toMatchObject([{ state: 'up-to-date' }, returning, { state: 'up-to-date' }]);

    // A run that reads the other peer first takes the head; then its own peer is the one that took it back.
    const late = async (only: readonly string[], request: CommandOptions = {}) =>
      (await command(folder, peers, { database: 'other', command: 'pull', only, ...request })).result.peers;
    expect(await late(['own'])).toMatchObject([{ status: 'pulled' }]);
    const theirs = {
      state: 'rewritten',
      error: { code: 'history-rewritten' },
      rewritten: { side: 'theirs', last: secret },
    };
    expect(await late(['box'])).toMatchObject([theirs]);
    const merge = new Map([['box', await south.head()]]);
    const merged = await late(['box'], { rewrites: { adopt: new Map(), merge, discardLocal: [] } });
    expect(merged).toMatchObject([{ status: 'pulled', error: null }]);
    expect(await late(['box'])).toMatchObject([{ state: 'ahead', error: null }]);

    // The head of a peer, which another one had merged and took back with its merge, is still that of the peer.
    const third = openTestDatabase(folder.file('third'));
    const state = (await readStateFile(third.path)).stateFile;
    const ofPart = { ...BOX, endpoint: `file://${folder.file('part')}`, head: kept };
    await writeStateFile(third.path, beginPush(state, { ...BEGUN, ours: it.head, passedOn: [ofPart] }));
    await south.sql(
      ...[`CALL DOLT_BRANCH('old', '${it.head}')`, `CALL DOLT_BRANCH('kept', '${kept}')`],
      ...['box', 'part'].map((name) => `CALL DOLT_REMOTE('add', 'to-${name}', 'file://${folder.file(name)}')`),
      ...["CALL DOLT_PUSH('--force', 'to-box', 'old:main')", "CALL DOLT_PUSH('--force', 'to-part', 'kept:main')"],
    );
    const served = (await command(folder, peers, { database: 'third' })).result.peers;
    expect(served).toMatchObject([{ verified: true }, returning, { pulledCommits: 1, verified: true }]);
  }, 240_000);
});
