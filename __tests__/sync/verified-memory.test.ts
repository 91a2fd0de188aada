import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { newPeerRun, type PeerRun } from '../../src/sync/peer-run.ts';
import { memoryFile, readMemory, recall, withVerified, writeMemory } from '../../src/sync/verified-memory.ts';
import { filePeer } from '../helpers/federating.ts';
import { HEAD } from '../helpers/results.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const AT = '2026-11-25T20:46:12.345Z';
const ENTRY = { endpoint: 'file:///srv/box', branch: 'main', head: HEAD, at: AT };

function run(over: Partial<PeerRun> = {}): PeerRun {
  return { ...newPeerRun(filePeer('box', '/srv/box'), null, 'main'), head: HEAD, verified: true, ...over };
}

describe('what is remembered', () => {
  test.each([
    ['a verified peer', run(), [['box', ENTRY]]],
    ['not one that failed afterwards', run({ failure: new Failure('network', '') }), []],
    ['not one that was not verified', run({ verified: false }), []],
    ['not one without a head', run({ head: null }), []],
  ])('%s', (_, one, entries) => {
    expect([...withVerified(new Map(), [one], AT)]).toEqual(entries);
  });

  test('peers that took no part stay', () => {
    expect([...withVerified(new Map([['other', ENTRY]]), [run()], AT)].map(([name]) => name)).toEqual(['other', 'box']);
  });

  test.each([
    ['the same peer', run(), AT],
    ['another branch', run({ branch: 'work' }), null],
    ['another endpoint', run({ peer: filePeer('box', '/srv/elsewhere') }), null],
    ['another name', run({ peer: filePeer('vault', '/srv/box') }), null],
  ])('is recalled for the peer that it was: %s', (_, one, at) => {
    expect(recall(new Map([['box', ENTRY]]), one)).toBe(at);
  });
});

describe('the file', () => {
  test('is written whole, for its owner alone, and read again', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeMemory(folder.path, new Map([['box', ENTRY]]));
    await writeMemory(folder.path, new Map([['box', ENTRY]]));
    expect(await readdir(folder.file('.dolt'))).toEqual(['dolt-federation.json']);
    expect((await stat(memoryFile(folder.path))).mode & 0o777).toBe(0o600);
    expect(await readMemory(folder.path)).toEqual({ memory: new Map([['box', ENTRY]]), trouble: null });
  });

  test('that is not there is no trouble', async () => {
    await using folder = await tempFolder();
    expect(await readMemory(folder.path)).toEqual({ memory: new Map(), trouble: null });
  });

  test.each([
    ['no byte', ''],
    ['half of it', '{"version":1,"peers":{"box":{"endp'],
    ['another version', '{"version":2,"peers":{}}'],
    ['another form', '{"version":1,"peers":{"box":"2026-11-25"}}'],
    ['a time that is none', JSON.stringify({ version: 1, peers: { box: { ...ENTRY, at: 'yesterday' } } })],
    ['a key that is not ours', JSON.stringify({ version: 1, peers: {}, more: 1 })],
  ])('that holds %s remembers nothing and says so', async (_, text) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeFile(memoryFile(folder.path), text);
    expect(await readMemory(folder.path)).toEqual({
      memory: new Map(),
      trouble: expect.stringContaining(memoryFile(folder.path)),
    });
  });

  test('that is a folder, or larger than any of ours, is not read', async () => {
    await using folder = await tempFolder();
    await mkdir(memoryFile(folder.path), { recursive: true });
    expect((await readMemory(folder.path)).trouble).toContain('no file of ours');
    await using large = await tempFolder();
    await mkdir(large.file('.dolt'));
    await writeFile(memoryFile(large.path), Buffer.alloc(16 * 1024 * 1024 + 1, ' '));
    expect((await readMemory(large.path)).trouble).toContain('no file of ours');
  });

  test('keeps what it was where it cannot be written', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeMemory(folder.path, new Map([['box', ENTRY]]));
    const before = await readFile(memoryFile(folder.path), 'utf8');
    await expect(writeMemory(folder.file('nowhere'), new Map())).rejects.toThrow('ENOENT');
    expect(await readFile(memoryFile(folder.path), 'utf8')).toBe(before);
  });
});
