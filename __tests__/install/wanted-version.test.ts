import { describe, expect, test } from '@jest/globals';
import { describeWanted, fits, newestFitting, parseAskedVersion } from '../../src/install/version.ts';

describe('the versions that a user may request', () => {
  test.each([
    ['2.3.0', { kind: 'exact', version: '2.3.0' }],
    [' v2.3.0 ', { kind: 'exact', version: '2.3.0' }],
    ['2.3.1-dev', { kind: 'exact', version: '2.3.1-dev' }],
    ['latest', { kind: 'latest' }],
    ['2.x', { kind: 'range', range: '>=2.0.0 <3.0.0-0' }],
    ['>=2.3 <3', { kind: 'range', range: '>=2.3.0 <3.0.0-0' }],
  ])('include %j', (text, asked) => {
    expect(parseAskedVersion(text)).toEqual(asked);
  });

  test.each(['', ' ', 'newest', '2.3.0.1', 'Latest', '../2.3.0'])('exclude %j', (text) => {
    expect(() => parseAskedVersion(text)).toThrow(expect.objectContaining({ code: 'bad-usage' }));
  });
});

describe('a requested version', () => {
  const exact = { kind: 'exact', version: '2.3.0' } as const;
  const range = { kind: 'range', range: '^2.2.0' } as const;

  test('matches only itself if it is exact', () => {
    expect(fits('2.3.0', exact)).toBe(true);
    expect(fits('2.3.1', exact)).toBe(false);
    expect(fits('2.3.0-dev', exact)).toBe(false);
  });

  test('matches no other versions and no pre-releases if it is a range', () => {
    expect(fits('2.10.0', range)).toBe(true);
    expect(fits('3.0.0', range)).toBe(false);
    expect(fits('2.3.1-dev', range)).toBe(false);
  });

  test('matches the highest number, not the last one in the list', () => {
    expect(newestFitting(['2.9.0', '2.10.0', '3.0.0', '2.2.5'], range)).toBe('2.10.0');
    expect(newestFitting(['1.0.0'], range)).toBeNull();
    expect(newestFitting(['2.3.1-dev'], { kind: 'exact', version: '2.3.1-dev' })).toBe('2.3.1-dev');
  });

  test('is quoted in messages', () => {
    expect([describeWanted(exact), describeWanted(range)]).toEqual(['2.3.0', '"^2.2.0"']);
  });
});
