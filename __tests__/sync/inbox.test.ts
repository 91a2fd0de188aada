import { describe, expect, test } from '@jest/globals';
import { refusedName } from '../../src/config/names.ts';
import {
  type DeliveryFacts,
  deliveryVerdict,
  inboxBranch,
  inboxSender,
  MAX_INBOXES,
  sortInboxes,
  takeInboxes,
} from '../../src/sync/inbox.ts';

const ROOT = '0123456789abcdefghijklmnopqrstuv';

describe('the name of an inbox', () => {
  test.each(['north', 'a', 'acme.corp', 'a-1b2c3d4e', 'x_y-z', 'A'.repeat(64)])(
    'is parsed from the branch of %s',
    (name) => {
      const branch = inboxBranch(name, ROOT);
      expect(branch).toMatch(/^inbox\/.+-[0-9a-f]{8}$/);
      expect(refusedName(branch)).toBeNull();
      expect(inboxSender(branch)).toBe(name);
      expect(inboxBranch(name, ROOT)).toBe(branch);
      expect(inboxBranch(name, ROOT.replace('0', '1'))).not.toBe(branch);
    },
  );

  test('ends with digits of the root commit and the database name', () => {
    // printf '0123456789abcdefghijklmnopqrstuv\nnorth' | sha256sum
    expect(inboxBranch('north', ROOT)).toBe('inbox/north-346aa842');
  });

  test.each([
    'inbox/north',
    'inbox/north-0123abc',
    'inbox/north-0123ABCD',
    'inbox/north-0123abcde',
    'inbox/-0123abcd',
    'inbox/a/b-0123abcd',
    'inbox/a..b-0123abcd',
    'inbox/.a-0123abcd',
    `inbox/${'a'.repeat(65)}-0123abcd`,
    'inboxes/north-0123abcd',
    'north-0123abcd',
    'inbox/a\nb-0123abcd',
  ])('is not %j', (branch) => {
    expect(inboxSender(branch)).toBeNull();
  });
});

describe('the inboxes to merge', () => {
  const [north, south] = ['inbox/north-01234567', 'inbox/south-89abcdef'];
  const branches = ['main', south, 'inbox/odd', north, 'side'];
  test.each([
    [true, [north, south], []],
    [false, [], [north, south]],
    [['south'], [south], [north]],
    [['South'], [], [north, south]],
    [[], [], [north, south]],
  ])('with the setting %j are %j', (rule, merged, unread) => {
    const sorted = sortInboxes(branches, rule);
    expect(sorted.merged.map(({ branch }) => branch)).toEqual(merged);
    expect(sorted.unread).toEqual(unread);
    expect(sorted.malformed).toEqual(['inbox/odd']);
  });
});

describe('the deliveries that a run merges', () => {
  const inboxesOf = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ branch: `inbox/s${index}-01234567`, sender: `s${index}` }));

  test('are all of them up to the limit', () => {
    const inboxes = inboxesOf(MAX_INBOXES);
    expect(takeInboxes(inboxes, new Set())).toEqual({ taken: inboxes, waiting: 0 });
  });

  test('are always those of peers above the limit, and eventually each of the others', () => {
    const inboxes = inboxesOf(3 * MAX_INBOXES);
    const expected = new Set(['inbox/s59-01234567', 'inbox/s30-01234567']);
    const seen = new Set<string>();
    for (let runs = 0; runs < 200; runs += 1) {
      const { taken, waiting } = takeInboxes(inboxes, expected);
      expect(taken).toHaveLength(MAX_INBOXES + 2);
      expect(waiting).toBe(2 * MAX_INBOXES - 2);
      expect(taken.map(({ branch }) => branch)).toEqual(expect.arrayContaining([...expected]));
      for (const { branch } of taken) seen.add(branch);
    }
    expect(seen.size).toBe(3 * MAX_INBOXES);
  });
});

const NONE: DeliveryFacts = { inBranch: false, inInbox: false, containsInbox: false, inboxMerged: false };
test.each([
  [{ inBranch: true, inInbox: true }, 'received'],
  [{ inBranch: true, containsInbox: true }, 'received'],
  [{ inBranch: true }, 'received'],
  [{ inInbox: true }, 'delivered'],
  [{ inInbox: true, containsInbox: true }, 'delivered'],
  [{ containsInbox: true }, 'deliver'],
  [{ containsInbox: true, inboxMerged: true }, 'deliver'],
  [{ inboxMerged: true }, 'pull-first'],
  [{}, 'rewritten'],
] as const)('a delivery with %j has the state %s', (facts, verdict) => {
  expect(deliveryVerdict({ ...NONE, ...facts })).toBe(verdict);
});
