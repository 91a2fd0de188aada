import { expect, test } from '@jest/globals';
import { isInstalled } from '../../scripts/dependencies.mjs';

const wanted = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

test.each([
  ['everything is there', wanted, true],
  ['an optional package is not for this machine', { 'node_modules/a': { version: '1.0.0' } }, true],
  ['a package is missing', { 'node_modules/b': { version: '2.0.0' } }, false],
  ['a package is old', { ...wanted, 'node_modules/a': { version: '0.9.0' } }, false],
  ['nothing is there', {}, false],
])('%s', (_, installed, expected) => {
  expect(isInstalled(wanted, installed)).toBe(expected);
});

test('a lock file that cannot be read asks for an installation', () => {
  expect(isInstalled({}, {})).toBe(false);
});
