// @ts-check
/** Gets programs that PyPI has as wheels, each into its own folder: no Python environment of the user changes. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillFolder } from './fill-folder.mjs';

/**
 * @typedef {{ variable: string, binary: string, version: string, reason: string }} Wheel `binary` is also the name of the
 *   package; `reason` says how the tests use it
 */

/**
 * If pip fails, that is reported and no error: the tests that need the program fail and name it, all others can run.
 * @param {Wheel} wheel
 * @param {{ folder: string, env: NodeJS.ProcessEnv }} ground
 * @returns {Promise<string | null>} the absolute path of the program
 */
export async function installWheel({ variable, binary, version, reason }, { folder, env }) {
  const target = join(folder, `${binary}-${version}`);
  const program = join(target, 'bin', binary);
  if (existsSync(program)) return program;
  const isThere = await fillFolder(target, (temporary) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action', 'ignore'];
    const only = ['--no-deps', '--only-binary', ':all:', '--target', temporary, `${binary}==${version}`];
    const { status, error } = spawnSync('python3', [...pip, ...only], { env, stdio: ['ignore', 2, 2] });
    if (status === 0) return true;
    const why = error?.message ?? `exit code ${status}`;
    console.error(`Some tests will fail without ${binary}: ${reason}, and pip failed: ${why} (or set ${variable})`);
    return false;
  });
  return isThere ? program : null;
}
