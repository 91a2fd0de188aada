import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { beginPush } from '../../../src/sync/history/begun-pushes.ts';
import { changeState, retireBeforeMove } from '../../../src/sync/history/change-state.ts';
import {
  addBackups,
  combineStates,
  EMPTY_STATE,
  findEntry,
  readStateFile,
  readStateFiles,
  remember,
  replacedHeads,
  retire,
  stateFilePath,
  stateOf,
  writeStateFile,
} from '../../../src/sync/history/last-verified.ts';
import { ENV } from '../../helpers/examining.ts';
import { holdExclusively } from '../../helpers/hold-lock.ts';
import { HEAD } from '../../helpers/results.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

const AT = '2026-11-25T20:46:12.345Z';
const OTHER = 'v'.repeat(32);
const ROOT = 'a'.repeat(32);
const PLACE = { root: ROOT, endpoint: 'file:///srv/box', ref: null, branch: 'main', local: 'main' };
const FOUND = { place: PLACE, name: 'box', head: HEAD, verifiedAt: AT };
const MEMORY = beginPush(retire(remember(EMPTY_STATE, [FOUND]), 'main', [OTHER]), {
  ...{ local: 'main', ours: HEAD, contained: [] },
  passedOn: [{ endpoint: PLACE.endpoint, ref: null, branch: 'main', local: 'main', head: OTHER }],
});
const placeIn = ({ path }: TempFolder) => ({ folder: path, other: null, env: ENV });
const FORMER = { endpoint: PLACE.endpoint, branch: 'main', head: HEAD, at: AT };

describe('recorded heads', () => {
  test.each([
    ['the same peer and branch', PLACE, { head: HEAD, verifiedAt: AT, certain: true }],
    ['another branch of the peer', { ...PLACE, branch: 'work' }, null],
    ['another branch of ours', { ...PLACE, local: 'work' }, null],
    ['another endpoint', { ...PLACE, endpoint: 'file:///srv/elsewhere' }, null],
    ['another git ref', { ...PLACE, ref: 'refs/data' }, null],
    ['another first commit of ours', { ...PLACE, root: OTHER }, null],
  ])('are found for the same place, whatever the name of the peer: %s', (_, place, found) => {
    expect(findEntry(MEMORY, place, 'vault')).toEqual(found);
  });

  test('are replaced for one peer only, and keep the time of the last proof without a later one', () => {
    const elsewhere = { ...FOUND, place: { ...PLACE, endpoint: 'file:///srv/other' }, name: 'other' };
    const after = remember(MEMORY, [elsewhere, { ...FOUND, head: OTHER, verifiedAt: null }]);
    expect(findEntry(after, PLACE, 'box')).toEqual({ head: OTHER, verifiedAt: AT, certain: true });
    expect(findEntry(after, elsewhere.place, 'other')).toEqual({ head: HEAD, verifiedAt: AT, certain: true });
    expect(after.retired).toEqual([{ local: 'main', head: OTHER }]);
  });

  test('include each dropped head once per branch, and only the newest thousand', () => {
    const twice = retire(retire(MEMORY, 'main', [HEAD, OTHER]), 'work', [OTHER]);
    expect(twice.retired).toEqual([
      { local: 'main', head: HEAD },
      { local: 'main', head: OTHER },
      { local: 'work', head: OTHER },
    ]);
    expect(retire(twice, 'main', [OTHER])).toBe(twice);
    expect(retire(EMPTY_STATE, 'main', [HEAD, HEAD]).retired).toEqual([{ local: 'main', head: HEAD }]);
    const many = Array.from({ length: 1_001 }, (_, n) => String(n).padStart(32, '0'));
    expect(retire(twice, 'main', many).retired.map(({ head }) => head)).toEqual(many.slice(1));
  });
});

