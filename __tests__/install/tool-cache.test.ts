import { appendFile, chmod, mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { find } from '@actions/tool-cache';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { findInToolCache, storeInToolCache } from '../../src/install/tool-cache.ts';
import { answersAsDolt, machine } from '../helpers/installing.ts';
import { failureOf } from '../helpers/thrown.ts';

const WANTED = { wanted: { kind: 'exact', version: '2.3.0' } } as const;
const ANY = { version: '2.3.0' };

async function stored(version = '2.3.0') {
  const box = await machine();
  const executable = await answersAsDolt(box.folder.file('made'), version);
  const path = await storeInToolCache(executable, { version }, box.context.toolCacheDir);
  return { box, executable, path };
}

async function withoutMarker(path: string): Promise<string> {
  const marker = `${dirname(path)}.complete`;
  await rm(marker);
  return marker;
}

describe('the tool cache', () => {
  test('returns the stored Dolt, in the layout of @actions/tool-cache', async () => {
    const { box, path } = await stored();
    await using _ = box;
    expect(path).toBe(box.folder.file('tools', 'dolt', '2.3.0', process.arch, 'dolt'));
    expect(await findInToolCache(WANTED, box.context)).toEqual({ version: '2.3.0', path, source: 'tool-cache' });
    expect(await readdir(box.folder.file('tools', 'dolt', '2.3.0'))).toEqual([
      process.arch,
      `${process.arch}.complete`,
    ]);
  });

  test('is readable for every action that uses @actions/tool-cache', async () => {
    const { box, path } = await stored();
    await using _ = box;
    const former = process.env['RUNNER_TOOL_CACHE'];
    process.env['RUNNER_TOOL_CACHE'] = box.context.toolCacheDir;
    try {
      expect([find('dolt', '2.3.0'), find('dolt', '^2.0.0'), find('dolt', '2.4.0')]).toEqual([
        dirname(path),
        dirname(path),
        '',
      ]);
    } finally {
      if (former === undefined) delete process.env['RUNNER_TOOL_CACHE'];
      else process.env['RUNNER_TOOL_CACHE'] = former;
    }
  });

  test('returns the newest matching version', async () => {
    const { box, executable } = await stored();
    await using _ = box;
    for (const version of ['2.10.0', '2.9.0', '3.0.0']) {
      await storeInToolCache(executable, { version }, box.context.toolCacheDir);
    }
    const found = await findInToolCache({ wanted: { kind: 'range', range: '^2.3.0' } }, box.context);
    expect(found?.version).toBe('2.10.0');
    expect(await findInToolCache({ wanted: { kind: 'exact', version: '2.4.0' } }, box.context)).toBeNull();
  });

  test('does not return a changed executable, but warns and removes the entry', async () => {
    const { box, path } = await stored();
    await using _ = box;
    await appendFile(path, '# changed\n');
    expect(await findInToolCache(WANTED, box.context)).toBeNull();
    expect(box.lines).toEqual([
      expect.stringContaining('warning: Dolt 2.3.0 in the tool cache was changed after it was stored'),
    ]);
    expect(await readdir(box.folder.file('tools', 'dolt', '2.3.0'))).toEqual([]);
  });

  test.each<readonly [string, (path: string, other: string) => Promise<unknown>]>([
    ['executable is a link', async (path, other) => rm(path).then(() => symlink(other, path))],
    ['executable is a FIFO', async (path) => rm(path).then(() => execa('mkfifo', [path]))],
    [
      'digest is a FIFO',
      async (path) => {
        await rm(join(path, '..', 'dolt.sha256'));
        await execa('mkfifo', [join(path, '..', 'dolt.sha256')]);
      },
    ],
    [
      'digest is a device',
      async (path) => {
        await rm(join(path, '..', 'dolt.sha256'));
        await symlink('/dev/zero', join(path, '..', 'dolt.sha256'));
      },
    ],
    ['executable may not be executed', async (path) => chmod(path, 0o644)],
    ['marker is a FIFO', async (path) => execa('mkfifo', [await withoutMarker(path)])],
    ['marker is a folder', async (path) => mkdir(await withoutMarker(path))],
    ['marker is a link', async (path, other) => symlink(`${other}-created`, await withoutMarker(path))],
    [
      'folder is a link',
      async (path) => {
        await rename(dirname(path), `${dirname(path)}-moved`);
        await symlink(`${dirname(path)}-moved`, dirname(path));
      },
    ],
  ])('does not use an entry whose %s, and stores a valid one in its place', async (_, poison) => {
    const { box, executable, path } = await stored();
    await using _box = box;
    await poison(path, executable);
    expect(await findInToolCache(WANTED, box.context)).toBeNull();
    await storeInToolCache(executable, ANY, box.context.toolCacheDir);
    expect(await findInToolCache(WANTED, box.context)).toMatchObject({ path });
    expect(await readdir(dirname(executable))).toEqual([basename(executable)]);
  });

  test('neither uses nor replaces the entry of another action, which has no digest', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    await rm(join(path, '..', 'dolt.sha256'));
    expect(await findInToolCache(WANTED, box.context)).toBeNull();
    expect(box.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
    for (const _run of ['first', 'second']) {
      const own = await storeInToolCache(executable, ANY, box.context.toolCacheDir);
      expect(dirname(own)).toBe(`${dirname(path)}-dolt-federation`);
      expect(await findInToolCache(WANTED, box.context)).toMatchObject({ path: own });
    }
    expect(await readdir(dirname(path))).toEqual(['dolt']);
  });

  test('does not use an incomplete entry, and replaces it', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    await rm(box.folder.file('tools', 'dolt', '2.3.0', `${process.arch}.complete`));
    await writeFile(path, 'half');
    expect(await findInToolCache(WANTED, box.context)).toBeNull();
    await storeInToolCache(executable, ANY, box.context.toolCacheDir);
    expect((await findInToolCache(WANTED, box.context))?.path).toBe(path);
  });

  test('stores one exact release in an entry of its own', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    const [one, other] = ['1'.repeat(64), '2'.repeat(64)];
    const find = (sha256: string) => findInToolCache({ ...WANTED, sha256 }, box.context);
    expect(await find(one)).toBeNull();
    const own = await storeInToolCache(executable, { version: '2.3.0', sha256: one }, box.context.toolCacheDir);
    expect([(await find(one))?.path, await find(other)]).toEqual([own, null]);
    expect(own).not.toBe(path);
    expect((await findInToolCache(WANTED, box.context))?.path).toBe(path);
  });

  test('removes what killed runs left, and nothing that a run makes now', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    const folder = dirname(dirname(path));
    for (const name of ['.new-old', '.old-old', '.new-now', 'other']) await mkdir(join(folder, name));
    const before = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ['.new-old', '.old-old', 'other']) await utimes(join(folder, name), before, before);
    await storeInToolCache(executable, ANY, box.context.toolCacheDir);
    expect((await readdir(folder)).sort()).toEqual(['.new-now', 'other', process.arch, `${process.arch}.complete`]);
  });

  test('accepts several processes that store the same version at once', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    const cache = box.folder.file('shared');
    const paths = await Promise.all(Array.from({ length: 8 }, () => storeInToolCache(executable, ANY, cache)));
    expect(new Set(paths)).toEqual(new Set([path.replace('/tools/', '/shared/')]));
    expect((await readdir(join(cache, 'dolt', '2.3.0'))).length).toBe(2);
    expect(await findInToolCache(WANTED, { ...box.context, toolCacheDir: cache })).not.toBeNull();
  });

  test('accepts several processes that find the same damaged entry', async () => {
    const { box, executable, path } = await stored();
    await using _ = box;
    const cache = box.context.toolCacheDir;
    for (let round = 0; round < 10; round += 1) {
      await writeFile(path, 'half');
      await Promise.all(Array.from({ length: 4 }, () => storeInToolCache(executable, ANY, cache)));
      expect((await findInToolCache(WANTED, box.context))?.path).toBe(path);
      expect((await readdir(join(cache, 'dolt', '2.3.0'))).length).toBe(2);
    }
  });

  test('fails with its name if it cannot be written', async () => {
    await using box = await machine();
    await mkdir(box.folder.file('made'));
    await writeFile(box.context.toolCacheDir, 'a file');
    const executable = await answersAsDolt(box.folder.file('made'), '2.3.0');
    const failure = await failureOf(storeInToolCache(executable, ANY, box.context.toolCacheDir));
    expect([failure.code, failure.hint]).toEqual(['dolt-not-found', expect.stringContaining(box.context.toolCacheDir)]);
  });
});
