import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { readEnv } from '../../src/core/env.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const ROOT = process.cwd();
const packed = z.tuple([z.looseObject({ filename: z.string(), files: z.array(z.looseObject({ path: z.string() })) })]);

/** Longer than any of these commands may take on a busy machine. */
const WITHIN_MS = 5_000;

describe('the package', () => {
  let folder: TempFolder;
  let file: string;
  let paths: readonly string[];

  /** npm and its child processes, without the network and without the settings and caches of the user. */
  const run = async (program: string, args: readonly string[], cwd: string) => {
    const env = {
      PATH: readEnv()['PATH'] ?? '',
      HOME: folder.path,
      npm_config_cache: folder.file('cache'),
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
    };
    return await execa(program, args, { cwd, env, extendEnv: false });
  };

  beforeAll(async () => {
    folder = await tempFolder();
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder.path], ROOT);
    const [{ filename, files }] = packed.parse(JSON.parse(stdout));
    file = folder.file(filename);
    paths = files.map(({ path }) => path);
  }, 60_000);
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test('contains the bundles, the schema and every page, but no sources', async () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['README.md', 'LICENSE', 'CONTRIBUTING.md', 'action.yml', 'setup/action.yml'],
        'validate/action.yml',
        ...['dist/cli.js', 'dist/licenses.txt', 'docs/result.schema.json', 'docs/getting-started.md'],
      ]),
    );
    expect(paths.filter((path) => /^(src|__tests__|node_modules|scripts)\//.test(path))).toEqual([]);
    const readme = await readFile('README.md', 'utf8');
    const linked = [...readme.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, path]) => path);
    expect(paths).toEqual(expect.arrayContaining(linked));
  });

  test('installs offline without any other package, and runs', async () => {
    const cwd = folder.file('installed');
    await mkdir(cwd);
    await run('npm', ['install', '--no-audit', '--no-fund', file], cwd);
    const { packages } = z
      .looseObject({ packages: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(await readFile(join(cwd, 'package-lock.json'), 'utf8')));
    expect(Object.keys(packages)).toEqual(['', 'node_modules/dolt-federation']);
    const command = join(cwd, 'node_modules', '.bin', 'dolt-federation');
    const { version } = z
      .looseObject({ version: z.string() })
      .parse(JSON.parse(await readFile('package.json', 'utf8')));
    expect((await run(command, ['--version'], cwd)).stdout).toContain(version);
    await writeFile(join(cwd, 'c.yaml'), 'federation:\n  remote: file:///srv/box\n');
    const { stdout } = await run(command, ['list-peers', '--config', 'c.yaml', '--json'], cwd);
    expect(JSON.parse(stdout)).toEqual([{ name: 'origin', endpoint: 'file:///srv/box', role: 'primary', tier: 'T1' }]);
  }, 60_000);

  test('starts in seconds from the packed file with npx', async () => {
    const cwd = folder.file('npx');
    await mkdir(cwd);
    const started = performance.now();
    const { stdout } = await run(
      'npx',
      ['--yes', `--package=${file}`, '--', 'dolt-federation', 'list-peers', '--json'],
      cwd,
    );
    const took = performance.now() - started;
    expect(JSON.parse(stdout)).toEqual([]);
    expect(took).toBeLessThan(WITHIN_MS);
  }, 60_000);

  test('also installs from an archive of the repository, and runs no scripts', async () => {
    const cwd = folder.file('archive');
    await mkdir(cwd);
    const archive = folder.file('repository.tar.gz');
    await run('git', ['-c', 'safe.directory=*', 'archive', '-1', '--prefix=repository/', '-o', archive, 'HEAD'], ROOT);
    await run('npm', ['install', '--no-audit', '--no-fund', archive], cwd);
    const { stdout } = await run(join(cwd, 'node_modules', '.bin', 'dolt-federation'), ['list-peers', '--json'], cwd);
    expect(JSON.parse(stdout)).toEqual([]);
  }, 60_000);
});
