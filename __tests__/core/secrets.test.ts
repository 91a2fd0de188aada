import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';

test('every added value is hidden wherever it occurs, and no other text', () => {
  const secrets = new Secrets();
  const text = 'short and shorter, a.c and abc';
  expect(secrets.hide(text)).toBe(text);
  for (const secret of ['', 'short', 'shorter', 'a.c', 'short']) secrets.add(secret);
  expect(secrets.hide(text)).toBe('*** and ***, *** and abc');
});
