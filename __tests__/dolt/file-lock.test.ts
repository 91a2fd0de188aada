import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readEnv, searchPath } from '../../src/core/env.ts';
import { identityOf } from '../../src/core/processes.ts';
import { lockExclusively, lockFolder, ownerOfLock } from '../../src/dolt/file-lock.ts';
import { holdExclusively } from '../helpers/hold-lock.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const { signal } = new AbortController();
const options = { env: { PATH: readEnv()['PATH'] ?? '' }, signal, maxWaitMs: 60_000 };

async function taken(file: string, more: Partial<typeof options> = {}) {
  const lock = await lockExclusively(file, { ...options, ...more });
  if (lock.kind !== 'held') throw new Error(lock.kind);
  return lock;
}

test('works one after the other, also after one that failed, and leaves nothing behind', async () => {
  await using folder = await tempFolder();
  let inside = 0;
  const work = async () => {
    const lock = await taken(folder.file('lock'));
    inside += 1;
    await new Promise(setImmediate);
    expect(inside).toBe(1);
    inside -= 1;
    await lock.release();
  };
  await Promise.all(Array.from({ length: 4 }, work));
  expect(await readdir(folder.path)).toEqual([]);
});

/** A process of another container can have our own id there. */
const ELSEWHERE = JSON.stringify({ pid: process.pid, host: 'box', identity: `${process.pid}-1-${'0'.repeat(36)}-1` });

test.each([
  ['a killed process of another container with our process id', ELSEWHERE],
  ['a process that ended', String(process.pid)],
])('is free after %s', async (_, note) => {
  await using folder = await tempFolder();
  await writeFile(folder.file('lock'), note);
  const lock = await taken(folder.file('lock'), { maxWaitMs: 0 });
  expect(await ownerOfLock(folder.file('lock'))).toEqual({ pid: process.pid, elsewhere: null });
  await lock.release();
});

test('waits for a process that is not seen here, and names its place', async () => {
  await using folder = await tempFolder();
  const end = await holdExclusively(folder.file('lock'));
  await writeFile(folder.file('lock'), ELSEWHERE);
  expect(await lockExclusively(folder.file('lock'), { ...options, maxWaitMs: 0 })).toEqual({ kind: 'busy' });
  expect(await ownerOfLock(folder.file('lock'))).toEqual({ pid: process.pid, elsewhere: 'box' });
  const waiting = taken(folder.file('lock'));
  await end();
  await (await waiting).release();
});

test.each([
  ['of this machine', { pid: 7, host: hostname(), identity: null }, { pid: 7, elsewhere: null }],
  ['of another machine', { pid: 7, host: 'far', identity: null }, { pid: 7, elsewhere: 'far' }],
  ['of this container', { pid: 7, host: 'x', identity: identityOf(process.pid) }, { pid: 7, elsewhere: null }],
  ['that is no process', { pid: -7, host: 'x', identity: null }, null],
])('reads an owner %s', async (_, note, owner) => {
  await using folder = await tempFolder();
  await writeFile(folder.file('lock'), JSON.stringify(note));
  expect(await ownerOfLock(folder.file('lock'))).toEqual(owner);
});

test('an interruption ends the waiting, and leaves the lock alone', async () => {
  await using folder = await tempFolder();
  const lock = await taken(folder.file('lock'));
  const interrupt = new AbortController();
  const waiting = lockExclusively(folder.file('lock'), { ...options, signal: interrupt.signal });
  interrupt.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(await readdir(folder.path)).toEqual(['lock']);
  await lock.release();
});

/** Puts a program into a folder of its own. @returns reads the arguments of each of its starts */
async function recorded(program: string, folder: TempFolder) {
  const file = searchPath(readEnv(), process.platform)
    .map((path) => join(path, program))
    .find(existsSync);
  if (file === undefined) throw new Error(`${program} is not installed`);
  await mkdir(folder.file('bin'));
  const script = `#!/bin/sh\necho "$*" >> '${folder.file('starts')}'\nexec '${file}' "$@"\n`;
  await writeFile(folder.file('bin', program), script, { mode: 0o755 });
  return async () => (await readFile(folder.file('starts'), 'utf8')).trim().split('\n');
}

// macOS has no flock.
const PROGRAMS = process.platform === 'linux' ? ['flock', 'perl'] : ['perl'];
test.each(PROGRAMS)(
  '%s waits in the queue of the system for as long as it may, and asks at its end',
  async (program) => {
    await using folder = await tempFolder();
    const starts = await recorded(program, folder);
    const own = { ...options, env: { PATH: folder.file('bin') } };
    const end = await holdExclusively(folder.path);
    expect(await lockFolder(folder.path, { ...own, maxWaitMs: 300 })).toEqual({ kind: 'busy' });
    const [first, ...later] = await starts();
    const atOnce = /-n\b|LOCK_NB/;
    expect(first).not.toMatch(atOnce);
    expect(later.at(-1)).toMatch(atOnce);
    // A poll of the lock starts a program every 200 ms, after shorter pauses.
    expect(later.length).toBeLessThanOrEqual(2);
    const waiting = lockFolder(folder.path, own);
    await end();
    const lock = await waiting;
    expect(lock.kind).toBe('held');
    if (lock.kind === 'held') await lock.release();
  },
);

test('a folder is locked without a file, and a missing one by its parent until it exists', async () => {
  await using folder = await tempFolder();
  const end = await holdExclusively(folder.path);
  expect(await lockFolder(folder.path, { ...options, maxWaitMs: 0 })).toEqual({ kind: 'busy' });
  const inner = lockFolder(folder.file('a', 'b'), options);
  await mkdir(folder.file('a', 'b'), { recursive: true });
  await end();
  const lock = await inner;
  expect(await lockFolder(folder.file('a', 'b'), { ...options, maxWaitMs: 0 })).toEqual({ kind: 'busy' });
  expect(lock.kind).toBe('held');
  if (lock.kind === 'held') await lock.release();
  expect(await readdir(folder.path)).toEqual(['a']);
});

test('a lock that cannot be taken is neither held nor waited for', async () => {
  await using folder = await tempFolder();
  await symlink(folder.file('target'), folder.file('link'));
  const refused = { kind: 'impossible', why: expect.any(String) };
  expect(await lockExclusively(folder.file('missing', 'lock'), options)).toEqual(refused);
  expect(await lockExclusively(folder.file('link'), options)).toEqual(refused);
  const env = { PATH: folder.path };
  expect(await lockExclusively(folder.file('lock'), { ...options, env })).toEqual(refused);
});
