import { lstat, rename } from 'node:fs/promises';

const MAX_NAMES = 1_000;

/**
 * Renames a file that cannot be used, so that nothing in it is lost. A symbolic link is renamed itself.
 * @returns its new path, which no file had
 * @throws what the system refuses with
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
  throw new Error(`there are ${MAX_NAMES} files beside ${file} that were put aside`);
}
