import { describe, expect, test } from '@jest/globals';
import { BLOCKING_TYPES, blockedIssues, type Edge, type IssueState } from '../../src/beads/is-blocked.ts';
import { fc, timesCases } from '../helpers/property.ts';

const edge = (issue: string, type: string, on: string | null, more: Partial<Edge> = {}): Edge => ({
  issue,
  on,
  type,
  onWisp: false,
  gate: 'all-children',
  alsoBlocks: false,
  ...more,
});

/** Issues from `id` or `id:status`; the default status is open. */
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
    [
      'by a conditional dependency on an issue in progress',
      ['a', 'b:in_progress'],
      [edge('a', 'conditional-blocks', 'b')],
      ['a'],
    ],
    [
      'by an issue that is itself blocked',
      ['a', 'b', 'c'],
      [edge('a', 'blocks', 'b'), edge('b', 'blocks', 'c')],
      ['a', 'b'],
    ],
    [
      'in a cycle of issues that block each other',
      ['a', 'b'],
      [edge('a', 'blocks', 'b'), edge('b', 'blocks', 'a')],
      ['a', 'b'],
    ],
    [
      'but not by a closed or pinned issue',
      ['a', 'b:closed', 'c:pinned'],
      [edge('a', 'blocks', 'b'), edge('a', 'blocks', 'c')],
      [],
    ],
    ['but not by a related issue', ['a', 'b'], [edge('a', 'related', 'b'), edge('a', 'discovered-from', 'b')], []],
    ['but not by a missing or external issue', ['a'], [edge('a', 'blocks', 'gone'), edge('a', 'blocks', null)], []],
    [
      'but not if it is closed or pinned',
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
    ['but not by an open parent that is not blocked', ['p', 'p.1', 'p.1.1', 'x:closed'], family, []],
    ['but not through a closed child', ['p', 'p.1:closed', 'p.1.1', 'x'], family, ['p']],
    ['but not in a cycle of parents', ['p', 'q'], [edge('p', 'parent-child', 'q'), edge('q', 'parent-child', 'p')], []],
  ])('%s', (_, issues, edges, expected) => {
    expect(blocked(issues, edges)).toEqual(expected);
  });
});

describe('an issue that waits for the children of another issue', () => {
  const wait = (more: Partial<Edge> = {}) => [
    edge('w', 'waits-for', 's', more),
    edge('c1', 'parent-child', 's'),
    edge('c2', 'parent-child', 's'),
  ];
  test.each<[string, string[], Partial<Edge>, string[]]>([
    ['is blocked while a child is open', ['w', 's', 'c1:closed', 'c2'], {}, ['w']],
    ['is free when all children are closed', ['w', 's', 'c1:closed', 'c2:pinned'], {}, []],
    [
      'is free when one child is closed, if any child counts',
      ['w', 's', 'c1:closed', 'c2'],
      { gate: 'any-children' },
      [],
    ],
    [
      'is blocked while no child is closed, if any child counts',
      ['w', 's', 'c1:pinned', 'c2'],
      { gate: 'any-children' },
      ['w'],
    ],
    [
      'is blocked by the open spawner, if the spawner counts',
      ['w', 's', 'c1:closed', 'c2:closed'],
      { alsoBlocks: true },
      ['w'],
    ],
    ['is not blocked if only the spawner is open', ['w', 's', 'c1:closed', 'c2:closed'], {}, []],
  ])('%s', (_, issues, more, expected) => {
    expect(blocked(issues, wait(more))).toEqual(expected);
  });
});

describe('the result omits an issue that a wisp may block, and all issues below it', () => {
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

  test('the result keeps an issue that is only related to a wisp', () => {
    // Only types that block are read from the table.
    expect(blockedIssues(states('a', 'b'), [edge('a', 'blocks', 'b')]).get('a')).toBe(true);
  });
});

test('thirty thousand issues in one chain need no recursion', () => {
  const ids = Array.from({ length: 30_000 }, (_, index) => `i${index}`);
  const edges = ids.slice(1).map((id, index) => edge(id, 'parent-child', `i${index}`));
  const found = blocked([...ids, 'x'], [...edges, edge('i0', 'blocks', 'x')]);
  expect(found).toHaveLength(30_000);
});

test('fifteen thousand issues that wait for fifteen thousand children need linear time', () => {
  const numbers = Array.from({ length: 15_000 }, (_, index) => index);
  const edges = numbers.flatMap((n) => [edge(`c${n}`, 'parent-child', 's'), edge(`w${n}`, 'waits-for', 's')]);
  const issues = states('s', ...numbers.flatMap((n) => [`c${n}:closed`, `w${n}`]));
  const before = process.cpuUsage();
  const found = blockedIssues(issues, edges);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(2);
  expect(found.size).toBe(30_001);
  expect([...found.values()]).not.toContain(true);
});

/** The documented rules, repeated until no state changes. */
function naive(issues: readonly IssueState[], edges: readonly Edge[]): Map<string, boolean> {
  const find = (id: string | null) => issues.find((issue) => issue.id === id);
  const isOpen = (id: string | null): boolean => {
    const issue = find(id);
    return issue !== undefined && issue.status !== 'closed' && issue.status !== 'pinned';
  };
  const childrenOf = (parent: string | null) =>
    edges.filter(({ type, on }) => type === 'parent-child' && on !== null && on === parent).map(({ issue }) => issue);
  const waitBlocks = ({ on, gate, alsoBlocks }: Edge): boolean => {
    const children = childrenOf(on);
    if (alsoBlocks && isOpen(on)) return true;
    if (gate === 'any-children' && children.some((child) => find(child)?.status === 'closed')) return false;
    return children.some(isOpen);
  };
  const blocks = (one: Edge): boolean => {
    if (one.type === 'parent-child') return false;
    return one.type === 'waits-for' ? waitBlocks(one) : isOpen(one.on);
  };
  const depends = (one: Edge): boolean =>
    one.onWisp || (one.type === 'waits-for' && childrenOf(one.on).some((child) => find(child) === undefined));
  const closure = (first: (one: Edge) => boolean, counts: (id: string) => boolean): Set<string> => {
    const found = new Set<string>();
    for (let size = -1; size < found.size; ) {
      size = found.size;
      for (const one of edges) {
        const isBelow = one.type === 'parent-child' && one.on !== null && found.has(one.on);
        if (counts(one.issue) && (first(one) || isBelow)) found.add(one.issue);
      }
    }
    return found;
  };
  const blockedOnes = closure(blocks, isOpen);
  const unknown = closure(depends, () => true);
  return new Map(issues.filter(({ id }) => !unknown.has(id)).map(({ id }) => [id, blockedOnes.has(id)]));
}

test('any graph gets the states that the documented rules define', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const graph = fc.record({
    issues: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...ids),
        status: fc.constantFrom('open', 'in_progress', 'closed', 'pinned', null),
      }),
      { selector: ({ id }) => id },
    ),
    edges: fc.array(
      fc.record<Edge>({
        issue: fc.constantFrom(...ids),
        on: fc.option(fc.constantFrom(...ids)),
        type: fc.constantFrom(...BLOCKING_TYPES),
        onWisp: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
        gate: fc.constantFrom('all-children', 'any-children'),
        alsoBlocks: fc.boolean(),
      }),
      { maxLength: 14 },
    ),
  });
  fc.assert(
    fc.property(graph, ({ issues, edges }) => {
      expect(blockedIssues(issues, edges)).toEqual(naive(issues, edges));
    }),
    { numRuns: timesCases(300) },
  );
});
