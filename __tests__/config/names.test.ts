import { describe, expect, test } from '@jest/globals';
import { parseBranchName, parsePeerName } from '../../src/config/names.ts';
import { Failure } from '../../src/core/failure.ts';
import { refusal } from '../helpers/configuring.ts';
import { fc } from '../helpers/property.ts';

function passes(parse: (text: string) => string, text: string): boolean {
  try {
    return parse(text) === text;
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}

describe('peer names', () => {
  test.each(['a', 'Hub', 'north-2_b', 'x'.repeat(64), 'originx', 'constructor'])('%s is valid', (name) => {
    expect(parsePeerName(name)).toBe(name);
  });

  test.each([
    ['', 'it is empty'],
    ['x'.repeat(65), 'longer than 64'],
    ['1a', 'start with a letter'],
    ['-a', 'start with a letter'],
    ['a.b', 'start with a letter'],
    ['a b', 'start with a letter'],
    ['a\n', 'start with a letter'],
    ['é', 'start with a letter'],
    ['Origin', 'reserved'],
    ['MAIN', 'reserved'],
    ['master', 'reserved'],
    ['head', 'reserved'],
  ])('%j is refused: %s', async (name, why) => {
    const failure = await refusal(() => parsePeerName(name));
    expect(failure).toMatchObject({ code: 'invalid-peer-name', message: expect.stringContaining(why) });
  });

  test('origin is refused with the key that sets it', async () => {
    expect((await refusal(() => parsePeerName('origin'))).hint).toContain('federation.remote');
  });

  test('an accepted name fits the grammar', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 70 }), (name) => {
        const fits = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) && !/^(origin|main|master|head)$/i.test(name);
        expect(passes(parsePeerName, name)).toBe(fits);
      }),
    );
  });
});

describe('branch names', () => {
  test.each([
    'main',
    'feature/a-b',
    'v1.2',
    'a+b',
    'user/ann@example.org',
    'dependabot/npm_and_yarn/x-1.2',
    'a/HEAD',
    'refs',
    'main/heads',
    'my-refs/x',
    '0123456789abcdef0123456789abcdef0123456789abcdef',
  ])('%s is valid', (name) => {
    expect(parseBranchName(name)).toBe(name);
  });

  test.each([
    '',
    ':main',
    'a:b',
    '+main',
    '-d',
    '--force',
    'a/-b',
    'a*',
    'a?',
    'a[b',
    'a\\b',
    'a~1',
    'a^',
    'a..b',
    'a b',
    'a\n',
    'a\u200bb',
    '@{u}',
    'a@{1}',
    '@',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    'été',
    'a"b',
    'HEAD',
    'Head',
    '0123456789abcdef0123456789abcdef',
    '0123456789ABCDEF0123456789ABCDEF',
    'refs/heads/main',
    'refs/tags/v1',
    'refs/dolt/data',
    'remotes/origin/main',
    'heads/main',
    'Heads/main',
    'tags/v1',
    'stashes/x',
    'internal/create',
  ])('%j is refused', async (name) => {
    expect((await refusal(() => parseBranchName(name))).code).toBe('config-invalid');
  });

  test('an accepted name cannot be read as an option or a refspec', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (name) => {
        if (passes(parseBranchName, name)) expect(name).not.toMatch(/^[-+]|[:*\s]|\.\.|@\{/);
      }),
    );
  });
});
