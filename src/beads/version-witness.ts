import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../core/failure.ts';
import { isFolder } from '../core/files.ts';
import type { BdUsage } from './workspace.ts';

/** The version of bd whose layout a clone has. */
const VERSION = '1.3.0';

/**
 * Writes the version file of bd into a workspace in server mode that has none. A fresh checkout has none, and with a data
 * folder bd 1.3.0 takes it for a workspace from before 1.0, and refuses every command (measured).
 */
export async function writeVersionWitness({ mode, guarded: [beads = ''] }: BdUsage): Promise<void> {
  if (mode !== 'server' || !(await isFolder(join(beads, 'dolt')))) return;
  try {
    await writeFile(join(beads, '.local_version'), `${VERSION}\n`, { flag: 'wx', mode: 0o600 });
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
  }
}
