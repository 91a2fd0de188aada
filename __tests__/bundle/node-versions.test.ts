import { mkdir, readFile, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { readEnv } from '../../src/core/env.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const packed = z.tuple([z.looseObject({ filename: z.string(), files: z.array(z.looseObject({ path: z.string() })) })]);

/** The oldest Node that package.json allows, that of the Action, and that of these tests. */
const NODES =
  process.platform === 'linux'
    ? [
        ['20.5.1', serverProgram('NODE_20')],
        ['24', serverProgram('NODE_24')],
      ]
    : [[process.versions.node, process.execPath]];

describe('the package, installed into an empty project', () => {
  let folder: TempFolder;
  let files: readonly string[];

  const run = async (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    await execa(program, args, {
      cwd: folder.file('project'),
      extendEnv: false,
      reject: false,
      env: {
        PATH: readEnv()['PATH'] ?? '',
        HOME: folder.path,
        npm_config_cache: folder.file('npm'),
        npm_config_offline: 'true',
        npm_config_update_notifier: 'false',
        ...env,
      },
    });

  beforeAll(async () => {
    folder = await tempFolder();
    await mkdir(folder.file('project'));
    const pack = await run('npm', ['pack', process.cwd(), '--json', '--pack-destination', folder.path]);
    const [{ filename, files: list }] = packed.parse(JSON.parse(pack.stdout));
    files = list.map(({ path }) => path);
    const install = await run('npm', ['install', '--no-audit', '--no-fund', folder.file(filename)]);
    expect(install).toMatchObject({ exitCode: 0 });
  }, 60_000);
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test.each(NODES)('federates three databases on Node %s', async (version = '', node = '') => {
    // The first line of the program takes `node` from PATH.
    const bin = folder.file(`bin-${version}`);
    await mkdir(bin);
    await symlink(node, `${bin}/node`);
    const command = folder.file('project', 'node_modules', '.bin', 'dolt-federation');
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    expect((await run(command, ['--version'], env)).stdout).toContain(`Node ${version}`);
    const { exitCode, stdout } = await run(command, ['demo', '--json', '--dolt-path', testDolt()], env);
    expect([exitCode, Object.keys(JSON.parse(stdout))]).toEqual([0, ['towns']]);
  });

  test('holds only the files that users need, and nothing of the machine that packed it', async () => {
    const manifest = z
      .looseObject({ files: z.array(z.string()) })
      .parse(JSON.parse(await readFile('package.json', 'utf8')));
    const allowed = new Set([...manifest.files, 'package.json', 'README.md', 'LICENSE']);
    expect(files.filter((path) => !allowed.has(path.split('/')[0] ?? ''))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md']));
    expect(files.filter((path) => /\.(?:map|ts|test\.\w+|tgz|log)$|(?:^|\/)\.|__tests__/.test(path))).toEqual([]);
    const machine = [process.cwd(), readEnv()['HOME'] ?? process.cwd()].filter((place) => place.length > 5);
    for (const path of files) {
      const text = await readFile(folder.file('project', 'node_modules', 'dolt-federation', path), 'utf8');
      const named = machine.filter((place) => text.includes(place));
      expect({ path, named, mapped: /sourceMappingURL=/.test(text) }).toEqual({ path, named: [], mapped: false });
    }
  });
});
