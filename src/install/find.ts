import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { findOnPath } from './local-dolt.ts';
import { findInToolCache } from './tool-cache.ts';
import type { WantedVersion } from './wanted-version.ts';

interface Wish {
  readonly wanted: WantedVersion;
  /** The digest of the release that it must come from. */
  readonly sha256?: string | undefined;
}

/**
 * A Dolt that this machine has already, or null; nothing is downloaded or built. Where a digest was given, only the tool
 * cache can tell which release an executable was taken from.
 * @throws Failure `interrupted`
 */
export async function findDolt({ wanted, sha256 }: Wish, context: InstallContext): Promise<InstalledDolt | null> {
  if (sha256 !== undefined) return await findInToolCache({ wanted, made: { from: sha256 } }, context);
  return (await findOnPath(wanted, context)) ?? (await findInToolCache({ wanted }, context));
}
