import { describe, expect, test } from '@jest/globals';
import { ROLES } from '../../src/contract/vocabulary.ts';
import { Failure } from '../../src/core/failure.ts';
import { headsToDrop } from '../../src/sync/dropped-head.ts';
import { mayHaveTaken } from '../../src/sync/publish.ts';
import { partOf } from '../../src/sync/roles.ts';
import { stateOf } from '../../src/sync/state.ts';

test.each([
  [{ ours: 'a', theirs: 'a', base: 'a' }, 'up-to-date'],
  [{ ours: 'b', theirs: 'a', base: 'a' }, 'ahead'],
  [{ ours: 'a', theirs: 'b', base: 'a' }, 'behind'],
  [{ ours: 'b', theirs: 'c', base: 'a' }, 'diverged'],
  [{ ours: 'b', theirs: 'c', base: null }, 'unrelated'],
])('%j is %s', (standing, state) => {
  expect(stateOf(standing)).toBe(state);
});

describe('roles', () => {
  const both = { merge: true, push: true };
  const pull = { merge: true, push: false };
  const push = { merge: false, push: true };
  test.each([
    ['sync', [both, both, pull, push, null]],
    ['pull', [pull, pull, pull, null, null]],
    ['push', [push, push, null, push, push]],
    ['status', ROLES.map(() => ({ merge: false, push: false }))],
  ] as const)('%s', (command, parts) => {
    expect(ROLES.map((role) => partOf(command, role))).toEqual(parts);
  });
});

describe('which head gives way', () => {
  test.each([
    ['a head of a peer that does not fit', { refused: 'p3', merged: ['ours', 'p2'], clashWithOurs: [] }, ['p3']],
    [
      'never ours: the one that clashes with it',
      { refused: 'ours', merged: ['p1', 'p2'], clashWithOurs: ['p1'] },
      ['p1'],
    ],
    ['where none clashes alone, the last one', { refused: 'ours', merged: ['p1', 'p2'], clashWithOurs: [] }, ['p2']],
    ['where there is but one, that one', { refused: 'ours', merged: ['p1'], clashWithOurs: [] }, ['p1']],
  ])('%s', (_, fold, dropped) => {
    expect(headsToDrop({ ours: 'ours', ...fold })).toEqual(dropped);
  });
});

test.each([
  ['a push that returned', { kind: 'unproven', commits: 1 }, {}, true],
  ['a peer that had it already', { kind: 'done' }, { verified: true }, true],
  ['a push that was given up, for it may have landed', { kind: 'done' }, { failure: new Failure('timeout', '') }, true],
  ['a push that was refused', { kind: 'done' }, { failure: new Failure('auth', '') }, false],
  ['a lost race', { kind: 'lost-race', failure: new Failure('contention', '') }, {}, false],
] as const)('a target counts as taken or not after %s', (_, push, run, taken) => {
  expect(mayHaveTaken({ verified: false, failure: null, ...run }, push)).toBe(taken);
});
