import type { Cells } from '../dolt/sql/cell.ts';
import { compactJson } from './compact-json.ts';
import { type ExportedIssue, FIELDS, type Field, LABEL } from './fields.ts';

/** The names that bd accepts for a database besides its own. */
export interface KnownWords {
  readonly statuses: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/** The statuses of bd itself. */
export const STATUSES = new Set(['open', 'in_progress', 'blocked', 'deferred', 'closed', 'pinned', 'hooked']);
const TYPES = new Set([
  ...['bug', 'feature', 'task', 'epic', 'chore', 'decision', 'message', 'molecule', 'gate', 'spike', 'story'],
  ...['milestone', 'event'],
]);
const MAX_PRIORITY = 4;
const STORAGE_CLASSES: Readonly<Record<'kept' | 'local', readonly string[]>> = {
  kept: ['', 'versioned', 'unversioned'],
  local: ['', 'ephemeral'],
};

/** bd reads no longer line. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024 - 1;
export const TOO_LARGE = 'is too large for a line of the file';

/** Why bd 1.3.0 would refuse a file with this issue, and with it every other one; null if it would not. */
export function importProblem(issue: ExportedIssue, known: KnownWords): string | null {
  const { row, lease, dependencies, comments, labels } = issue;
  const parts: readonly (readonly [readonly Field[], readonly Cells[], where: string])[] = [
    [[...FIELDS.FIRST, ...FIELDS.SECOND, ...FIELDS.THIRD], [row], ''],
    [FIELDS.LEASE, lease === null ? [] : [lease], ' of its lease'],
    [[LABEL], labels.map((label) => ({ label })), ' of a label'],
    [FIELDS.DEPENDENCY, dependencies, ' of a dependency'],
    [FIELDS.COMMENT, comments, ' of a comment'],
  ];
  if (parts.reduce((sum, [fields, rows]) => sum + lengthOf(fields, rows), 0) > MAX_LINE_BYTES) return TOO_LARGE;
  for (const [fields, rows, where] of parts) {
    for (const cells of rows) {
      for (const field of fields) {
        const problem = valueProblem(cells[field.column] ?? null, field);
        if (problem !== null) return `has ${problem} as ${field.column}${where}`;
      }
    }
  }
  return meaningProblem(row, known);
}

function lengthOf(fields: readonly Field[], rows: readonly Cells[]): number {
  let length = 0;
  for (const row of rows) for (const { column } of fields) length += row[column]?.length ?? 0;
  return length;
}

/** The problem of a value with its field; null if it has none. */
function valueProblem(value: string | null, { form, presence, limit, unit }: Field): string | null {
  if (value === null) return form === 'number' && presence === 'always' ? 'NULL' : null;
  if (!value.isWellFormed()) return 'bytes that are no text';
  if (isLonger(value, limit, unit)) return `more than ${limit} ${unit}`;
  switch (form) {
    case 'text':
    case 'list':
      return null;
    case 'json':
    case 'document':
      return value === '' || compactJson(value) !== null ? null : 'invalid JSON';
    case 'number':
    case 'flag':
      return isInteger(value, 32) ? null : 'no integer';
    case 'large-number':
      return isInteger(value, 64) ? null : 'no integer';
    case 'time':
    case 'issue-time':
      return isTime(value) ? null : 'no time';
  }
}

function isLonger(value: string, limit: number, unit: Field['unit']): boolean {
  if (value.length <= limit && unit === 'characters') return false;
  return (unit === 'bytes' ? Buffer.byteLength(value) : [...value.slice(0, 2 * limit + 1)].length) > limit;
}

function isInteger(value: string, bits: number): boolean {
  return /^-?\d{1,20}$/.test(value) && BigInt.asIntN(bits, BigInt(value)) === BigInt(value);
}

/** A time as Dolt sends it. bd shows one of the year 0 as the beginning of 1970. */
function isTime(value: string): boolean {
  const [, day = '', time = ''] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?$/.exec(value) ?? [];
  if (day.startsWith('0000-')) return true;
  const moment = Date.parse(`${day}T${time}Z`);
  return !Number.isNaN(moment) && new Date(moment).toISOString().startsWith(`${day}T${time}`);
}

/** The problem of an issue whose values all fit their fields. An empty status is `open`, and an empty type is `task`. */
function meaningProblem(row: Cells, { statuses, types }: KnownWords): string | null {
  const value = (column: string): string => row[column] ?? '';
  const [status, type, storage] = [value('status') || 'open', value('issue_type') || 'task', value('storage_class')];
  const isClosed = (row['closed_at'] ?? null) !== null;
  const isLocal = Number(value('ephemeral')) !== 0 || Number(value('no_history')) !== 0;
  // bd skips such a row of an old version.
  if (status === 'tombstone') return null;
  if (value('title') === '') return 'has no title';
  if (Number(value('priority')) < 0 || Number(value('priority')) > MAX_PRIORITY)
    return 'has a priority outside of 0 to 4';
  if (!STATUSES.has(status) && !statuses.has(status)) return 'has a status that bd does not know';
  if (!TYPES.has(type) && !types.has(type)) return 'has a type that bd does not know';
  if (Number(value('estimated_minutes')) < 0) return 'has a negative estimate';
  if (status !== 'closed' && isClosed) return `has the status ${status} and a closed_at`;
  if (!STORAGE_CLASSES[isLocal ? 'local' : 'kept'].includes(storage))
    return 'has a storage class that bd does not allow for it';
  return null;
}
