import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { installDolt } from '../../src/install/install.ts';
import { findInToolCache, storeInToolCache } from '../../src/install/tool-cache.ts';
import { answersAsDolt, machine, program } from '../helpers/installing.ts';
import { failureOf } from '../helpers/thrown.ts';

describe('a program with the name of Dolt', () => {
  test.each([
    ['answers without an end', "yes 'dolt version 2.3.0'"],
    ['answers with a line of 100 MB', 'head -c 100000000 /dev/zero'],
    ['answers and continues to run', "echo 'dolt version 2.3.0'; yes >&2"],
    ['prints terminal codes in its version', "printf 'dolt version 2.3.0\\033[2J'"],
  ])('that %s is refused, in bounded memory', async (_, line) => {
    await using box = await machine();
    const path = await program(join(box.bin, 'dolt'), line);
    const failure = await failureOf(installDolt({ source: 'release', path }, box.context));
    expect(failure.code).toBe('dolt-not-found');
    expect(failure.message.length).toBeLessThan(2_000);
    expect(await readdir(box.folder.file('tmp'))).toEqual([]);
  });
});

describe('a tool cache that others write to', () => {
  const wish = { wanted: { kind: 'exact', version: '2.3.0' } } as const;
  const stored = async (box: Awaited<ReturnType<typeof machine>>) =>
    storeInToolCache(await answersAsDolt(box.bin, '2.3.0'), { version: '2.3.0' }, box.context.toolCacheDir);

  test.each(['dolt', 'dolt.sha256'])('does not block a run if %s is a FIFO', async (name) => {
    await using box = await machine();
    const entry = dirname(await stored(box));
    await rm(join(entry, name));
    await execa('mkfifo', [join(entry, name)]);
    expect(await findInToolCache(wish, box.context)).toBeNull();
    expect(box.lines.join('\n')).toContain('was changed after it was stored');
  });

  test('cannot replace an executable by another during the store: it is complete or missing', async () => {
    await using box = await machine();
    const path = await stored(box);
    const replace = async () => {
      await writeFile(`${path}.new`, '#!/bin/sh\necho evil\n');
      await chmod(`${path}.new`, 0o755);
      await execa('mv', [`${path}.new`, path], { reject: false });
    };
    await mkdir(box.folder.file('tmp'), { recursive: true });
    const again = Promise.allSettled([replace(), stored(box), findInToolCache(wish, box.context), stored(box)]);
    const [, , found] = await again;
    if (found?.status === 'fulfilled' && found.value !== null) expect(found.value.path).toBe(path);
    const last = await stored(box);
    const { stdout } = await execa(last, ['version']);
    expect(['dolt version 2.3.0', 'evil']).toContain(stdout);
    if (stdout === 'evil') expect(await findInToolCache(wish, box.context)).toBeNull();
  });
});
