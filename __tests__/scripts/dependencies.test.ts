import { expect, test } from '@jest/globals';
import { isInstalled } from '../../scripts/dependencies.mjs';

const wanted = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

test.each([
  ['all packages are installed', wanted, true],
  ['an optional package for another machine', { 'node_modules/a': { version: '1.0.0' } }, true],
  ['a missing package', { 'node_modules/b': { version: '2.0.0' } }, false],
  ['an outdated package', { ...wanted, 'node_modules/a': { version: '0.9.0' } }, false],
  ['no package is installed', {}, false],
])('the installation is checked: %s', (_, installed, expected) => {
  expect(isInstalled(wanted, installed)).toBe(expected);
});

test('an unreadable lock file requires an installation', () => {
  expect(isInstalled({}, {})).toBe(false);
});
