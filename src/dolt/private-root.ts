import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EngineKit, PLAIN_KIT } from './engine-kit.ts';

/** Dolt reports usage and looks for newer versions unless its user-wide settings say otherwise (measured on 2.3.0). */
const SETTINGS = { 'metrics.disabled': 'true', 'versioncheck.disabled': 'true' };

/** Name of the folder below the private one that Dolt takes for its user-wide settings. */
export const ROOT = 'root';

/** Name of the folder below the private one for the temporary files of Dolt and of the programs that it starts. */
export const TEMPORARY_FILES = 'tmp';

/**
 * Fills the private folder of a Dolt process: its user-wide settings, so that the user's own are neither read nor
 * changed and nothing but the peers is contacted; a home; a folder for temporary files; and the files of its kit.
 * @param parentDir a private folder that somebody else removes
 * @returns the value for `DOLT_ROOT_PATH`
 */
export async function preparePrivateRoot(parentDir: string, kit: EngineKit = PLAIN_KIT): Promise<string> {
  const root = join(parentDir, ROOT);
  const settings = JSON.stringify({ ...SETTINGS, ...kit.settings });
  const files = { [join(ROOT, '.dolt', 'config_global.json')]: settings, ...kit.files };
  for (const folder of ['home', TEMPORARY_FILES]) {
    await mkdir(join(parentDir, folder), { recursive: true, mode: 0o700 });
  }
  for (const [path, content] of Object.entries(files)) {
    const file = join(parentDir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }
  return root;
}
