import { describe, expect, test } from '@jest/globals';
import { type PassedCommit, receivedMerges } from '../../../src/sync/merge/received-merges.ts';

const commit = (hash: string, ...parents: string[]): PassedCommit => ({ hash, parents, isMerge: false });
const merge = (hash: string, ...parents: string[]): PassedCommit => ({ hash, parents, isMerge: true });

describe('the merges that a branch received', () => {
  test.each<[string, readonly PassedCommit[], readonly (readonly [string, string, boolean])[]]>([
    ['our head met another one', [merge('m', 'old', 'x'), commit('x', 'base')], [['m', 'old', true]]],
    ['as the second parent', [merge('m', 'x', 'old'), commit('x', 'base')], [['m', 'old', true]]],
    ['an earlier commit of ours did', [merge('m', 'x', 'older'), commit('x', 'base')], [['m', 'older', true]]],
    [
      'a merge of ours met a third one',
      [merge('n', 'm', 'y'), commit('y', 'base'), merge('m', 'old', 'x'), commit('x', 'base')],
      [
        ['n', 'm', false],
        ['m', 'old', true],
      ],
    ],
    ['two others met', [merge('m', 'x', 'y'), commit('x', 'base'), commit('y', 'base')], []],
    ['two commits that we had both', [merge('m', 'older', 'old')], []],
    ['no merge of this protocol', [commit('m', 'old', 'x'), commit('x', 'base')], []],
    ['what no merge of two heads is', [merge('o', 'old', 'x', 'y'), merge('p', 'old'), commit('x', 'base')], []],
    ['a merge of this run', [merge('made', 'old', 'x'), commit('x', 'base')], []],
  ])('%s', (_, passed, expected) => {
    const found = receivedMerges(passed, { from: 'old', made: new Set(['made']) });
    expect(found.map(({ hash, ours, isOwn }) => [hash, ours, isOwn])).toEqual(expected);
  });
});
