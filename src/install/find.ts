import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { findOnPath } from './local-dolt.ts';
import { findInToolCache, type Wish } from './tool-cache.ts';

/**
 * A Dolt that this machine has already, or null; nothing is downloaded or built. Where a digest was given PATH is not
 * searched: which release an executable was taken from only the tool cache can tell.
 * @throws Failure `interrupted`
 */
export async function findDolt(wish: Wish, context: InstallContext): Promise<InstalledDolt | null> {
  const onPath = wish.sha256 === undefined ? await findOnPath(wish.wanted, context) : null;
  return onPath ?? (await findInToolCache(wish, context));
}
