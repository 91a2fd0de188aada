import { DEFAULT_DOLT_VERSION } from '../contract/dolt-options.ts';
import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { findOnPath } from './local-dolt.ts';
import { findInToolCache } from './tool-cache.ts';

/** A Dolt that this machine has already, or null; nothing is downloaded or built. */
export async function findDolt(context: InstallContext): Promise<InstalledDolt | null> {
  const wanted = { kind: 'exact', version: DEFAULT_DOLT_VERSION } as const;
  return (await findOnPath(wanted, context)) ?? (await findInToolCache(wanted, context));
}
