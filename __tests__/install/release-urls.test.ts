import { expect, test } from '@jest/globals';
import { parseMirror, releaseUrls } from '../../src/install/release-urls.ts';

test('the URLs without a mirror are those of GitHub', () => {
  const urls = releaseUrls(undefined);
  expect(urls.asset('2.3.0', 'dolt-linux-amd64.tar.gz')).toBe(
    'https://github.com/dolthub/dolt/releases/download/v2.3.0/dolt-linux-amd64.tar.gz',
  );
  expect(urls.latest).toBe('https://github.com/dolthub/dolt/releases/latest');
});

test.each(['https://m.test/dolt/download', 'https://m.test/dolt/download/'])(
  'a mirror replaces the base: %s',
  (mirror) => {
    const urls = releaseUrls(parseMirror(mirror));
    expect(urls.asset('2.3.0', 'a.zip')).toBe('https://m.test/dolt/download/v2.3.0/a.zip');
    expect(urls.latest).toBe('https://m.test/dolt/latest');
  },
);

test.each([
  ['m.test/dolt', 'dolt-mirror is not a URL'],
  ['file:///srv/dolt', 'dolt-mirror is neither https nor http'],
  ['https://u:p4ss@m.test/', 'dolt-mirror on m.test has a user, a query or a fragment'],
  ['https://m.test/?key=1', 'dolt-mirror on m.test has a user, a query or a fragment'],
  ['u:p4ss@m.test/x', 'dolt-mirror is neither https nor http'],
  ['//u:p4ss@m.test/x', 'dolt-mirror is not a URL'],
  ['https://m.test/#a', 'dolt-mirror on m.test has a user, a query or a fragment'],
])('an invalid mirror is refused: %s', (mirror, message) => {
  expect(() => parseMirror(mirror)).toThrow(expect.objectContaining({ code: 'bad-usage', message }));
});
