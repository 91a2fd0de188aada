import { describe, expect, test } from '@jest/globals';
import { isDecided, type PassedCommit, receivedMerges } from '../../../src/sync/merge/received-merges.ts';

const commit = (hash: string, ...parents: string[]): PassedCommit => ({ hash, parents, isMerge: false });
const merge = (hash: string, ...parents: string[]): PassedCommit => ({ hash, parents, isMerge: true });

describe('the merges that a branch received', () => {
  test.each<[string, readonly PassedCommit[], readonly (readonly [string, string, boolean])[]]>([
    ['include one of our head with another', [merge('m', 'old', 'x'), commit('x', 'base')], [['m', 'old', true]]],
    [
      'include one with our head as the second parent',
      [merge('m', 'x', 'old'), commit('x', 'base')],
      [['m', 'old', true]],
    ],
    [
      'include one of an earlier commit of ours',
      [merge('m', 'x', 'older'), commit('x', 'base')],
      [['m', 'older', true]],
    ],
    [
      'include one of our merge with a third head',
      [merge('n', 'm', 'y'), commit('y', 'base'), merge('m', 'old', 'x'), commit('x', 'base')],
      [
        ['n', 'm', false],
        ['m', 'old', true],
      ],
    ],
    ['exclude one of two other heads', [merge('m', 'x', 'y'), commit('x', 'base'), commit('y', 'base')], []],
    ['exclude one of two commits that we already had', [merge('m', 'older', 'old')], []],
    ['exclude one that is not a merge of this protocol', [commit('m', 'old', 'x'), commit('x', 'base')], []],
    ['exclude one without two heads', [merge('o', 'old', 'x', 'y'), merge('p', 'old'), commit('x', 'base')], []],
    ['exclude one of this run', [merge('made', 'old', 'x'), commit('x', 'base')], []],
  ])('%s', (_, passed, expected) => {
    const found = receivedMerges(passed, { from: 'old', made: new Set(['made']) });
    expect(found.map(({ hash, ours, isOwn }) => [hash, ours, isOwn])).toEqual(expected);
  });
});

describe('a row that a merge left to a person', () => {
  const [was, now] = [
    { id: '1', pos: '1' },
    { id: '1', pos: '2' },
  ];

  test.each([
    ['renamed', was, undefined, true],
    ['renamed', was, now, false],
    ['duplicate', undefined, was, true],
    ['duplicate', undefined, undefined, false],
    ['dependant', undefined, was, true],
    ['unique-conflict', was, now, true],
    ['unique-conflict', was, was, false],
    ['reference', was, undefined, true],
    ['id-collision', was, now, false],
    ['id-collision', was, undefined, false],
  ] as const)('is decided once its correction is there: %s, %#', (kind, before, after, expected) => {
    expect(isDecided({ kind, columns: ['pos'] }, before, after)).toBe(expected);
  });
});
