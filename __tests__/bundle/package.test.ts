import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { readEnv } from '../../src/core/env.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const ROOT = process.cwd();
const packed = z.tuple([z.looseObject({ filename: z.string(), files: z.array(z.looseObject({ path: z.string() })) })]);

/** The oldest Node that package.json allows, and that of the Action; elsewhere that of these tests. */
const NODES =
  process.platform === 'linux'
    ? [
        ['20.5.1', serverProgram('NODE_20')],
        ['24', serverProgram('NODE_24')],
      ]
    : [[process.versions.node, process.execPath]];

/** Longer than any of these commands may take on a busy machine. */
const WITHIN_MS = 5_000;

describe('the package', () => {
  let folder: TempFolder;
  let file: string;
  let paths: readonly string[];

  /** npm and its child processes, without the network and without the settings and caches of the user. */
  const run = async (
    program: string,
    args: readonly string[],
    cwd: string,
    over: Readonly<Record<string, string>> = {},
  ) => {
    const env = {
      PATH: readEnv()['PATH'] ?? '',
      HOME: folder.path,
      npm_config_cache: folder.file('cache'),
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      ...over,
    };
    return await execa(program, args, { cwd, env, extendEnv: false });
  };

  beforeAll(async () => {
    folder = await tempFolder();
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder.path], ROOT);
    const [{ filename, files }] = packed.parse(JSON.parse(stdout));
    file = folder.file(filename);
    paths = files.map(({ path }) => path);
    await mkdir(folder.file('installed'));
    await run('npm', ['install', '--no-audit', '--no-fund', file], folder.file('installed'));
    // The first line of the program takes `node` from PATH.
    for (const [version = '', node = ''] of NODES) {
      await mkdir(folder.file(`bin-${version}`));
      await symlink(node, folder.file(`bin-${version}`, 'node'));
    }
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

  test('holds only the files that users need, and nothing of the machine that packed it', async () => {
    const manifest = z
      .looseObject({ files: z.array(z.string()) })
      .parse(JSON.parse(await readFile('package.json', 'utf8')));
    const allowed = new Set([...manifest.files, 'package.json', 'README.md', 'LICENSE']);
    expect(paths.filter((path) => !allowed.has(path.split('/')[0] ?? ''))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(['CHANGELOG.md', 'SECURITY.md']));
    expect(paths.filter((path) => /\.(?:map|ts|test\.\w+|tgz|log)$|(?:^|\/)\.|__tests__/.test(path))).toEqual([]);
    const machine = [process.cwd(), readEnv()['HOME'] ?? process.cwd()].filter((place) => place.length > 5);
    for (const path of paths) {
      const text = await readFile(folder.file('installed', 'node_modules', 'dolt-federation', path), 'utf8');
      const named = machine.filter((place) => text.includes(place));
      expect({ path, named, mapped: /sourceMappingURL=/.test(text) }).toEqual({ path, named: [], mapped: false });
    }
  });

  test('installs offline without any other package', async () => {
    const { packages } = z
      .looseObject({ packages: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(await readFile(folder.file('installed', 'package-lock.json'), 'utf8')));
    expect(Object.keys(packages)).toEqual(['', 'node_modules/dolt-federation']);
  });

  test.each(NODES)('runs on Node %s', async (version = '') => {
    const cwd = folder.file('installed');
    const env = { PATH: `${folder.file(`bin-${version}`)}:/usr/bin:/bin` };
    const command = join(cwd, 'node_modules', '.bin', 'dolt-federation');
    const own = z.looseObject({ version: z.string() }).parse(JSON.parse(await readFile('package.json', 'utf8')));
    const { stdout: shown } = await run(command, ['--version'], cwd, env);
    expect(shown).toContain(`dolt-federation ${own.version}`);
    expect(shown).toContain(`Node ${version}`);
    await writeFile(join(cwd, 'c.yaml'), 'federation:\n  remote: file:///srv/box\n');
    const { stdout } = await run(command, ['list-peers', '--config', 'c.yaml', '--json'], cwd, env);
    expect(JSON.parse(stdout)).toEqual([{ name: 'origin', endpoint: 'file:///srv/box', role: 'primary', tier: 'T1' }]);
  });

  // The steps of the Action and most tests of the bundle run on the newest.
  test('federates three databases on the oldest Node', async () => {
    const [[version = ''] = []] = NODES;
    const env = { PATH: `${folder.file(`bin-${version}`)}:/usr/bin:/bin` };
    const command = folder.file('installed', 'node_modules', '.bin', 'dolt-federation');
    const { stdout } = await run(command, ['demo', '--json', '--dolt-path', testDolt()], folder.file('installed'), env);
    expect(Object.keys(JSON.parse(stdout))).toEqual(['towns']);
  });

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
