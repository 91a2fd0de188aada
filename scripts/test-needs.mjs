// @ts-check
/**
 * Which programs a test file needs, read from its imports: a test gets at a program only through `testDolt` and
 * `serverProgram` of `__tests__/helpers`. From that follows its jest project (jest.config.mjs) and what `npm test --
 * PATH` sets up (test.mjs).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = '__tests__';

/** The folders whose files get at programs through the helpers of tests. */
const USING_HELPERS = /^(?:__tests__|bench)\//;

/** The helper that names Dolt. */
const DOLT_HELPER = '__tests__/helpers/dolt-binary.ts';
const SERVER_PROGRAM = /\bserverProgram\('(\w+)'\)/g;

/** Helpers that break a run on purpose: kill it, cut its network, fill its disk. */
const FAULT_HELPERS = '__tests__/helpers/faults/';

/** The helper of tests that take seconds because they try much. */
const LARGE_HELPER = '__tests__/helpers/large.ts';

/** Imports and re-exports of files that are there when the test runs; imports of types are not. */
const IMPORT = /\b(?:import|export)\s+(?!type\b)(?:[\w*{][^'";]*?\bfrom\s*)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/g;

/** Files of src whose functions do little else than start a program: Dolt, git, Go, bd or flock. */
export const STARTERS = [
  'dolt/process',
  'dolt/identity',
  'install/build',
  'install/install',
  'commands/prepare/bd/stop-bd',
  'commands/prepare/edit-configuration',
];

/**
 * Imports by which a test, or a helper of it, starts a process (the command line, a step, a compiler, a script) or a
 * server of its own.
 */
const STARTS_PROCESS = new RegExp(
  `\\bfrom '(?:execa|node:(?:child_process|net|tls|https?|http2|dgram)|(?:\\.\\./)+src/(?:${STARTERS.join('|')})\\.ts)'`,
);

export const PROJECTS = /** @type {const} */ (['unit', 'large', 'processes', 'dolt', 'servers', 'faults']);

/** @typedef {typeof PROJECTS[number]} Project */

/**
 * The needs that the imports of one test file show.
 * @typedef {{ imports: readonly string[], programs: readonly string[], startsProcess: boolean }} OwnNeeds
 * @type {Map<string, OwnNeeds>}
 */
const known = new Map();

/**
 * @param {string} file from the root of the repository, with `/`
 * @returns {OwnNeeds}
 */
function read(file) {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = readFileSync(join(ROOT, file), 'utf8');
  const imports = [...text.matchAll(IMPORT)]
    .map(([, fixed, dynamic]) => posix.join(posix.dirname(file), fixed ?? dynamic ?? ''))
    .filter((path) => USING_HELPERS.test(path) && existsSync(join(ROOT, path)));
  const programs = [...text.matchAll(SERVER_PROGRAM)].map(([, program]) => `DOLT_FEDERATION_TEST_${program}`);
  if (file === DOLT_HELPER) programs.push('DOLT_FEDERATION_TEST_DOLT');
  const said = { imports, programs, startsProcess: STARTS_PROCESS.test(text) };
  known.set(file, said);
  return said;
}

/**
 * The file and every helper that it imports, also through others.
 * @param {string} file from the root of the repository, with `/`
 * @returns {ReadonlySet<string>}
 */
export function reachedFrom(file) {
  const reached = new Set([file]);
  for (const each of reached) for (const imported of read(each).imports) reached.add(imported);
  return reached;
}

/**
 * The variables that name the programs that a test file or a bench needs. A file outside their folders needs none.
 * @param {string} file absolute, or from the root of the repository
 * @returns {ReadonlySet<string>}
 */
export function needsOf(file) {
  const path = relative(ROOT, resolve(ROOT, file)).split(sep).join('/');
  if (!USING_HELPERS.test(path)) return new Set();
  return new Set([...reachedFrom(path)].flatMap((each) => read(each).programs));
}

/**
 * @param {string} file from the root of the repository, with `/`
 * @returns {Project}
 */
export function projectOf(file) {
  const reached = [...reachedFrom(file)];
  if (reached.some((path) => path.startsWith(FAULT_HELPERS))) return 'faults';
  const needs = needsOf(file);
  if (needs.size === 0) {
    if (reached.some((path) => read(path).startsProcess)) return 'processes';
    return reached.includes(LARGE_HELPER) ? 'large' : 'unit';
  }
  return needs.size === 1 && needs.has('DOLT_FEDERATION_TEST_DOLT') ? 'dolt' : 'servers';
}

/** @returns {string[]} every test file, from the root of the repository, with `/` */
export function testFiles() {
  return readdirSync(join(ROOT, TESTS), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => posix.join(TESTS, name.split(sep).join('/')))
    .sort();
}
