import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** An absolute path without links, as far as it exists. */
export async function realPath(path: string): Promise<string> {
  const found = await realpath(path).catch(() => null);
  if (found !== null || dirname(path) === path) return found ?? path;
  return join(await realPath(dirname(path)), basename(path));
}
