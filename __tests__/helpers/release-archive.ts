import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { run } from '../../src/dolt/process.ts';
import { fileDigest } from '../../src/install/digests.ts';
import { releasePlatform } from '../../src/install/platform.ts';

/** The release that this machine would download. */
export const PLATFORM = releasePlatform(process.platform, process.arch);

/** Packs an executable as a release of Dolt does; without compression, because the real one is large. */
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
  const tar = join(folder, 'content.tar');
  const packed = await run('tar', ['-C', content, '-cf', tar, top], { env: { PATH: '/usr/bin:/bin' } });
  if (packed.exitCode !== 0) throw new Error(packed.stderr);
  await pipeline(createReadStream(tar), createGzip({ level: 0 }), createWriteStream(file));
  await rm(tar);
  return { file, sha256: await fileDigest(file) };
}