describe('two files about one database', () => {
  const LATER = '2026-11-26T00:00:00.000Z';
  test.each([
    ['a later one', { head: OTHER, verifiedAt: LATER }, OTHER],
    ['an earlier one', { head: OTHER, verifiedAt: '2026-11-24T00:00:00.000Z' }, HEAD],
    ['one at the same time', { head: OTHER, verifiedAt: AT }, HEAD],
    ['one without a time', { head: OTHER, verifiedAt: null }, HEAD],
  ])('have, for a peer with %s in the other file, %j, the later one', (_, entry, head) => {
    const both = combineStates(MEMORY, remember(EMPTY_STATE, [{ ...FOUND, ...entry }]), 'main');
    expect(findEntry(both, PLACE, 'box')).toMatchObject({ head });
    // For a run on another branch of ours, our own entry stays: it does not know which head the branch contains.
    const other = combineStates(MEMORY, remember(EMPTY_STATE, [{ ...FOUND, ...entry }]), 'work');
    expect(findEntry(other, PLACE, 'box')).toMatchObject({ head: HEAD });
  });

  test('have the entries, the heads that were given up and the sizes of both', () => {
    const far = { ...FOUND, place: { ...PLACE, endpoint: 'file:///far' }, name: 'far' };
    const size = { bytes: 7, of: 'folder' as const };
    const other = retire(remember(EMPTY_STATE, [far, { ...FOUND, verifiedAt: null }]), 'main', [OTHER, ROOT]);
    const sized = addBackups(other, [{ place: PLACE, record: { size } }]);
    expect(addBackups(sized, [{ place: PLACE, record: { size: { ...size } } }])).toBe(sized);
    const both = combineStates(MEMORY, { ...sized, former: { old: FORMER } }, 'main');
    expect([...both.peers.values()]).toEqual([
      { ...PLACE, head: HEAD, verifiedAt: AT, size },
      { ...far.place, head: HEAD, verifiedAt: AT },
    ]);
    expect(both.retired).toEqual([ROOT, OTHER].map((head) => ({ local: 'main', head })));
    expect(both.former).toEqual({ old: FORMER });
  });

  test('are read together: one of them may be unusable, and a head that the other file replaces is returned', async () => {
    await using folder = await tempFolder();
    const [own, other] = [folder.file('own'), folder.file('other')];
    for (const [path, head] of [
      [own, HEAD],
      [other, OTHER],
    ] as const) {
      await mkdir(`${path}/.dolt`, { recursive: true });
      await writeStateFile(path, remember(EMPTY_STATE, [{ ...FOUND, head }]));
    }
    const read = await readStateFiles({ folder: own, other, env: ENV });
    expect(read.otherToRename).toBeNull();
    expect(stateOf(read, 'main')).toMatchObject({ unusable: [], replaced: [OTHER] });
    for (const branch of ['work', null]) expect(stateOf(read, branch).replaced).toEqual([]);
    await writeFile(stateFilePath(other), '{');
    const left = await readStateFiles({ folder: own, other, env: ENV });
    expect(left.otherToRename).toBe(stateFilePath(other));
    const known = stateOf(left, 'main');
    expect(known.unusable).toMatchObject([{ message: expect.stringContaining(stateFilePath(other)) }]);
    expect(findEntry(known.stateFile, PLACE, 'box')).toMatchObject({ head: HEAD });
  });
});

test.each([
  ['the same head', FOUND, []],
  ['another head', { ...FOUND, head: OTHER }, [HEAD]],
  ['another head of another branch of ours', { ...FOUND, place: { ...PLACE, local: 'work' }, head: OTHER }, []],
  ['another head at another endpoint', { ...FOUND, place: { ...PLACE, endpoint: 'file:///x' }, head: OTHER }, []],
])('an entry that gets %s', (_, finding, replaced) => {
  expect(replacedHeads(MEMORY, remember(MEMORY, [finding]), 'main')).toEqual(replaced);
  expect(replacedHeads(MEMORY, remember(MEMORY, [finding]), 'work')).toEqual([]);
});

describe('a state file of version 1', () => {
  const former = { ...EMPTY_STATE, former: { box: FORMER, far: { ...FORMER, endpoint: 'file:///far' } } };

  test.each([
    ['box', PLACE, { head: HEAD, verifiedAt: AT, certain: false }],
    ['vault', PLACE, null],
    ['far', PLACE, null],
    ['box', { ...PLACE, branch: 'work' }, null],
    ['constructor', PLACE, null],
  ])('counts for the peer with that name at the same endpoint: %s', (name, place, found) => {
    expect(findEntry(former, place, name)).toEqual(found);
  });

  test('is used until the peer has an entry of its own, and no other entry is lost', () => {
    const after = remember(former, [{ ...FOUND, head: OTHER, verifiedAt: null }]);
    expect(findEntry(after, PLACE, 'box')).toEqual({ head: OTHER, verifiedAt: AT, certain: true });
    expect(Object.keys(after.former)).toEqual(['far']);
    expect(Object.keys(remember(former, [{ ...FOUND, name: 'far' }]).former)).toEqual(['box', 'far']);
  });

  test('is read unchanged, and kept in the next file', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeFile(stateFilePath(folder.path), JSON.stringify({ version: 1, peers: former.former }));
    const read = await readStateFile(folder.path);
    expect(read).toEqual({ stateFile: former, warning: null });
    await writeStateFile(folder.path, remember(read.stateFile, [FOUND]));
    expect((await readStateFile(folder.path)).stateFile.former).toEqual({ far: former.former.far });
  });
});

