import { expect, test } from '@jest/globals';
import { firstIssue } from '../../../src/commands/report/first-issue.ts';
import { runResultSchema } from '../../../src/contract/result.ts';
import { fc, timesCases } from '../../helpers/property.ts';
import { conflict, failed, peer, problem, runResult } from '../../helpers/results.ts';

const MOST = 1_000;
const RESULT = runResult({
  peers: [
    peer({
      conflicts: [
        conflict(),
        conflict({
          key: { id: '1', part: null },
          paths: [{ column: 'c', path: '$.a', base: null, ours: '1', theirs: '2', resolution: 'undone' }],
          lost: { commit: conflict().heads.ours, sql: null },
        }),
      ],
      stale: { since: null, because: 'never-verified' },
    }),
    peer(failed),
  ],
  problems: [problem(), problem({ line: 3, column: 1 })],
  shard: '1/3',
  selection: '0123456789ab',
  export: { status: 'written', file: null, issues: 3 },
});

/** The places of all values in JSON. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, item]) => placesIn(item, [...path, key]))];
}

/** A copy of JSON with another value at one place; undefined: without it. */
function changed(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, name === key ? changed(item, rest, to) : item]);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

test('the first issue is one of those that zod finds, at the same place, or none', () => {
  expect(firstIssue(runResultSchema, RESULT, MOST)).toBeNull();
  const places = placesIn(RESULT);
  const others = fc.constantFrom(undefined, null, 0, -1, 1.5, '', 'x', true, [], [0], {}, { extra: 1 }, { id: 1 });
  fc.assert(
    fc.property(fc.constantFrom(...places), others, (place, to) => {
      const value = changed(RESULT, place, to);
      const issues = runResultSchema.safeParse(value).error?.issues ?? [];
      const found = firstIssue(runResultSchema, value, MOST);
      expect(found === null).toBe(issues.length === 0);
      if (found !== null) expect(issues.map(({ path, message }) => ({ path, message }))).toContainEqual(found);
    }),
    { numRuns: timesCases(200) },
  );
});

test.each([
  [
    'a list',
    { ...RESULT, problems: Array.from({ length: MOST + 1 }, () => problem()) },
    ['problems'],
    'a list of 1001',
  ],
  [
    'a mapping',
    {
      ...RESULT,
      peers: [
        peer({
          conflicts: [conflict({ key: Object.fromEntries(Array.from({ length: MOST + 1 }, (_, i) => [`k${i}`, ''])) })],
        }),
      ],
    },
    ['peers', 0, 'conflicts', 0, 'key'],
    'a mapping of 1001',
  ],
])('%s above the limit is an issue', (_, value, path, message) => {
  expect(firstIssue(runResultSchema, value, MOST)).toEqual({
    path,
    message: `${message} entries, but at most 1000 are read`,
  });
  expect(firstIssue(runResultSchema, value, MOST + 1)).toBeNull();
});
