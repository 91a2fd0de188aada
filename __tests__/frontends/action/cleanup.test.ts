import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { processCommand } from '../../../src/dolt/process.ts';
import { cleanUp } from '../../../src/frontends/action/run-post.ts';
import type { Leftover } from '../../../src/frontends/action/state.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const warnings: string[] = [];
afterEach(() => {
  warnings.length = 0;
});

const clean = (leftovers: readonly Leftover[], root: string, more: { readonly graceMs?: number } = {}) =>
  cleanUp(leftovers, { env: readEnv(), roots: [root], warn: (message) => warnings.push(message), ...more });

/** A process that names the folder on its command line, reports its start, and runs until it is ended. */
async function lingering(folder: string, onTerm = '') {
  const script = `${onTerm}; setInterval(() => {}, 1000); console.log('up')`;
  const child = execa(process.execPath, ['-e', script, join(folder, 'server.yaml')], { reject: false, buffer: false });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, pid: child.pid ?? 0 };
}

describe('the cleanup after a run', () => {
  test('ends the process of the run, removes its folder, and does no harm the second time', async () => {
    await using root = await tempFolder();
    const folder = root.file('df-abcde1');
    await mkdir(folder);
    await writeFile(root.file('df-abcde1', 'secret'), 'x');
    const { child, pid } = await lingering(folder);
    const leftovers: Leftover[] = [
      { kind: 'folder', path: folder },
      { kind: 'process', pid, folder },
    ];
    await clean(leftovers, root.path);
    expect((await child).signal).toBe('SIGTERM');
    expect(existsSync(folder)).toBe(false);
    await clean(leftovers, root.path);
    expect(warnings).toEqual([]);
  });

  test('kills a process that does not end on SIGTERM', async () => {
    await using root = await tempFolder();
    const folder = root.file('df-abcde1');
    const { child, pid } = await lingering(folder, "process.on('SIGTERM', () => {})");
    await clean([{ kind: 'process', pid, folder }], root.path, { graceMs: 100 });
    expect((await child).signal).toBe('SIGKILL');
  });

  test('does not end another process with the same id', async () => {
    await using root = await tempFolder();
    const { child, pid } = await lingering('/another/folder');
    await clean([{ kind: 'process', pid, folder: root.file('df-abcde1') }], root.path);
    expect(await processCommand(pid, readEnv())).toContain('/another/folder');
    child.kill('SIGKILL');
    await child;
    expect(await processCommand(pid, readEnv())).toBeNull();
  });

  test.each(['.', '..', '../beside', '../root-beside'])('removes no folder at %s of its root', async (way) => {
    await using folder = await tempFolder();
    const root = folder.file('root');
    const path = join(root, way);
    await mkdir(root);
    await mkdir(path, { recursive: true });
    await clean([{ kind: 'folder', path }], root);
    expect(warnings).toEqual([expect.stringContaining(`${path} is not in a temporary folder`)]);
    expect(existsSync(path)).toBe(true);
  });

  test('removes no folder by a relative path', async () => {
    await using folder = await tempFolder();
    await clean([{ kind: 'folder', path: 'no-such-folder' }], folder.path);
    expect(warnings).toEqual([expect.stringContaining('no-such-folder is not in a temporary folder')]);
  });
});
