import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceableFolder } from '../../core/shared-folder.ts';

/** sun_path holds 108 bytes on Linux and 104 on macOS, the final NUL included. */
const MAX_SOCKET_BYTES = 100;

/**
 * The folder for the Unix socket of a server: its private one, or a new one below the temporary folder.
 * @returns null on Windows, and if there is no safe place with a short enough path; TCP is used then
 */
export async function socketFolder(
  privateDir: string,
  { platform = process.platform, temp = tmpdir() }: { readonly platform?: string; readonly temp?: string } = {},
): Promise<string | null> {
  if (platform === 'win32') return null;
  if (fits(privateDir)) return privateDir;
  if ((await replaceableFolder(temp)) !== null) return null;
  const short = await mkdtemp(join(temp, 'df-')).catch(() => null);
  if (short === null || fits(short)) return short;
  await rm(short, { recursive: true, force: true });
  return null;
}

const fits = (folder: string) => Buffer.byteLength(join(folder, 's')) <= MAX_SOCKET_BYTES;
