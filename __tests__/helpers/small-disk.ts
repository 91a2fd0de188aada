import { writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { TempFolder } from './temp-folder.ts';

/** How a shell script in a mount namespace of its own ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a shell script that may mount what it likes: nobody outside sees it, and it goes with the script. Linux only; where
 * we are not root, a user namespace makes us so.
 */
export async function inMountNamespace(
  folder: TempFolder,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const file = folder.file('mount.sh');
  await writeFile(file, `set -eu\nmount --make-rprivate /\n${script}`);
  const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const { exitCode, stdout, stderr } = await execa('unshare', [...root, '--mount', '/bin/bash', file], {
    cwd: folder.path,
    extendEnv: false,
    env,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}
