import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What of a folder is neither an ordinary file nor a folder. */
export interface OddEntries {
  /** Paths of symbolic links. */
  readonly links: readonly string[];
  /** Paths of FIFOs, sockets and devices, and of links to them: whoever opens one may wait for ever. */
  readonly special: readonly string[];
}

/** Everything odd below a folder, also behind links to other folders. A folder that may not be listed has nothing to show. */
export async function oddEntries(folder: string): Promise<OddEntries> {
  const links: string[] = [];
  const special: string[] = [];
  const seen = new Set<string>();
  const open = [folder];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const real = await realpath(path).catch(() => null);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (entry.isSymbolicLink()) links.push(inner);
      const found = entry.isSymbolicLink() ? await stat(inner).catch(() => null) : entry;
      if (found?.isDirectory() === true) open.push(inner);
      else if (found?.isFile() === false) special.push(inner);
    }
  }
  return { links, special };
}
