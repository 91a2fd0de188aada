// @ts-check
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ version?: string, optional?: boolean, peer?: boolean, devOptional?: boolean, link?: boolean }} Locked */

/**
 * Runs `npm ci` unless node_modules already holds what package-lock.json asks for. npm notes in
 * node_modules/.package-lock.json what it installed; times of files say nothing after a checkout.
 * @param {string} root folder of the repository
 */
export function installDependencies(root) {
  if (isInstalled(packages(join(root, 'package-lock.json')), packages(join(root, 'node_modules/.package-lock.json')))) {
    return;
  }
  console.error('Installing the dependencies: npm ci');
  // On Windows npm is a script, which only a shell can start; the arguments are constants.
  /** @type {import('node:child_process').SpawnSyncOptions} */
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options);
  if (status !== 0) throw new Error(`npm ci failed: ${error?.message ?? `exit code ${status}`}`);
}

/**
 * Whether every package of a lock file is there in its version; those for other machines need not be.
 * @param {Record<string, Locked>} wanted
 * @param {Record<string, Locked>} installed
 */
export function isInstalled(wanted, installed) {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return false;
  return entries.every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true;
    const there = installed[path];
    if (there === undefined) return optional === true || devOptional === true || peer === true;
    return there.version === version;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, Locked>} empty when there is no such file
 */
function packages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
