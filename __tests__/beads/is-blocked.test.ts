import { describe, expect, test } from '@jest/globals';
import { blockedIssues, type Edge } from '../../src/beads/is-blocked.ts';

const edge = (issue: string, type: string, on: string | null, more: Partial<Edge> = {}): Edge => ({
  issue,
  on,
  type,
  onWisp: false,
  gate: 'all-children',
  alsoBlocks: false,
  ...more,
});

/** Issues `id` or `id:status`; open if nothing else is said. */
const states = (...ids: readonly string[]) =>
  ids.map((text) => {
    const [id = '', status = 'open'] = text.split(':');
    return { id, status };
  });

const blocked = (issues: readonly string[], edges: readonly Edge[]) =>
  [...blockedIssues(states(...issues), edges)].flatMap(([id, isBlocked]) => (isBlocked ? [id] : [])).sort();

describe('an issue is blocked', () => {
  test.each<[string, string[], Edge[], string[]]>([
    ['by an open issue', ['a', 'b'], [edge('a', 'blocks', 'b')], ['a']],
    ['by one in progress, on a condition', ['a', 'b:in_progress'], [edge('a', 'conditional-blocks', 'b')], ['a']],
    [
      'by an issue that is blocked itself',
      ['a', 'b', 'c'],
      [edge('a', 'blocks', 'b'), edge('b', 'blocks', 'c')],
      ['a', 'b'],
    ],
    ['by itself through a circle', ['a', 'b'], [edge('a', 'blocks', 'b'), edge('b', 'blocks', 'a')], ['a', 'b']],
    [
      'not by a closed or pinned one',
      ['a', 'b:closed', 'c:pinned'],
      [edge('a', 'blocks', 'b'), edge('a', 'blocks', 'c')],
      [],
    ],
    ['not by a related one', ['a', 'b'], [edge('a', 'related', 'b'), edge('a', 'discovered-from', 'b')], []],
    ['not by one that is missing or elsewhere', ['a'], [edge('a', 'blocks', 'gone'), edge('a', 'blocks', null)], []],
    [
      'not once it is closed or pinned',
      ['a:closed', 'b', 'c:pinned'],
      [edge('a', 'blocks', 'b'), edge('c', 'blocks', 'b')],
      [],
    ],
  ])('%s', (_, issues, edges, expected) => {
    expect(blocked(issues, edges)).toEqual(expected);
  });
});

describe('a child is blocked with its parent', () => {
  const family = [edge('p', 'blocks', 'x'), edge('p.1', 'parent-child', 'p'), edge('p.1.1', 'parent-child', 'p.1')];
  test.each<[string, string[], Edge[], string[]]>([
    ['over several generations', ['p', 'p.1', 'p.1.1', 'x'], family, ['p', 'p.1', 'p.1.1']],
    ['but not by an open parent that nothing blocks', ['p', 'p.1', 'p.1.1', 'x:closed'], family, []],
    ['not through a closed child', ['p', 'p.1:closed', 'p.1.1', 'x'], family, ['p']],
    [
      'a circle of parents blocks nothing',
      ['p', 'q'],
      [edge('p', 'parent-child', 'q'), edge('q', 'parent-child', 'p')],
      [],
    ],
  ])('%s', (_, issues, edges, expected) => {
    expect(blocked(issues, edges)).toEqual(expected);
  });
});

describe('an issue that waits for the children of another one', () => {
  const wait = (more: Partial<Edge> = {}) => [
    edge('w', 'waits-for', 's', more),
    edge('c1', 'parent-child', 's'),
    edge('c2', 'parent-child', 's'),
  ];
  test.each<[string, string[], Partial<Edge>, string[]]>([
    ['is blocked while one is open', ['w', 's', 'c1:closed', 'c2'], {}, ['w']],
    ['is free when all are done', ['w', 's', 'c1:closed', 'c2:pinned'], {}, []],
    ['is free when one is closed, if any counts', ['w', 's', 'c1:closed', 'c2'], { gate: 'any-children' }, []],
    ['is blocked while none is closed, if any counts', ['w', 's', 'c1:pinned', 'c2'], { gate: 'any-children' }, ['w']],
    [
      'is blocked by the open spawner, if that counts',
      ['w', 's', 'c1:closed', 'c2:closed'],
      { alsoBlocks: true },
      ['w'],
    ],
    ['is not blocked by the open spawner alone', ['w', 's', 'c1:closed', 'c2:closed'], {}, []],
  ])('%s', (_, issues, more, expected) => {
    expect(blocked(issues, wait(more))).toEqual(expected);
  });
});

describe('an issue that a wisp may block is left out, with everything below it', () => {
  const below = edge('b', 'parent-child', 'a');
  test.each<[string, Edge[]]>([
    ['that depends on a wisp', [edge('a', 'blocks', null, { onWisp: true }), below]],
    ['whose parent is a wisp', [edge('a', 'parent-child', null, { onWisp: true }), below]],
    ['that waits for a wisp', [edge('a', 'waits-for', null, { onWisp: true }), below]],
    [
      'that waits for an issue with a wisp as child',
      [edge('a', 'waits-for', 's'), edge('wisp-1', 'parent-child', 's'), below],
    ],
  ])('%s', (_, edges) => {
    const found = blockedIssues(states('a', 'b', 'c', 's'), [...edges, edge('c', 'blocks', 'a')]);
    expect([...found]).toEqual([
      ['c', true],
      ['s', false],
    ]);
  });

  test('not one that a wisp is only related to', () => {
    // Only types that block are read from the table.
    expect(blockedIssues(states('a', 'b'), [edge('a', 'blocks', 'b')]).get('a')).toBe(true);
  });
});

test('a hundred thousand issues in one chain take no recursion', () => {
  const ids = Array.from({ length: 100_000 }, (_, index) => `i${index}`);
  const edges = ids.slice(1).map((id, index) => edge(id, 'parent-child', `i${index}`));
  const found = blocked([...ids, 'x'], [...edges, edge('i0', 'blocks', 'x')]);
  expect(found).toHaveLength(100_000);
});
