import { describe, expect, test } from '@jest/globals';
import { ROLES } from '../../src/contract/vocabulary.ts';
import { Failure } from '../../src/core/failure.ts';
import { stateOf } from '../../src/sync/fetch.ts';
import { type Adoptable, adoptionVerdict } from '../../src/sync/history/adopt.ts';
import { type CommonHead, howToResolve, rewriteOptions, sideRewritten } from '../../src/sync/history/rewritten.ts';
import { failTogether, suspects } from '../../src/sync/merge/reject-heads.ts';
import { Rejections } from '../../src/sync/merge/rejections.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { mayHaveTaken } from '../../src/sync/push.ts';

test.each([
  [{ ours: 'a', theirs: 'a', base: 'a' }, 'up-to-date'],
  [{ ours: 'b', theirs: 'a', base: 'a' }, 'ahead'],
  [{ ours: 'a', theirs: 'b', base: 'a' }, 'behind'],
  [{ ours: 'b', theirs: 'c', base: 'a' }, 'diverged'],
  [{ ours: 'b', theirs: 'c', base: null }, 'unrelated'],
])('the state of %j is %s', (heads, state) => {
  expect(stateOf(heads)).toBe(state);
});

test.each([
  ['peer', null, null, 'Run `sync` with one of these:', ['adopt', 'force-with-lease']],
  ['peer', null, 'b', 'Run `sync` with one of these:', ['adopt', 'force-with-lease', 'merge-rewritten']],
  ['upstream', null, null, 'Run `sync` with one of these:', ['adopt']],
  ['backup', null, 'b', 'Run `sync` with one of these:', ['force-with-lease']],
  ['archive', null, 'b', 'Run `push` with one of these:', ['force-with-lease']],
  ['peer', true, null, 'Run `sync` with one of these:', ['adopt']],
  ['backup', true, 'b', 'No option replaces the branch of a running database.', []],
] as const)('a %s with live: %s and the merge base %s: %s %j', (role, live, base, says, options) => {
  const ways = rewriteOptions({ name: 'box', role, live }, { theirs: 'abc', base, isServed: false });
  expect(ways.map((way) => /^`--([a-z-]+) box=abc`: /.exec(way)?.[1])).toEqual(options);
  expect(howToResolve({ role }, ways)).toMatch(says);
});

test('at a database that a server holds, `adopt` says that the server has to stop', () => {
  const box = { name: 'box', role: 'upstream', live: null } as const;
  const ways = rewriteOptions(box, { theirs: 'abc', base: null, isServed: true });
  expect(ways).toEqual([
    '`--adopt box=abc`: our branch becomes theirs. Stop the server of our database during that run.',
  ]);
});

describe('the side with the rewritten history, by the last head of both sides', () => {
  const both: CommonHead = {
    ...{ role: 'peer', inOurs: true, inTheirs: true, certain: true },
    ...{ weAreAncestor: false, theyAreAncestor: false, commonSince: false },
  };
  const [onlyOurs, onlyTheirs, neither] = [
    { ...both, inTheirs: false },
    { ...both, inOurs: false },
    { ...both, inOurs: false, inTheirs: false },
  ];
  test.each<[string, CommonHead, ReturnType<typeof sideRewritten>]>([
    ['both contain it', both, null],
    ['the peer lacks it', onlyOurs, 'theirs'],
    ['the peer reset commits', { ...onlyOurs, theyAreAncestor: true }, 'theirs'],
    ['a backup is at an older state', { ...onlyOurs, role: 'backup', theyAreAncestor: true }, null],
    ['an archive is at an older state', { ...onlyOurs, role: 'archive', theyAreAncestor: true }, null],
    ['a backup has another history', { ...onlyOurs, role: 'backup' }, 'theirs'],
    ['an upstream reset commits', { ...onlyOurs, role: 'upstream', theyAreAncestor: true }, 'theirs'],
    ['we lack it', onlyTheirs, 'ours'],
    ['we reset commits', { ...onlyTheirs, weAreAncestor: true }, 'ours'],
    ['we lack it, by an old state file', { ...onlyTheirs, certain: false }, 'ours'],
    ['an old state file may be ahead of us', { ...onlyTheirs, certain: false, weAreAncestor: true }, null],
    ['neither has it, and both diverged before it', neither, 'both'],
    ['neither has it, and we follow', { ...neither, weAreAncestor: true }, null],
    ['neither has it, and the peer follows', { ...neither, theyAreAncestor: true }, null],
    ['neither has it, and both continued from a later commit', { ...neither, commonSince: true }, null],
  ])('%s', (_, trace, side) => {
    expect(sideRewritten(trace)).toBe(side);
  });
});

