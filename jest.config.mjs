/** Tests run as real ES modules (NODE_OPTIONS=--experimental-vm-modules, set by scripts/test.mjs). */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } } },
    ],
  },
  testTimeout: 60_000,
  maxWorkers: 2,
};
