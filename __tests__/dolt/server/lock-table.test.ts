import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { holderIn, type LockedBy, lockedBy, nameByMount, nameByStat } from '../../../src/dolt/server/lock-table.ts';
import {
  parseServerInfo,
  readServerInfo,
  removeServerInfo,
  serverInfoFile,
} from '../../../src/dolt/server/server-info.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const TABLE = [
  '1: FLOCK  ADVISORY  WRITE 21826 fe:00:9978703 0 EOF',
  '2: POSIX  ADVISORY  WRITE 11 fe:00:9978675 0 EOF',
  '3: FLOCK  ADVISORY  READ  12 fe:00:9978675 0 EOF',
  '3: -> FLOCK  ADVISORY  WRITE 13 fe:00:9978675 0 EOF',
  '4: FLOCK  ADVISORY  WRITE 21827 fe:00:9978675 0 EOF',
  '5: FLOCK  ADVISORY  WRITE 0 103:0a:7 0 EOF',
  '6: FLOCK  ADVISORY  WRITE 99 103:0a:8 0 EOF',
  '7: FLOCK  ADVISORY  WRITE -1 fe:00:55 0 EOF',
  '8: FLOCK  ADVISORY  WRITE 5396 00:28:10562864 0 EOF',
  '',
].join('\n');

const held = (pid: number | null): LockedBy => ({ kind: 'held', pid });
const FREE: LockedBy = { kind: 'free' };

describe('the lock table of Linux', () => {
  test.each<[string, string, LockedBy]>([
    ['the writer, but no reader, waiter or POSIX lock', 'fe:00:9978675', held(21827)],
    ['no process for another file', 'fe:00:1', FREE],
    ['no process for a file whose number only ends alike', 'fe:00:978675', FREE],
    ['no process for another disk', 'fd:00:9978675', FREE],
    ['an unknown process outside of this namespace', '103:0a:7', held(null)],
    ['an unknown process in the other format', 'fe:00:55', held(null)],
    ['a process on a disk with a large number', '103:0a:8', held(99)],
  ])('names %s', (_, name, holder) => {
    expect(holderIn(TABLE, name)).toEqual(holder);
  });
});

describe('the name of a file in the lock table', () => {
  test.each([
    [0xfe00, 9978675, 'fe:00:9978675'],
    [0x1030a, 8, '103:0a:8'],
    [0x2a, 10562864, '00:2a:10562864'],
  ])('follows from stat: device %d, inode %d', (dev, ino, name) => {
    expect(nameByStat({ dev, ino })).toBe(name);
  });

  const MOUNTS = [
    '63 43 0:39 / /up rw,relatime - tmpfs t rw',
    '66 63 0:40 / /up/merged rw,relatime - overlay overlay rw,lowerdir=/lower,upperdir=/up/upper,workdir=/up/work,uuid=on',
    '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '',
  ].join('\n');

  // A file of the lower layer, for which stat gives 00:2a; Linux 6.18, measured.
  test('follows from the mount on an overlayfs over two file systems', () => {
    const name = nameByMount('pos:\t0\nflags:\t0100000\nmnt_id:\t66\nino:\t10562864\n', MOUNTS);
    expect(name).toBe('00:28:10562864');
    expect(holderIn(TABLE, name ?? '')).toEqual(held(5396));
  });

  test.each([
    ['a kernel that reports no inode', 'pos:\t0\nmnt_id:\t66\n'],
    ['an unlisted mount', 'pos:\t0\nmnt_id:\t6\nino:\t7\n'],
    ['nothing', ''],
  ])('is unknown for %s', (_, fdinfo) => {
    expect(nameByMount(fdinfo, MOUNTS)).toBeNull();
  });
});

describe('the lock of a real file', () => {
  test('is free if the file does not exist or no process holds it', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('LOCK'), '');
    const free = process.platform === 'linux' ? FREE : { kind: 'unknown' };
    expect([await lockedBy(folder.file('LOCK')), await lockedBy(folder.file('none'))]).toEqual([free, free]);
  });

  test('is held by its process until that process ends', async () => {
    await using folder = await tempFolder();
    const file = folder.file('LOCK');
    await writeFile(file, '');
    if (process.platform !== 'linux') {
      expect(await lockedBy(file)).toEqual({ kind: 'unknown' });
      return;
    }
    // `flock` of util-linux locks the file, then becomes the command.
    const holder = execa('flock', ['--no-fork', file, 'sh', '-c', 'echo locked; read line'], { reject: false });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(await lockedBy(file)).toEqual(held(holder.pid ?? null));
    holder.stdin.end('\n');
    await holder;
    expect(await lockedBy(file)).toEqual(FREE);
  });
});

describe('the file sql-server.info of a server', () => {
  test.each([
    ['8415:33771:0a1ded87-a0ea', { pid: 8415, port: 33771 }],
    ['', null],
    ['8415', null],
    ['8415:33771', null],
    ['0:33771:y', null],
    ['-1:33771:y', null],
    ['x:1:y', null],
  ])('is parsed: %j', (text, note) => {
    expect(parseServerInfo(text)).toEqual(note);
  });

  test('is removed only for the server that wrote it', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.dolt'));
    await writeFile(serverInfoFile(folder.path), '84150:33771:secret');
    await removeServerInfo(folder.path, 8415);
    expect(await readServerInfo(folder.path)).toEqual({ pid: 84150, port: 33771 });
    await removeServerInfo(folder.path, 84150);
    expect(await readServerInfo(folder.path)).toBeNull();
  });
});
