// @ts-check
/** `npm run bench:…`: sets up the programs that a bench needs, then compiles and runs it with its arguments. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';
import { needsOf } from './test-needs.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const [name = '', ...args] = process.argv.slice(2);
const programs = await setup(needsOf(join('bench', `${name}.ts`)));
/** @param {string[]} words of node */
const node = (...words) =>
  spawnSync(process.execPath, words, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...programs },
  }).status ?? 1;

const compiled = node(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--noCheck');
process.exitCode = compiled === 0 ? node(join(ROOT, 'build', 'bench', `${name}.js`), ...args) : compiled;
