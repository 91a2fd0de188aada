import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { Header } from 'tar';
import { pack, unpack } from '../../src/caches/archive.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const LIVE = new AbortController().signal;
const limits = {
  maxBytes: 1_000,
  maxFiles: 2,
  isExpected: (name: string) => /^data\/[a-z]+$/.test(name),
  signal: LIVE,
};

type Entry = Readonly<{ path: string; text?: string; linkpath?: string }> &
  Readonly<{ type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'FIFO' | 'CharacterDevice' | 'SparseFile' }>;

/** An archive of any entries, as an attacker may have stored it. */
function archive(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', type = 'File', linkpath }) => {
    const header = new Header({
      path,
      mode: 0o644,
      size: Buffer.byteLength(text),
      type,
      ...(linkpath === undefined ? {} : { linkpath }),
    });
    const block = Buffer.alloc(512);
    header.encode(block);
    return [block, Buffer.concat([Buffer.from(text)], Math.ceil(Buffer.byteLength(text) / 512) * 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('an archive', () => {
  test('is read with the files that were written', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('in', 'data'), { recursive: true });
    await writeFile(folder.file('in', 'data', 'one'), 'first');
    await writeFile(folder.file('in', 'data', 'two'), Buffer.alloc(300, 7));
    await pack(folder.file('in'), ['data/one', 'data/two'], folder.file('packed'), LIVE);
    await unpack(folder.file('packed'), folder.file('out'), limits);
    expect(await readFile(folder.file('out', 'data', 'one'), 'utf8')).toBe('first');
    expect(await readFile(folder.file('out', 'data', 'two'))).toEqual(Buffer.alloc(300, 7));
  });

  test('does not store links', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('target'), 'secret');
    await symlink(folder.file('target'), folder.file('link'));
    await expect(pack(folder.path, ['link'], folder.file('packed'), LIVE)).rejects.toThrow(
      'link is not an ordinary file',
    );
    expect((await readdir(folder.path)).sort()).toEqual(['link', 'target']);
  });

  test.each<[string, readonly Entry[], RegExp]>([
    ['a path out of its folder', [{ path: '../data/out', text: 'x' }], /"\.\.\/data\/out" is not expected/],
    ['a path out of an inner folder', [{ path: 'data/../../out', text: 'x' }], /is not expected/],
    ['an absolute path', [{ path: '/tmp/df-absolute', text: 'x' }], /is not expected|absolute/],
    ['an unexpected name', [{ path: 'data/hooks.json', text: 'x' }], /is not expected/],
    ['a symbolic link', [{ path: 'data/one', type: 'SymbolicLink', linkpath: '/etc' }], /not an ordinary file/],
    [
      'a file through a symbolic link',
      [
        { path: 'data', type: 'SymbolicLink', linkpath: '..' },
        { path: 'data/one', text: 'x' },
      ],
      /"data" is not an ordinary file/,
    ],
    ['a hard link', [{ path: 'data/one', type: 'Link', linkpath: 'data/two' }], /not an ordinary file/],
    ['a FIFO', [{ path: 'data/one', type: 'FIFO' }], /not an ordinary file/],
    ['a device', [{ path: 'data/one', type: 'CharacterDevice' }], /not an ordinary file/],
    ['a folder', [{ path: 'data/', type: 'Directory' }], /not an ordinary file/],
    ['a file of a type that is not written', [{ path: 'data/one', type: 'SparseFile' }], /not an ordinary file/],
    ['one name twice', [{ path: 'data/one', text: 'x' }, { path: 'data/one' }], /holds "data\/one" twice/],
    ['one file that is too large', [{ path: 'data/one', text: 'x'.repeat(1_001) }], /more than 1000 bytes/],
    [
      'files that are too large in total',
      [
        { path: 'data/one', text: 'x'.repeat(600) },
        { path: 'data/two', text: 'x'.repeat(600) },
      ],
      /more than 1000 bytes/,
    ],
    ['too many files', ['one', 'two', 'three'].map((name) => ({ path: `data/${name}` })), /more than 2 files/],
  ])('with %s is refused; no file outside is written, and none later', async (_, entries, why) => {
    await using folder = await tempFolder();
    const begun: readonly Entry[] = [{ path: 'data/begun', text: 'x'.repeat(300) }, ...entries];
    for (const all of [entries, begun]) {
      await writeFile(folder.file('packed'), archive(all));
      await expect(unpack(folder.file('packed'), folder.file('out'), limits)).rejects.toThrow(why);
      await rm(folder.file('out'), { recursive: true });
      expect(await readdir(folder.path)).toEqual(['packed']);
    }
  });

  test('that is truncated or not an archive is refused', async () => {
    await using folder = await tempFolder();
    const whole = archive([{ path: 'data/one', text: 'x'.repeat(900) }]);
    await writeFile(folder.file('cut'), whole);
    await truncate(folder.file('cut'), Math.floor(whole.length / 2));
    await expect(unpack(folder.file('cut'), folder.file('out'), limits)).rejects.toThrow();
    await writeFile(folder.file('text'), 'this is a page of a proxy, not an archive\n'.repeat(50));
    await expect(unpack(folder.file('text'), folder.file('out'), limits)).rejects.toThrow();
  });

  test('that is compressed is refused before it is expanded', async () => {
    await using folder = await tempFolder();
    // `tar` would take minutes for the zeros.
    const gzips = [archive([{ path: 'data/one', text: 'x' }]), Buffer.alloc(64 * 1024 * 1024)].map((of) =>
      gzipSync(of),
    );
    for (const packed of [...gzips, Buffer.from('28b52ffd04580900', 'hex')]) {
      await writeFile(folder.file('packed'), packed);
      await expect(unpack(folder.file('packed'), folder.file('out'), limits)).rejects.toThrow('it is compressed');
      expect(await readdir(folder.file('out'))).toEqual([]);
    }
  });

  test('is not unpacked further after the time limit', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('packed'), archive([{ path: 'data/one', text: 'x' }]));
    const late = { ...limits, signal: AbortSignal.abort(new Error('the time is over')) };
    await expect(unpack(folder.file('packed'), folder.file('out'), late)).rejects.toThrow();
  });
});
