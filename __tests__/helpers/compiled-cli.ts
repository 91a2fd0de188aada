import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { readEnv } from '../../src/core/env.ts';
import { COMPILE_CACHE, childNode } from './child-node.ts';
import { BUNDLED_CLI, compiledSources } from './compiled-sources.ts';

const ROOT = process.cwd();

export interface CliOptions {
  readonly cwd?: string;
  /** Added to an environment with only PATH, a home folder and a cache folder. */
  readonly env?: Readonly<Record<string, string>>;
}

export type CompiledCli = Awaited<ReturnType<typeof compileCli>>;

/** The compiled command line, with a home of its own below the repository. */
export async function compileCli() {
  const sources = await compiledSources();
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.cache', 'cli-test-'));
  const path = join(sources, BUNDLED_CLI);
  const settings = ({ cwd = folder, env = {} }: CliOptions = {}) => ({
    cwd,
    extendEnv: false,
    reject: false as const,
    stripFinalNewline: false,
    env: {
      PATH: readEnv()['PATH'] ?? '',
      HOME: folder,
      ...COMPILE_CACHE,
      XDG_CACHE_HOME: join(folder, 'xdg-cache'),
      ...env,
    },
  });
  return {
    /** The compiled file of a source below `src`, named without its extension. */
    compiled: (source: string) => join(sources, 'src', `${source}.js`),
    /** The file of the command line. */
    path,
    /** Runs a command line as a process; a non-zero exit code does not throw. */
    run: (args: readonly string[], options?: CliOptions) => execa(childNode(), [path, ...args], settings(options)),
    /** Runs a line of shell, in which `$CLI` is the command line. */
    shell: (line: string, options: CliOptions = {}) =>
      execa('/bin/bash', ['-o', 'pipefail', '-c', line], {
        ...settings({ ...options, env: { ...options.env, CLI: `${childNode()} ${path}` } }),
      }),
    /** Runs a script that may import compiled files. */
    script: (code: string) => execa(childNode(), ['--input-type=module', '-e', code], settings()),
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
