import { expect, test } from '@jest/globals';
import { redirectTarget } from '../../src/install/http.ts';

test('a redirect from https to https is allowed', () => {
  expect(redirectTarget('https://a.test/x', 'https://b.test/y')).toBe('https://b.test/y');
  expect(redirectTarget('http://127.0.0.1/x', 'http://127.0.0.1/y')).toBe('http://127.0.0.1/y');
  expect(redirectTarget('http://127.0.0.1/x', 'https://b.test/y')).toBe('https://b.test/y');
});

test.each(['http://b.test/y', 'ftp://b.test/y'])('a redirect from https to %s is refused', (location) => {
  expect(() => redirectTarget('https://a.test/x', location)).toThrow(
    expect.objectContaining({ code: 'dolt-download-failed', message: expect.stringContaining(`"${location}"`) }),
  );
});
