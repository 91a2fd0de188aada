// @ts-check
import { PROJECTS, projectOf, testFiles } from './scripts/test-needs.mjs';

/** Tests run as real ES modules (NODE_OPTIONS=--experimental-vm-modules, set by scripts/test.mjs). */
const COMMON = {
  testEnvironment: 'node',
  // scripts/test.mjs removes the temporary folder, which is jest's own place for it.
  cacheDirectory: '<rootDir>/.cache/jest',
  // Otherwise a global that one file set makes the next one recurse without end when it sets it (jest 30, measured).
  testEnvironmentOptions: { globalsCleanup: 'off' },
  roots: ['<rootDir>/__tests__'],
  extensionsToTreatAsEsm: ['.ts'],
  // Each test file loads its modules again. The 60 languages of zod's messages are a third of them, and none is used.
  moduleNameMapper: { '^\\.\\./locales/index\\.js$': '<rootDir>/scripts/no-locales.mjs' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } } },
    ],
  },
};

/** A test belongs to the project that its imports put it in: scripts/test-needs.mjs. */
const files = testFiles().map((file) => ({ file, project: projectOf(file) }));

export default {
  projects: PROJECTS.map((project) => ({
    ...COMMON,
    displayName: project,
    testMatch: files.filter((one) => one.project === project).map(({ file }) => `<rootDir>/${file}`),
    // What needs no program gets none, whatever its imports say.
    ...(['unit', 'large', 'processes'].includes(project) ? { setupFiles: ['<rootDir>/scripts/no-programs.mjs'] } : {}),
  })),
  testSequencer: '<rootDir>/scripts/long-tests-first.mjs',
  testTimeout: 60_000,
  // Tests with servers wait as much as they compute, so two cores have work for three.
  maxWorkers: 3,
  // Modules of finished test files stay in memory (jest 30 with ES modules, measured: 2 GB after 100 files), and each
  // start of a process copies its page tables.
  workerIdleMemoryLimit: '500MB',
};
