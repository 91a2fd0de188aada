import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../src/dolt/process.ts';
import { fileDigest } from '../../src/install/digests.ts';
import { releasePlatform } from '../../src/install/platform.ts';

/** The release that this machine would download. */
export const PLATFORM = releasePlatform(process.platform, process.arch);

/** Packs an executable as a release of Dolt does; with low compression, because the real one is large. */
export async function packRelease(
  executable: string,
  folder: string,
  inside: readonly string[] = PLATFORM.executable,
): Promise<{ readonly file: string; readonly sha256: string }> {
  const content = join(folder, 'content');
  await mkdir(join(content, dirname(join(...inside))), { recursive: true });
  await copyFile(executable, join(content, ...inside));
  const file = join(folder, PLATFORM.asset);
  const top = inside[0] ?? '.';
  const packed = await run('tar', ['-C', content, '-I', 'gzip -1', '-cf', file, top], {
    env: { PATH: '/usr/bin:/bin' },
  });
  if (packed.exitCode !== 0) throw new Error(packed.stderr);
  return { file, sha256: await fileDigest(file) };
}
