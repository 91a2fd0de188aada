// @ts-check
/**
 * `npm test`: runs jest with the arguments it is given, after it has set up the programs that those tests need, and says as
 * its very last line how many tests passed and failed. A file that could not be run counts as a failed test, and a run
 * without tests fails.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { PROGRAM_VARIABLES, setup } from './setup.mjs';
import { needsOf } from './test-needs.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const SEED = 'DOLT_FEDERATION_SEED';
/** The file system in memory that Linux has for every program. */
const MEMORY = '/dev/shm';
/** More than all databases need that tests have at one time. */
const ENOUGH_BYTES = 4 * 1024 ** 3;

/**
 * The variables of the programs that the chosen tests need. Without arguments all tests run.
 * @param {readonly string[]} args of jest
 * @returns {ReadonlySet<string>}
 */
function neededBy(args) {
  if (args.length === 0) return new Set(PROGRAM_VARIABLES);
  const { status, stdout } = spawnSync(process.execPath, [JEST, ...args, '--listTests'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  if (status !== 0) throw new Error('jest does not understand these arguments');
  return new Set(stdout.split('\n').flatMap((file) => (file === '' ? [] : [...needsOf(file)])));
}

/**
 * Tests that draw random cases draw the same ones in every run, unless they are asked for others.
 * @returns {Record<string, string>}
 */
function chooseSeed() {
  if (process.env[SEED] !== 'random') return {};
  const seed = `${randomInt(2 ** 31)}`;
  console.error(`Random cases come from the seed ${seed}. To repeat them: ${SEED}=${seed}`);
  return { [SEED]: seed };
}

/**
 * The Node of the Action's runners, if the tests that run need it: others may start programs with it.
 * @param {Readonly<Record<string, string>>} programs
 * @returns {Record<string, string>}
 */
function runnerNode({ DOLT_FEDERATION_TEST_NODE_24: node }) {
  return node === undefined ? {} : { DOLT_FEDERATION_RUNNER_NODE: node };
}

/**
 * The parent of the temporary folders of all tests: in memory where there is room. Every commit of Dolt waits for the
 * disk several times, which takes a tenth of the time of a test. TMPDIR chooses another place.
 * @returns {string}
 */
function temporaryParent() {
  if ((process.env['TMPDIR'] ?? '') !== '' || process.platform !== 'linux') return tmpdir();
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const options = mounts
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === MEMORY)?.[3]
    ?.split(',');
  if (options === undefined || options.includes('noexec')) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize < ENOUGH_BYTES ? tmpdir() : MEMORY;
}

/**
 * @param {string} file what jest writes with --outputFile
 * @returns {{ passed: number, failed: number }}
 */
function readNumbers(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

async function main() {
  const args = process.argv.slice(2);
  installDependencies(ROOT);
  const programs = await setup(neededBy(args));
  const parent = temporaryParent();
  // Short, because the path of a socket has a limit.
  const folder = mkdtempSync(join(parent, 'df-'));
  // Tests start programs as other users, whose folders are below it.
  chmodSync(folder, 0o755);
  try {
    const output = join(folder, 'jest.json');
    const child = spawn(process.execPath, [JEST, ...args, '--json', `--outputFile=${output}`], {
      cwd: ROOT,
      // With --json jest prints the report on standard output, too; it is read from the file.
      stdio: ['inherit', 'ignore', 'inherit'],
      env: {
        ...process.env,
        ...chooseSeed(),
        ...(parent === MEMORY ? { TMPDIR: folder } : {}),
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --no-warnings`.trim(),
        ...programs,
        ...runnerNode(programs),
      },
    });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
    const [exitCode] = await once(child, 'close');
    const { passed, failed } = readNumbers(output);
    if (passed + failed === 0) console.error('No test was run.');
    console.log(`${passed} passed, ${failed} failed`);
    return exitCode === 0 && failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
