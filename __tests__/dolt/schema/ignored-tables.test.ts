import { expect, test } from '@jest/globals';
import { isIgnored } from '../../../src/dolt/schema/ignored-tables.ts';

const ignored = (pattern: string) => ({ pattern, ignored: true });
const kept = (pattern: string) => ({ pattern, ignored: false });

test.each([
  ['wisps', [ignored('wisps')], true],
  ['Wisps', [ignored('wisps')], true],
  ['wisp', [ignored('wisps')], false],
  ['wisps2', [ignored('wisp%')], true],
  ['a_wisp', [ignored('*wisp')], true],
  ['wisp1', [ignored('wisp?')], true],
  ['wisp', [ignored('wisp?')], false],
  ['w.s', [ignored('w?s')], true],
  ['wxs', [ignored('w.s')], false],
  ['abcabd', [ignored('%ab%d')], true],
  ['abcabc', [ignored('%ab%d')], false],
  ['private_shared', [ignored('private%'), kept('private_shared')], false],
  ['private_notes', [ignored('private%'), kept('private_shared')], true],
  // Dolt reads only the first pattern.
  ['priv_pub', [ignored('priv_%'), kept('PRIV_PUB')], true],
  // Neither is more specific.
  ['ab', [ignored('a%'), kept('%b')], true],
] as const)('table %s with the patterns %j: %s', (table, patterns, expected) => {
  expect(isIgnored(table, patterns)).toBe(expected);
});

test('many wildcards and a long name take linear time', () => {
  const before = performance.now();
  expect(isIgnored(`${'a'.repeat(60)}c`, [ignored(`${'%a'.repeat(30)}b`)])).toBe(false);
  expect(performance.now() - before).toBeLessThan(20_000);
});
