import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Dolt reports usage and looks for newer versions unless its user-wide settings say otherwise (measured on 2.3.0). */
const SETTINGS = { 'metrics.disabled': 'true', 'versioncheck.disabled': 'true' };

/**
 * Makes the private folder that Dolt takes for its user-wide settings, so that the user's own are neither read nor
 * changed and nothing but the peers is contacted.
 * @param parentDir a private folder that somebody else removes
 * @returns the value for `DOLT_ROOT_PATH`
 */
export async function preparePrivateRoot(parentDir: string): Promise<string> {
  const root = join(parentDir, 'root');
  await mkdir(join(root, '.dolt'), { recursive: true, mode: 0o700 });
  await writeFile(join(root, '.dolt', 'config_global.json'), JSON.stringify(SETTINGS), { mode: 0o600 });
  return root;
}
