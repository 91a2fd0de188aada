// @ts-check
/**
 * `npm run verify`: everything that is checked besides the tests, step by step; all steps run, whatever fails. The very
 * last line says how many passed and failed.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} path of a script below node_modules */
const tool = (path) => join(ROOT, 'node_modules', ...path.split('/'));

/**
 * Runs a program to its end, on our own standard error.
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  return error === undefined && status === 0;
}

/** @param {string[]} args of node */
const node = (...args) => run(process.execPath, args);

/** Builds what is committed again; every file that is new, gone or different then shows in git's status. */
function distFollows() {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  if (!node(join(ROOT, 'scripts', 'build.mjs'))) return false;
  const asked = ['status', '--porcelain', '--untracked-files=all', '--', 'dist'];
  const { status, stdout } = spawnSync('git', asked, { cwd: ROOT, encoding: 'utf8' });
  if (stdout !== '')
    console.error(`dist/ is not what the sources give; run \`npm run build\` and commit it:\n${stdout}`);
  return status === 0 && stdout === '';
}

/** @type {readonly (readonly [string, () => boolean])[]} */
const STEPS = [
  ['types', () => node(tool('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noEmit')],
  ['lint', () => node(tool('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '.')],
  ['unused', () => node(tool('knip/bin/knip.js'))],
  [
    'generated',
    () =>
      node(tool('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noCheck') &&
      node(join('build', 'scripts', 'generate.js'), '--check'),
  ],
  ['dist', distFollows],
];

installDependencies(ROOT);
let failed = 0;
for (const [name, step] of STEPS) {
  const started = Date.now();
  console.error(`--- ${name}`);
  const passed = step();
  if (!passed) failed += 1;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
console.log(`${STEPS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