describe('the decision of adopt', () => {
  const asked: Adoptable = { expected: 'h', found: 'h', state: 'rewritten', contained: false };
  test.each<[string, Adoptable, ReturnType<typeof adoptionVerdict>]>([
    ['with the named head', asked, 'adopt'],
    ['with another history', { ...asked, state: 'unrelated' }, 'adopt'],
    ['with diverged heads', { ...asked, state: 'diverged' }, 'adopt'],
    ['with commits that the peer reset', { ...asked, contained: true }, 'adopt'],
    ['with a peer that is ahead', { ...asked, state: 'behind' }, 'nothing-to-do'],
    ['a second time', { ...asked, state: 'up-to-date', contained: true }, 'nothing-to-do'],
    ['a second time, after new commits of ours', { ...asked, state: 'ahead', contained: true }, 'nothing-to-do'],
    ['a second time, after the next rewrite', { ...asked, found: 'i', contained: true }, 'nothing-to-do'],
    ['with a peer that moved', { ...asked, found: 'i' }, 'stale'],
    ['with a peer that is ahead and moved', { ...asked, state: 'behind', found: 'i' }, 'stale'],
    ['with a peer that is empty', { ...asked, state: 'remote-empty', found: null }, 'stale'],
  ])('%s', (_, one, verdict) => {
    expect(adoptionVerdict(one)).toBe(verdict);
  });
});

describe('the actions of a role', () => {
  const both = { merge: true, push: true };
  const pull = { merge: true, push: false };
  const push = { merge: false, push: true };
  test.each([
    ['sync', [both, both, pull, push, null]],
    ['pull', [pull, pull, pull, null, null]],
    ['push', [push, push, null, push, push]],
    ['status', ROLES.map(() => ({ merge: false, push: false }))],
  ] as const)('%s', (command, parts) => {
    expect(ROLES.map((role) => actionsOf(command, role))).toEqual(parts);
  });
});

describe('the heads to merge separately with ours after a fold stops', () => {
  const [before, after] = [
    ['p1', 'p2'],
    ['p1', 'ours'],
  ];
  test.each([
    [
      'before ours: the rejected head, then the others',
      { refused: 'p3', merged: before, byLimit: false },
      [['p3'], before],
    ],
    ['after ours: only the rejected head', { refused: 'p3', merged: after, byLimit: false }, [['p3']]],
    ['at ours: the others', { refused: 'ours', merged: before, byLimit: false }, [before]],
    ['at a limit: one after the other', { refused: 'p3', merged: after, byLimit: true }, [['p1'], ['p3']]],
    ['at a limit, at ours', { refused: 'ours', merged: before, byLimit: true }, [['p1'], ['p2']]],
  ])('%s', (_, fold, groups) => {
    expect(suspects({ ours: 'ours', ...fold })).toEqual(groups);
  });
});

describe('the heads that fail together, of those that a fold merged before it stopped', () => {
  test.each<[string, string, readonly string[]]>([
    ['abcdo', 'do', ['d', 'o']],
    ['abcdo', 'ao', ['a', 'o']],
    ['abcdefgho', 'bfo', ['b', 'f', 'o']],
    ['abcd', 'ad', ['a', 'd']],
    ['ab', 'ab', ['a', 'b']],
    ['abco', 'abco', ['a', 'b', 'c', 'o']],
  ])('of %s only %s fail', async (all, clash, heads) => {
    let folds = 0;
    const tried = (some: readonly string[]): Promise<string | null> => {
      folds += 1;
      return Promise.resolve([...clash].every((one) => some.includes(one)) ? some.join('') : null);
    };
    expect(await failTogether({ heads: [...all], why: all }, tried)).toEqual({ heads, why: heads.join('') });
    expect(folds).toBeLessThanOrEqual(heads.length * (Math.ceil(Math.log2(all.length)) + 1));
  });
});

test('a rejected head is merged again, with those that contain it, after the heads that excluded it are rejected', () => {
  const rejections = new Rejections();
  const why = (code: 'conflict' | 'schema-conflict') => ({ failure: new Failure(code, ''), conflicts: [] });
  const rejected = () =>
    Object.fromEntries([...rejections.byHead()].map(([head, { failure }]) => [head, failure.code]));
  const beside = (head: string, ...others: string[]) =>
    rejections.add({ head, heads: [head, `${head}+`], why: why('conflict'), beside: others });
  beside('p3', 'p1', 'p2');
  beside('p4', 'p1');
  expect(rejected()).toEqual({ p3: 'conflict', 'p3+': 'conflict', p4: 'conflict', 'p4+': 'conflict' });
  rejections.add({ head: 'p2', heads: ['p2', 'p4+'], why: why('schema-conflict'), beside: [] });
  expect(rejected()).toEqual({ p2: 'schema-conflict', p4: 'conflict', 'p4+': 'conflict' });
  // Only once, so the loop ends.
  beside('p3', 'p1');
  rejections.add({ head: 'p1', heads: ['p1'], why: why('schema-conflict'), beside: [] });
  expect(Object.keys(rejected()).sort()).toEqual(['p1', 'p2', 'p3', 'p3+', 'p4+']);
});

test.each([
  ['a push that succeeded', { kind: 'unproven', commits: 1 }, {}, true],
  ['a peer that already had the commit', { kind: 'done' }, { verified: true }, true],
  [
    'a push that timed out, because the server may have received it',
    { kind: 'done' },
    { failure: new Failure('timeout', '') },
    true,
  ],
  ['a push that was refused', { kind: 'done' }, { failure: new Failure('auth', '') }, false],
  ['a lost race', { kind: 'lost-race', failure: new Failure('contention', '') }, {}, false],
] as const)('a target counts as received or not after %s', (_, push, run, taken) => {
  expect(mayHaveTaken({ verified: false, failure: null, ...run }, push)).toBe(taken);
});
