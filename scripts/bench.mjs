// @ts-check
/** `npm run bench:races`: prepares the machine as for the tests, then compiles and runs the bench with its arguments. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const programs = await setup(new Set(['DOLT_FEDERATION_TEST_DOLT']));
/** @param {string[]} args of node */
const node = (...args) =>
  spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...programs },
  }).status ?? 1;

const compiled = node(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--noCheck');
process.exitCode = compiled === 0 ? node(join(ROOT, 'build', 'bench', 'races.js'), ...process.argv.slice(2)) : compiled;
