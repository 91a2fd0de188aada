import { chmod, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { extractTar, extractZip } from '@actions/tool-cache';
import { errorMessage, Failure } from '../core/failure.ts';
import type { ReleasePlatform } from './platform.ts';

/**
 * Unpacks a release, whose digest was checked, into a folder.
 * @returns the path of the executable in it
 * @throws Failure `dolt-download-failed` when it cannot be unpacked or holds no Dolt
 */
export async function extractRelease(archive: string, folder: string, platform: ReleasePlatform): Promise<string> {
  try {
    await (platform.asset.endsWith('.zip') ? extractZip(archive, folder) : extractTar(archive, folder, 'xz'));
  } catch (thrown) {
    throw new Failure('dolt-download-failed', `${platform.asset} cannot be unpacked: ${errorMessage(thrown)}`, {
      hint: 'The file is what its digest names, but not a release of Dolt: check `dolt-sha256` and the mirror.',
      cause: thrown,
    });
  }
  const executable = join(folder, ...platform.executable);
  if (!(await isRegularFile(executable))) {
    throw new Failure('dolt-download-failed', `${platform.asset} holds no file "${platform.executable.join('/')}"`, {
      hint: 'The file is what its digest names, but not a release of Dolt: check `dolt-sha256` and the mirror.',
    });
  }
  await chmod(executable, 0o755);
  return executable;
}

async function isRegularFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch {
    return false;
  }
}
