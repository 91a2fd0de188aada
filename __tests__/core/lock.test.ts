import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { withLock } from '../../src/core/lock.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const busy = (pid: number) => new Error(`busy ${pid}`);

const { signal } = new AbortController();

test('tasks run one after the other, even if one fails, and leave no lock file', async () => {
  await using folder = await tempFolder();
  const lock = folder.file('lock');
  let inside = 0;
  const work = async (fails: boolean) => {
    inside += 1;
    await new Promise(setImmediate);
    expect(inside).toBe(1);
    inside -= 1;
    if (fails) throw new Error('of the work');
    return 'done';
  };
  const all = Array.from({ length: 8 }, (_, index) => withLock(lock, { busy, signal }, () => work(index % 2 === 1)));
  const ended = await Promise.allSettled(all);
  expect(ended.map(({ status }) => status)).toEqual(
    ended.map((_, index) => (index % 2 === 1 ? 'rejected' : 'fulfilled')),
  );
  expect(await readdir(folder.path)).toEqual([]);
});

test('the lock of a dead process is removed', async () => {
  await using folder = await tempFolder();
  const { pid } = await execaPid();
  await writeFile(folder.file('lock'), String(pid));
  expect(await withLock(folder.file('lock'), { busy, signal }, async () => 'done')).toBe('done');
  expect(await readdir(folder.path)).toEqual([]);
});

test('a process that keeps the lock is named, and its lock stays', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('lock'), String(process.pid));
  const waiting = withLock(folder.file('lock'), { busy, signal, maxWaitMs: 100 }, async () => 'done');
  await expect(waiting).rejects.toThrow(`busy ${process.pid}`);
  expect(await readdir(folder.path)).toEqual(['lock']);
});

test('an interruption ends the wait, and the lock of the other process stays', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('lock'), String(process.pid));
  const interrupt = new AbortController();
  const waiting = withLock(folder.file('lock'), { busy, signal: interrupt.signal }, async () => 'done');
  interrupt.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(await readdir(folder.path)).toEqual(['lock']);
});

test('a lock file that cannot be created is an error', async () => {
  await using folder = await tempFolder();
  const lock = join(folder.path, 'missing', 'lock');
  await expect(withLock(lock, { busy, signal }, async () => 'done')).rejects.toThrow('ENOENT');
});

/** A process that has ended. */
async function execaPid(): Promise<{ readonly pid: number | undefined }> {
  const child = execa(process.execPath, ['-e', '']);
  await child;
  return { pid: child.pid };
}
