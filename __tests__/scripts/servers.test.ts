import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { explain, installServers } from '../../scripts/servers.mjs';
import { readEnv } from '../../src/core/env.ts';
import type { goInstall } from '../../src/install/go.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const VERSITYGW = 'DOLT_FEDERATION_TEST_VERSITYGW';

function scene(folder: TempFolder, build: typeof goInstall) {
  const signal = new AbortController().signal;
  const log = { debug() {}, info() {}, warning() {} };
  const context = { env: readEnv(), cwd: folder.path, toolCacheDir: folder.path, tempDir: folder.path, log, signal };
  return { folder: folder.file('servers'), context, goInstall: build };
}

const builds =
  (asked: string[]): typeof goInstall =>
  async (program, { folder }) => {
    asked.push(`${program.package}@${program.version}`);
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'versitygw'), program.version);
    await chmod(join(bin, 'versitygw'), 0o755);
    return bin;
  };

test('a program that no test needs is neither built nor searched', async () => {
  await using folder = await tempFolder();
  const asked: string[] = [];
  expect(await installServers([], scene(folder, builds(asked)))).toEqual({});
  expect(asked).toEqual([]);
});

test('the packages to install are named with their purpose', () => {
  const git = { variable: 'DOLT_FEDERATION_TEST_GIT', binary: 'git', debian: 'git', reason: 'repositories are peers' };
  expect(explain('Missing', [git])).toBe(
    'Missing:\n  git: git is not installed, and repositories are peers (or set DOLT_FEDERATION_TEST_GIT)',
  );
});

test('a server is built once, and again for another version', async () => {
  await using folder = await tempFolder();
  const asked: string[] = [];
  const install = () => installServers([VERSITYGW], scene(folder, builds(asked)));
  const path = (await install())[VERSITYGW] ?? '';
  expect(await readFile(path, 'utf8')).toBe('v1.8.0');
  await install();
  expect(asked).toEqual(['github.com/versity/versitygw/cmd/versitygw@v1.8.0']);
  await writeFile(join(path, '..', 'version'), 'v1.7.0');
  await install();
  expect(asked).toHaveLength(2);
});

test('the missing server is named if Go is not installed', async () => {
  await using folder = await tempFolder();
  const noGo: typeof goInstall = async () => ({ kind: 'no-go', reason: 'no Go was found on PATH' });
  await expect(installServers([VERSITYGW], scene(folder, noGo))).rejects.toThrow(
    'The tests need github.com/versity/versitygw/cmd/versitygw, which is built from source: no Go was found on PATH',
  );
});

test('the missing module is named if Go is not installed', async () => {
  await using folder = await tempFolder();
  const { context, ...rest } = scene(folder, builds([]));
  const asked = installServers(['DOLT_FEDERATION_TEST_BD'], { ...rest, context: { ...context, env: { PATH: '' } } });
  await expect(asked).rejects.toThrow(
    'The tests need github.com/steveyegge/beads@v1.3.0, which is built from source: spawn go ENOENT',
  );
});

describe('a program from PyPI', () => {
  const ZIZMOR = 'DOLT_FEDERATION_TEST_ZIZMOR';
  /** A `python3` that puts a program into the target of pip, or fails. */
  async function python(folder: TempFolder, line: string) {
    await mkdir(folder.file('bin'));
    await writeFile(folder.file('bin', 'python3'), `#!/bin/sh\n${line}\n`);
    await chmod(folder.file('bin', 'python3'), 0o755);
    const { context, ...rest } = scene(folder, builds([]));
    const env = { PATH: `${folder.file('bin')}:${readEnv()['PATH']}` };
    return () => installServers([ZIZMOR], { ...rest, context: { ...context, env } });
  }

  test('is installed once in its own folder', async () => {
    await using folder = await tempFolder();
    const log = folder.file('log');
    const target = `while [ "$1" != --target ]; do shift; done`;
    const install = await python(
      folder,
      `echo "$@" >> ${log}\n${target}\nmkdir "$2/bin" && echo "$3" > "$2/bin/zizmor"`,
    );
    const path = (await install())[ZIZMOR] ?? '';
    expect(await readFile(path, 'utf8')).toBe('zizmor==1.32.0\n');
    expect(path.startsWith(folder.file('servers'))).toBe(true);
    expect(await install()).toEqual({ [ZIZMOR]: path });
    expect((await readFile(log, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
  });

  test('is reported as missing if pip does not find it, and leaves no file', async () => {
    await using folder = await tempFolder();
    const install = await python(folder, 'exit 3');
    expect(await install()).toEqual({});
    expect(await readdir(folder.file('servers', 'pypi'))).toEqual([]);
  });
});
