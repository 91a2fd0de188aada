import { lstat, rename } from 'node:fs/promises';

const MAX_NAMES = 1_000;

/**
 * Renames an unusable file, so that its contents are kept. A symbolic link itself is renamed.
 * @returns its new, unused path
 * @throws errors of the file system
 */
export async function putAside(file: string): Promise<string> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const aside = `${file}.unreadable${number === 1 ? '' : `-${number}`}`;
    const isTaken = await lstat(aside).then(
      () => true,
      () => false,
    );
    if (isTaken) continue;
    await rename(file, aside);
    return aside;
  }
  throw new Error(`there are already ${MAX_NAMES} renamed copies of ${file}`);
}
