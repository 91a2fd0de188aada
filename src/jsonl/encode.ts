import { parsedJson } from '../core/json.ts';
import type { Cells } from '../dolt/sql/cell.ts';

/** An issue with everything that its line in the file shows. */
export interface ExportedIssue {
  readonly row: Cells;
  /** The lease of the row, which only the database that granted it has; null: none. */
  readonly lease: Cells | null;
  readonly labels: readonly string[];
  readonly dependencies: readonly Cells[];
  readonly comments: readonly Cells[];
  readonly dependencyCount: number;
  readonly dependentCount: number;
  /** Whether the row is in the table of local issues without history. */
  readonly isWisp: boolean;
}

/**
 * How a column is written. `optional` fields are absent if they are empty, zero or NULL; `nullable` ones only if they are
 * NULL.
 */
type Form = 'text' | 'number' | 'time' | 'flag' | 'json' | 'list';
type Presence = 'always' | 'optional' | 'nullable';
type Field = readonly [name: string, column: string, form: Form, presence: Presence];

const text = (name: string, presence: Presence = 'optional'): Field => [name, name, 'text', presence];
const time = (name: string, presence: Presence = 'nullable'): Field => [name, name, 'time', presence];
const flag = (name: string): Field => [name, name, 'flag', 'optional'];

/** The fields before the lease, in the order of bd 1.3.0. */
const FIRST: readonly Field[] = [
  text('id', 'always'),
  text('title', 'always'),
  ...['description', 'design', 'acceptance_criteria', 'notes', 'spec_id', 'status'].map((name) => text(name)),
  ['priority', 'priority', 'number', 'always'],
  ...['issue_type', 'assignee', 'owner'].map((name) => text(name)),
  ['estimated_minutes', 'estimated_minutes', 'number', 'nullable'],
  time('created_at', 'always'),
  text('created_by'),
  time('updated_at', 'always'),
  time('started_at'),
  time('closed_at'),
  text('close_reason'),
  text('closed_by_session'),
];

const LEASE: readonly Field[] = [
  time('lease_expires_at'),
  time('heartbeat_at'),
  ['lease_granted_node', 'granted_node', 'text', 'optional'],
];

const SECOND: readonly Field[] = [
  time('due_at'),
  time('defer_until'),
  text('external_ref', 'nullable'),
  text('source_system'),
  ['metadata', 'metadata', 'json', 'optional'],
  ['compaction_level', 'compaction_level', 'number', 'optional'],
  time('compacted_at'),
  text('compacted_at_commit', 'nullable'),
  ['original_size', 'original_size', 'number', 'optional'],
];

const THIRD: readonly Field[] = [
  text('sender'),
  flag('ephemeral'),
  flag('no_history'),
  text('wisp_type'),
  text('storage_class'),
  flag('pinned'),
  flag('is_template'),
  text('await_type'),
  text('await_id'),
  ['timeout', 'timeout_ns', 'number', 'optional'],
  ['waiters', 'waiters', 'list', 'optional'],
  ...['mol_type', 'work_type', 'event_kind', 'actor', 'target', 'payload'].map((name) => text(name)),
];

const DEPENDENCY: readonly Field[] = [
  text('issue_id', 'always'),
  text('depends_on_id', 'always'),
  text('type', 'always'),
  time('created_at', 'always'),
  ...['created_by', 'metadata', 'thread_id'].map((name) => text(name)),
];

const COMMENT: readonly Field[] = [
  ...['id', 'issue_id', 'author', 'text'].map((name) => text(name, 'always')),
  time('created_at', 'always'),
];

/** One line of the file, without its line break: byte for byte what `bd export` of bd 1.3.0 writes. */
export function encodeIssue(issue: ExportedIssue): string {
  const { row, lease, labels, dependencies, comments } = issue;
  const members = [
    member('_type', '"issue"'),
    ...membersOf(FIRST, row),
    ...(lease === null ? [] : membersOf(LEASE, lease)),
    ...membersOf(SECOND, row),
    ...array('labels', labels.map(encodeText)),
    ...array(
      'dependencies',
      dependencies.map((one) => object(membersOf(DEPENDENCY, one))),
    ),
    ...array(
      'comments',
      comments.map((one) => object(membersOf(COMMENT, one))),
    ),
    ...membersOf(THIRD, row),
    member('dependency_count', String(issue.dependencyCount)),
    member('dependent_count', String(issue.dependentCount)),
    member('comment_count', String(comments.length)),
    ...(issue.isWisp && row['ephemeral'] !== '1' && row['no_history'] === '1' ? [member('wisp_plane', 'true')] : []),
  ];
  return object(members);
}

/** Why bd would refuse a file with this row, and with it every other row; null if it would not. */
export function importProblem({ status, closed_at: closedAt = null }: Cells): string | null {
  if (status === 'closed') return closedAt === null ? 'is closed and has no closed_at' : null;
  return closedAt === null ? null : `has the status ${status ?? 'NULL'} and a closed_at`;
}

function membersOf(fields: readonly Field[], row: Cells): string[] {
  return fields.flatMap(([name, column, form, presence]) => {
    const value = encodeValue(row[column] ?? null, form, presence);
    return value === null ? [] : [member(name, value)];
  });
}

/** The JSON of a value; null: the field is left out. */
function encodeValue(value: string | null, form: Form, presence: Presence): string | null {
  if (value === null && presence === 'nullable') return null;
  switch (form) {
    case 'text':
      return presence === 'optional' && (value ?? '') === '' ? null : encodeText(value ?? '');
    case 'number':
      return presence === 'optional' && Number(value ?? 0) === 0 ? null : (value ?? '0');
    case 'time':
      return encodeText(encodeTime(value));
    case 'flag':
      return Number(value ?? 0) === 0 ? null : 'true';
    case 'json':
      return value === null || value === '' || value === '{}' ? null : compact(value);
    case 'list':
      return encodeList(value ?? '');
  }
}

/** bd shows a missing time as the beginning of 1970. */
function encodeTime(value: string | null): string {
  if (value === null || value.startsWith('0000-')) return '1970-01-01T00:00:00Z';
  const [seconds = '', fraction = ''] = value.replace(' ', 'T').split('.');
  const digits = fraction.replace(/0+$/, '');
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

function encodeList(value: string): string | null {
  const items = parsedJson(value);
  if (!Array.isArray(items) || items.length === 0) return null;
  if (!items.every((item) => typeof item === 'string')) return null;
  return `[${items.map(encodeText).join(',')}]`;
}

/** Go's encoder escapes these characters, because JSON may be embedded in HTML and JavaScript. */
const ESCAPED = /[<>&\u2028\u2029]/g;

function escaped(json: string): string {
  return json.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function encodeText(value: string): string {
  return escaped(JSON.stringify(value));
}

/** JSON without blanks outside of its texts; numbers and escapes stay as they are written. */
function compact(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|\s+/gs, (part) => (part.startsWith('"') ? escaped(part) : ''));
}

function member(name: string, json: string): string {
  return `"${name}":${json}`;
}

function object(members: readonly string[]): string {
  return `{${members.join(',')}}`;
}

function array(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [member(name, `[${items.join(',')}]`)];
}
