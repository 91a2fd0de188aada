import { describe, expect, test } from '@jest/globals';
import { requestedLeases, requestedRewrites } from '../../src/commands/prepare/leases.ts';
import { requestedBranch, requestedDolt, requestedRoles } from '../../src/commands/prepare/options.ts';
import { NO_REWRITES } from '../../src/commands/request.ts';
import { DEFAULT_DOLT_VERSION } from '../../src/contract/dolt-options.ts';
import type { ReadOption } from '../../src/contract/option-value.ts';
import { optionValue } from '../../src/frontends/cli/raw-request.ts';
import { HEAD } from '../helpers/results.ts';
import { failureOf } from '../helpers/thrown.ts';

const DIGEST = 'a1'.repeat(32);
const OTHER = 'v'.repeat(32);

describe('only-role', () => {
  test.each([
    [undefined, []],
    ['backup', ['backup']],
    [' Primary , backup\narchive', ['primary', 'backup', 'archive']],
  ])('is parsed from %j', (text, roles) => {
    expect(requestedRoles(text)).toEqual(roles);
  });

  test.each(['master', 'primary,,backups', ' , '])('%j is refused', async (text) => {
    expect(await failureOf(() => requestedRoles(text))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('primary, peer, upstream, backup, archive'),
    });
  });
});

describe.each(['force-with-lease', 'adopt', 'merge-rewritten'] as const)('%s', (option) => {
  test.each([
    [undefined, []],
    [`box=${HEAD}`, [['box', HEAD]]],
    [
      ` box=${HEAD} ,\r\n other=${OTHER}\n`,
      [
        ['box', HEAD],
        ['other', OTHER],
      ],
    ],
  ])('is parsed from %j', (text, leases) => {
    expect([...requestedLeases(option, text)]).toEqual(leases);
  });

  test.each([
    ['', 'names no peer'],
    ['box', 'is not'],
    ['box=', 'is not'],
    [`=${HEAD}`, 'is not'],
    [`box=${HEAD.slice(1)}`, 'is not'],
    [`box=${HEAD}x`, 'is not'],
    [`box=${'w'.repeat(32)}`, 'is not'],
    [`--force=${HEAD}`, 'is not'],
    [`box=${HEAD},box=${OTHER}`, 'twice'],
  ])('%j is refused: %s', async (text, why) => {
    expect(await failureOf(() => requestedLeases(option, text))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringMatching(new RegExp(`^${option} .*${why}`)),
      hint: expect.stringContaining('remoteHead'),
    });
  });
});

describe('discard-local', () => {
  const rewrites = (text: string | undefined) => {
    const read: ReadOption = (name) => optionValue(name, name === 'discard-local' ? text : undefined);
    return requestedRewrites(read);
  };

  test('accepts whole hashes', () => {
    expect(rewrites(undefined)).toEqual(NO_REWRITES);
    expect(rewrites(` ${HEAD},\n${OTHER}`).discardLocal).toEqual([HEAD, OTHER]);
  });

  test.each([HEAD.slice(1), `${HEAD},x`, ','])('%j is refused', async (text) => {
    expect(await failureOf(() => rewrites(text))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('discard-local'),
    });
  });
});

describe('a branch', () => {
  test('accepts valid branch names', () => {
    expect([requestedBranch(undefined), requestedBranch('work/a')]).toEqual([undefined, 'work/a']);
  });

  test.each(['--force', '-b', ':other', '+main', 'a..b', 'a b', ''])('%j is refused', async (text) => {
    expect(await failureOf(() => requestedBranch(text))).toMatchObject({ code: 'config-invalid' });
  });
});

describe('the requested Dolt', () => {
  const asked = (flags: Readonly<Record<string, string>>) => {
    const read: ReadOption = (name) => optionValue(name, flags[name]);
    return requestedDolt({ read, written: (name) => flags[name] });
  };

  test.each([DIGEST, ` ${DIGEST.toUpperCase()} `, `sha256:${DIGEST}`])('has the digest %j', (text) => {
    expect(asked({ 'dolt-sha256': text })).toEqual({
      version: { kind: 'exact', version: DEFAULT_DOLT_VERSION },
      source: 'release',
      path: undefined,
      sha256: DIGEST,
      mirror: undefined,
    });
  });

  test('may have any version if the executable is named, unless a version is given', () => {
    expect(asked({ 'dolt-path': '/d' })).toMatchObject({ path: '/d', version: undefined });
    expect(asked({ 'dolt-path': '/d', 'dolt-version': '^2' })).toMatchObject({
      path: '/d',
      version: { kind: 'range' },
    });
  });

  test.each([
    ['dolt-version', { 'dolt-version': 'banana' }],
    ['dolt-version', { 'dolt-version': '2.3.0.1' }],
    ['dolt-mirror', { 'dolt-mirror': 'file:///srv/dolt' }],
    ['not a SHA-256', { 'dolt-sha256': 'abc' }],
    ['not a SHA-256', { 'dolt-sha256': `${DIGEST}0` }],
    ['not a SHA-256', { 'dolt-sha256': `md5:${DIGEST}` }],
    ['cannot verify the executable that `--dolt-path` names', { 'dolt-sha256': DIGEST, 'dolt-path': '/d' }],
    [
      'cannot verify the executable that `--dolt-source build` makes',
      { 'dolt-sha256': DIGEST, 'dolt-source': 'build' },
    ],
  ])('is refused with "%s": %j', async (why, flags) => {
    expect(await failureOf(() => asked(flags))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining(why),
    });
  });
});
