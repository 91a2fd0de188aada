import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { requireAllowed } from '../../../src/config/endpoint/allow-list.ts';
import { parseEndpoint } from '../../../src/config/endpoint/parse.ts';
import { parsePathPattern } from '../../../src/config/endpoint/path-pattern.ts';
import { Failure } from '../../../src/core/failure.ts';
import { refusal } from '../../helpers/configuring.ts';

/** The answer of Go 1.26: `path.Match(pattern, name)`, `malformed` for ErrBadPattern. */
const CASES: [string, string, string][] = JSON.parse(readFileSync('__tests__/fixtures/go-path-match.json', 'utf8'));

function decide(pattern: string, name: string): string {
  try {
    return String(parsePathPattern(pattern).test(name));
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'config-invalid') return 'malformed';
    throw thrown;
  }
}

test.each(CASES)('path.Match(%j, %j) is %s, as in Go', (pattern, name, expected) => {
  expect(decide(pattern, name)).toBe(expected);
});

test('many stars take linear time, and a pattern longer than any endpoint is malformed', () => {
  expect(decide('*[^x]'.repeat(300), `${'a'.repeat(5_000)}x`)).toBe('false');
  expect(decide('*a'.repeat(1_000), 'a'.repeat(100_000))).toBe('true');
  expect(decide('a'.repeat(2_001), 'a'.repeat(2_001))).toBe('malformed');
});

describe('allowed endpoints', () => {
  const options = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };
  const allow = (written: string, ...patterns: string[]) =>
    requireAllowed(parseEndpoint(written, options), patterns, options);

  test.each([
    ['file:///srv/a', []],
    ['file:///srv/a', ['gs://*/*', 'file:///srv/*']],
    ['https://EX.com:443/%61', ['https://ex.com/a']],
    ['dolthub://org/repo', ['dolthub://org/*', 'https://doltremoteapi.dolthub.com/org/*']],
    ['git@h:org/repo', ['git+ssh://h/./org/*']],
  ])('%s matches %j', (written, patterns) => {
    expect(() => allow(written, ...patterns)).not.toThrow();
  });

  test.each([
    ['file:///srv/a/b', ['file:///srv/*']],
    ['dolthub://org/repo', ['dolthub://org/*']],
    ['dolthub://org/repo', ['https://doltremoteapi.dolthub.com/*/*']],
    ['https://ex.com/a', ['https://EX.com/a']],
    ['git@h:org/repo', ['git+ssh://h/org/*']],
  ])('%s does not match %j', async (written, patterns) => {
    expect((await refusal(() => allow(written, ...patterns))).code).toBe('endpoint-not-allowed');
  });

  test.each([`https://u:${'hunter2'.repeat(50)}@h/*`, 'https://u:hunter2/3@h/['])(
    'a refusal repeats no password of the pattern %s',
    async (pattern) => {
      expect((await refusal(() => allow('file:///srv/a', pattern))).message).not.toContain('hunter2');
    },
  );
});
