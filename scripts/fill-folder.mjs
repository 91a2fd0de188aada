// @ts-check
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Fills a folder as a whole: a temporary one beside it takes its place.
 * @param {string} target
 * @param {(temporary: string) => boolean} fill false: it failed, and the target stays unchanged
 */
export async function fillFolder(target, fill) {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(join(parent, '.new-'));
  try {
    if (!fill(temporary)) return false;
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
    return true;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
