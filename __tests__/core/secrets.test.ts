import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';

test('every added value is hidden wherever it occurs, and no other text', () => {
  const secrets = new Secrets();
  const text = 'short and shorter, a.c and abc';
  expect(secrets.hide(text)).toBe(text);
  for (const secret of ['', 'short', 'shorter', 'a.c', 'short']) secrets.add(secret);
  expect(secrets.hide(text)).toBe('*** and ***, *** and abc');
});

test.each([
  [['abcdefghij', 'ghijklmnop'], 'x abcdefghijklmnop y', 'x *** y'],
  [['abcdefgh', 'abcdefgh'], 'abcdefghabcdefgh', '******'],
  [['abcdefgh1', 'abcdefgh12', 'h1'], 'abcdefgh, h1, abcdefgh1 and abcdefgh12', 'abcdefgh, ***, *** and ***'],
  [['abcdefgh1', 'bcd'], 'abcdefgh', 'a***efgh'],
  [['x'], 'axxb', 'a******b'],
])('values that overlap or begin alike are hidden as a whole: %j', (values, text, shown) => {
  const secrets = new Secrets();
  for (const value of values) secrets.add(value);
  expect(secrets.hide(text)).toBe(shown);
});

test('the time for a value or a text does not grow with the number of values', () => {
  const secrets = new Secrets();
  const value = (index: number) => `ghs_${String(index).padStart(12, '0')}`;
  // Before, this took minutes.
  for (let index = 0; index < 100_000; index += 1) {
    secrets.add(value(index));
    if (index % 50 === 0) expect(secrets.hide(`a ${value(index)} b`)).toBe('a *** b');
  }
  expect(secrets.hide('ghs_'.repeat(1_000))).toBe('ghs_'.repeat(1_000));
});
