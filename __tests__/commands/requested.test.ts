import { describe, expect, test } from '@jest/globals';
import { requestedLeases } from '../../src/commands/requested-leases.ts';
import { requestedRoles } from '../../src/commands/requested-roles.ts';
import { HEAD } from '../helpers/results.ts';
import { failureOf } from '../helpers/thrown.ts';

const OTHER = 'v'.repeat(32);

describe('only-role', () => {
  test.each([
    [undefined, []],
    ['backup', ['backup']],
    [' Primary , backup\narchive', ['primary', 'backup', 'archive']],
  ])('%j', (text, roles) => {
    expect(requestedRoles(text)).toEqual(roles);
  });

  test.each(['master', 'primary,,backups', ' , '])('%j is refused', async (text) => {
    expect(await failureOf(() => requestedRoles(text))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('primary, peer, upstream, backup, archive'),
    });
  });
});

describe('force-with-lease', () => {
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
  ])('%j', (text, leases) => {
    expect([...requestedLeases(text)]).toEqual(leases);
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
    expect(await failureOf(() => requestedLeases(text))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining(why),
      hint: expect.stringContaining('remoteHead'),
    });
  });
});