describe('the state file', () => {
  test('is written atomically, only for its owner, and read back', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeStateFile(folder.path, MEMORY);
    await writeStateFile(folder.path, MEMORY);
    expect(await readdir(folder.file('.dolt'))).toEqual(['dolt-federation.json']);
    expect((await stat(stateFilePath(folder.path))).mode & 0o777).toBe(0o600);
    expect(await readStateFile(folder.path)).toEqual({ stateFile: MEMORY, warning: null });
  });

  test('gets the heads that moves give up, also of several at once, and replaces an unusable one', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeStateFile(folder.path, MEMORY);
    const heads = [HEAD, ROOT, OTHER];
    expect(await Promise.all(heads.map((head) => retireBeforeMove(placeIn(folder), 'main', head)))).toEqual([
      [],
      [],
      [],
    ]);
    const { stateFile } = await readStateFile(folder.path);
    expect([stateFile.peers, stateFile.retired.map(({ head }) => head).sort()]).toEqual([MEMORY.peers, heads.sort()]);
    await writeFile(stateFilePath(folder.path), 'damaged');
    expect(await retireBeforeMove(placeIn(folder), 'main', HEAD)).toMatchObject([{ code: 'memory-unusable' }]);
    expect((await readStateFile(folder.path)).stateFile.retired).toEqual([{ local: 'main', head: HEAD }]);
    // Then nothing moves.
    await rm(folder.file('.dolt'), { recursive: true });
    await expect(retireBeforeMove(placeIn(folder), 'main', HEAD)).rejects.toMatchObject({
      code: 'database-read-only',
      message: expect.stringMatching(/dolt-federation\.json cannot be replaced: ENOENT/),
    });
  });

  test('is changed while no other process changes it', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeStateFile(folder.path, MEMORY);
    const release = await holdExclusively(folder.file('.dolt'));
    const retired = retireBeforeMove(placeIn(folder), 'main', ROOT);
    const verified = changeState(placeIn(folder), 'main', ({ stateFile }) =>
      remember(stateFile, [{ ...FOUND, head: OTHER }]),
    );
    const far = { ...FOUND, place: { ...PLACE, endpoint: 'file:///far' }, name: 'far' };
    const others = retire(remember(MEMORY, [far]), 'work', [HEAD]);
    await writeStateFile(folder.path, others);
    await release();
    await Promise.all([retired, verified]);
    expect((await readStateFile(folder.path)).stateFile).toEqual(
      retire(remember(others, [{ ...FOUND, head: OTHER }]), 'main', [ROOT]),
    );
    expect(await readdir(folder.file('.dolt'))).toEqual(['dolt-federation.json']);
  });

  test('is changed also if another process locks its folder for ever', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    const release = await holdExclusively(folder.file('.dolt'));
    await retireBeforeMove(placeIn(folder), 'main', ROOT);
    expect((await readStateFile(folder.path)).stateFile.retired).toEqual([{ local: 'main', head: ROOT }]);
    await release();
  });

  test('is not required', async () => {
    await using folder = await tempFolder();
    expect(await readStateFile(folder.path)).toEqual({ stateFile: EMPTY_STATE, warning: null });
  });

  test.each([
    ['no bytes', ''],
    ['half of its text', '{"version":1,"peers":{"box":{"endp'],
    ['another version', '{"version":3,"peers":[]}'],
    ['another format', '{"version":1,"peers":{"box":"2026-11-25"}}'],
    ['an invalid time', JSON.stringify({ version: 1, peers: { box: { ...FORMER, at: 'yesterday' } } })],
    ['an invalid head', JSON.stringify({ version: 1, peers: { box: { ...FORMER, head: 'main' } } })],
    ['an unknown key', JSON.stringify({ version: 2, peers: [], retired: [], former: {}, more: 1 })],
    ['too few keys', JSON.stringify({ version: 2, peers: [] })],
  ])('with %s is ignored with a notice', async (_, text) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeFile(stateFilePath(folder.path), text);
    expect(await readStateFile(folder.path)).toEqual({
      stateFile: EMPTY_STATE,
      warning: expect.stringContaining(stateFilePath(folder.path)),
    });
  });

  test('is not read if it is a folder, or too large', async () => {
    await using folder = await tempFolder();
    await mkdir(stateFilePath(folder.path), { recursive: true });
    expect((await readStateFile(folder.path)).warning).toContain('not a file of dolt-federation');
    await using large = await tempFolder();
    await mkdir(large.file('.dolt'));
    await writeFile(stateFilePath(large.path), '');
    await truncate(stateFilePath(large.path), 16 * 1024 * 1024 + 1);
    expect((await readStateFile(large.path)).warning).toContain('not a file of dolt-federation');
  });

  test('keeps its old contents if it cannot be written', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeStateFile(folder.path, MEMORY);
    const before = await readFile(stateFilePath(folder.path), 'utf8');
    await expect(writeStateFile(folder.file('nowhere'), EMPTY_STATE)).rejects.toThrow('ENOENT');
    expect(await readFile(stateFilePath(folder.path), 'utf8')).toBe(before);
  });
});
