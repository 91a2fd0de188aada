import { describe, expect, test } from '@jest/globals';
import { type EncodedIssue, encodeIssue } from '../../src/jsonl/encode.ts';

const ROW = {
  id: 'bd-1',
  title: 'one',
  status: 'open',
  priority: '0',
  issue_type: 'task',
  created_at: '2026-01-02 03:04:05',
  updated_at: '2026-01-02 03:04:05',
};

/** A row as its line or the problem, with empty lists. */
function encoded(row: Readonly<Record<string, string | null>>, more: object = {}): EncodedIssue {
  const empty = { lease: null, labels: [], dependencies: [], comments: [], dependencyCount: 0, dependentCount: 0 };
  const known = { statuses: new Set(['review']), types: new Set(['convoy']) };
  return encodeIssue({ row: { ...ROW, ...row }, ...empty, isWisp: false, ...more }, known);
}

function line(row: Readonly<Record<string, string | null>>, more: object = {}): string {
  const { line: written, problem } = encoded(row, more);
  expect(problem).toBeNull();
  return written ?? '';
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
    [
      'a list with other items',
      { waiters: String.raw`["a", null, "\ud800", "\ud83d\ude00"]` },
      '"waiters":["a","","\ufffd","\u{1f600}"]',
    ],
    ['the time that Go has for none', { created_at: '0001-01-01 00:00:00' }, '"created_at":"1970-01-01T00:00:00Z"'],
    ['a time close to it', { created_at: '0001-01-01 00:00:01' }, '"created_at":"0001-01-01T00:00:01Z"'],
    ['that time elsewhere', { started_at: '0001-01-01 00:00:00' }, '"started_at":"0001-01-01T00:00:00Z"'],
    ['a boolean', { pinned: '1' }, '"pinned":true'],
  ])('encodes %s as bd does', (_what, row, member) => {
    expect(line(row)).toContain(`${member},"`);
  });

  test.each([
    ['an invalid list', { waiters: 'not JSON' }, 'waiters'],
    ['a list with a number', { waiters: '["a", 1]' }, 'waiters'],
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

describe('a row that bd would refuse has no line', () => {
  const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  test.each([
    ['has the status in_progress and a closed_at', { status: 'in_progress', closed_at: '2026-01-02 03:04:05' }],
    ['has no title', { title: '' }],
    ['has more than 500 bytes as title', { title: 'é'.repeat(251) }],
    ['has more than 255 characters as created_by', { created_by: '😀'.repeat(256) }],
    ['has more than 65535 bytes as payload', { payload: 'é'.repeat(40_000) }],
    ['has a priority outside of 0 to 4', { priority: '5' }],
    ['has a priority outside of 0 to 4', { priority: '-1' }],
    ['has NULL as priority', { priority: null }],
    ['has no integer as priority', { priority: '1}\n{"id":"x"' }],
    ['has a status that bd does not know', { status: 'weird' }],
    ['has a type that bd does not know', { issue_type: 'weird' }],
    ['has a negative estimate', { estimated_minutes: '-5' }],
    ['has no integer as estimated_minutes', { estimated_minutes: '1.5' }],
    ['has no integer as estimated_minutes', { estimated_minutes: '3000000000' }],
    ['has no integer as original_size', { original_size: '1e3' }],
    ['has no integer as timeout_ns', { timeout_ns: '9223372036854775808' }],
    ['has no integer as pinned', { pinned: 'yes' }],
    ['has no time as due_at', { due_at: '2026-02-31 00:00:00' }],
    ['has no time as due_at', { due_at: '2026-02-01' }],
    ['has no time as created_at', { created_at: 'now' }],
    ['has a storage class that bd does not allow for it', { storage_class: 'weird' }],
    ['has a storage class that bd does not allow for it', { storage_class: 'unversioned', no_history: '1' }],
    ['has bytes that are no text as notes', { notes: '\ud800' }],
    ['has invalid JSON as metadata', { metadata: 'foo' }],
    ['has invalid JSON as metadata', { metadata: '{"a":1 2}' }],
    ['has invalid JSON as metadata', { metadata: `"${'\\"'.repeat(100_000)}` }],
    ['has invalid JSON as metadata', { metadata: '{"a":[1e999]}' }],
    ['has invalid JSON as metadata', { metadata: deep(10_000) }],
    ['has invalid JSON as metadata', { metadata: deep(10_000_000) }],
    ['is too large for a line of the file', { notes: 'x'.repeat(2 ** 26) }],
    ['is too large for a line of the file', { notes: '\u0001'.repeat(2 ** 24) }],
  ])('%s', (problem, row) => {
    expect(encoded(row)).toEqual({ line: null, problem });
  });

  test('of a dependency, a comment, a label or the lease', () => {
    const edge = { issue_id: 'bd-1', depends_on_id: 'bd-2', type: 'blocks', created_at: '2026-01-02 03:04:05' };
    const problems = [
      { dependencies: [{ ...edge, metadata: 'foo' }] },
      { comments: [{ id: 'c'.repeat(37), issue_id: 'bd-1', author: 'Ann', text: '' }] },
      { labels: ['x'.repeat(256)] },
      { lease: { heartbeat_at: 'x' } },
    ].map((more) => encoded({}, more).problem);
    expect(problems).toEqual([
      'has invalid JSON as metadata of a dependency',
      'has more than 36 characters as id of a comment',
      'has more than 255 characters as label of a label',
      'has no time as heartbeat_at of its lease',
    ]);
  });

  test('what bd accepts has one: names that the database adds, empty ones, and large documents', () => {
    for (const row of [
      { status: 'review', issue_type: 'convoy' },
      { status: '', issue_type: '' },
      { status: 'closed', closed_at: '2026-01-02 03:04:05.000000' },
      { status: 'closed' },
      { title: 'é'.repeat(250), created_by: '😀'.repeat(255) },
      { metadata: deep(9_999) },
      { due_at: '0000-00-00 00:00:00' },
    ]) {
      expect(encoded(row).problem).toBeNull();
    }
    const large = 'x'.repeat(20_000_000);
    expect(line({ metadata: `{"a": "${large}"}` })).toContain(`"metadata":{"a":"${large}"}`);
    expect(line({ metadata: `["${'\\"'.repeat(10_000_000)}"]` }).length).toBeGreaterThan(20_000_000);
  });
});
