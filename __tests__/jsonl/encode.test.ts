import { describe, expect, test } from '@jest/globals';
import { encodeIssue, importProblem } from '../../src/jsonl/encode.ts';

const ROW = {
  id: 'bd-1',
  title: 'one',
  status: 'open',
  priority: '0',
  issue_type: 'task',
  created_at: '2026-01-02 03:04:05',
  updated_at: '2026-01-02 03:04:05',
};

/** One line for a row, with empty lists. */
function line(row: Readonly<Record<string, string | null>>, more: object = {}): string {
  const empty = { lease: null, labels: [], dependencies: [], comments: [], dependencyCount: 0, dependentCount: 0 };
  return encodeIssue({ row: { ...ROW, ...row }, ...empty, isWisp: false, ...more });
}

const START = '{"_type":"issue","id":"bd-1","title":"one","status":"open","priority":0,"issue_type":"task",';
const TIMES = '"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z",';
const COUNTS = '"dependency_count":0,"dependent_count":0,"comment_count":0}';

describe('a line of the JSONL file', () => {
  test('has the fields in the order of bd, and no empty ones', () => {
    expect(line({ description: '', assignee: null, ephemeral: '0', metadata: '{}' })).toBe(START + TIMES + COUNTS);
  });

  test.each([
    [
      'a text for HTML and JavaScript',
      { notes: '<a> & "b"\u2028\u2029\n\t\\' },
      String.raw`"notes":"\u003ca\u003e \u0026 \"b\"\u2028\u2029\n\t\\"`,
    ],
    ['control characters', { notes: '\u0001\b\f\u007f' }, `"notes":"\\u0001\\b\\f\u007f"`],
    ['a number that may be zero', { estimated_minutes: '0' }, '"estimated_minutes":0'],
    ['a text that may be empty', { external_ref: '' }, '"external_ref":""'],
    ['a fraction of a second', { started_at: '2026-01-02 03:04:50.120000' }, '"started_at":"2026-01-02T03:04:50.12Z"'],
    [
      'a whole second of a column with fractions',
      { started_at: '2026-01-02 03:04:50.000000' },
      '"started_at":"2026-01-02T03:04:50Z"',
    ],
    ['a missing time', { updated_at: null }, '"updated_at":"1970-01-01T00:00:00Z"'],
    [
      'a document',
      { metadata: '{"b": [1, 2.50], "a": "x  y<"}' },
      String.raw`"metadata":{"b":[1,2.50],"a":"x  y\u003c"}`,
    ],
    [
      'a document with quotes',
      { metadata: String.raw`{"a": "\\", "b": "\" "}` },
      String.raw`"metadata":{"a":"\\","b":"\" "}`,
    ],
    ['a large number', { timeout_ns: '9007199254740993' }, '"timeout":9007199254740993'],
    ['a list', { waiters: '["a","b"]' }, '"waiters":["a","b"]'],
    ['a boolean', { pinned: '1' }, '"pinned":true'],
  ])('encodes %s as bd does', (_what, row, member) => {
    expect(line(row)).toContain(`${member},"`);
  });

  test.each([
    ['an invalid list', { waiters: 'not JSON' }, 'waiters'],
    ['zero', { compaction_level: '0' }, 'compaction_level'],
    ['a lock', { row_lock: '7', is_blocked: '1', content_hash: 'x' }, 'row_lock'],
  ])('%s is omitted', (_what, row, name) => {
    expect(line(row)).not.toContain(name);
  });

  test('contains labels, dependencies, comments and the lease', () => {
    const edge = { issue_id: 'bd-1', depends_on_id: 'bd-2', type: 'blocks', created_at: '2026-01-02 03:04:05' };
    const comment = { id: 'c', issue_id: 'bd-1', author: 'Ann', text: '', created_at: '2026-01-02 03:04:05' };
    const lease = { lease_expires_at: '2026-01-02 04:00:00', heartbeat_at: null, granted_node: 'n' };
    const more = { labels: ['a', 'b'], dependencies: [edge], comments: [comment], lease, dependencyCount: 1 };
    expect(line({}, more)).toBe(
      `${START}${TIMES}"lease_expires_at":"2026-01-02T04:00:00Z","lease_granted_node":"n","labels":["a","b"],` +
        '"dependencies":[{"issue_id":"bd-1","depends_on_id":"bd-2","type":"blocks","created_at":"2026-01-02T03:04:05Z"}],' +
        '"comments":[{"id":"c","issue_id":"bd-1","author":"Ann","text":"","created_at":"2026-01-02T03:04:05Z"}],' +
        '"dependency_count":1,"dependent_count":0,"comment_count":1}',
    );
  });

  test('contains the table name of a local row without history only if it is known', () => {
    expect(line({ no_history: '1' }, { isWisp: true })).toMatch(/"no_history":true,.*,"wisp_plane":true}$/);
    expect(line({ no_history: '1' })).not.toContain('wisp_plane');
  });
});

test.each([
  ['open', null, null],
  ['closed', '2026-01-02 03:04:05', null],
  ['in_progress', '2026-01-02 03:04:05', 'has the status in_progress and a closed_at'],
  ['closed', null, 'is closed and has no closed_at'],
])('bd imports a row with status %s and closed_at %s: %s', (status, closedAt, problem) => {
  expect(importProblem({ status, closed_at: closedAt })).toBe(problem);
});
