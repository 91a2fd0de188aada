import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { readEnv } from '../../src/core/env.ts';
import { COMPILE_CACHE, childNode } from './child-node.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

export const CLI = join(process.cwd(), 'dist', 'cli.js');

/** The environment of a user with only a home folder. */
export function userEnvironment(folder: TempFolder): Record<string, string> {
  return { PATH: readEnv()['PATH'] ?? '', HOME: folder.file('home') };
}

/** The words of a command that works on the database `local` with these peers. */
export async function commandLine(
  folder: TempFolder,
  command: string,
  peers: Readonly<Record<string, string>>,
): Promise<string[]> {
  await mkdir(folder.file('home'), { recursive: true });
  const config = folder.file('federation.yaml');
  await writeFile(config, stringify({ federation: { peers } }));
  return [CLI, command, '--json', '--config', config, '--database', folder.file('local'), '--dolt-path', testDolt()];
}

/** Starts the committed command line as a user would; a non-zero exit code does not throw. */
export function startCli(folder: TempFolder, words: readonly string[]) {
  return execa(childNode(), [...words], {
    cwd: folder.path,
    env: { ...userEnvironment(folder), ...COMPILE_CACHE },
    extendEnv: false,
    reject: false,
  });
}
