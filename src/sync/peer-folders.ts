import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRun } from './peer-run.ts';

/** Dolt 2.3.0 makes this folder in a file remote that lacks it as soon as something is fetched (measured). */
const MADE_BY_FETCH = 'oldgen';

/**
 * Remembers which folders of `file://` peers a fetch would add something to.
 * @returns removes what was added; a folder that somebody has put something into stays
 */
export async function rememberFolders(runs: readonly PeerRun[]): Promise<() => Promise<void>> {
  const lacking: string[] = [];
  for (const { peer, registered } of runs) {
    const { folder } = peer.endpoint;
    if (!registered || folder === null) continue;
    const names = await readdir(folder).catch(() => null);
    if (names !== null && !names.includes(MADE_BY_FETCH)) lacking.push(join(folder, MADE_BY_FETCH));
  }
  return async () => {
    for (const folder of lacking) await rmdir(folder).catch(() => undefined);
  };
}
