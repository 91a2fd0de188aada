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
 * How a column is written: `document` is a text that contains JSON, and `issue-time` a time that is never shown as the
 * year 1. `optional` fields are absent if they are empty, zero
 * or NULL; `nullable` ones only if they are NULL.
 */
export type Form = 'text' | 'document' | 'number' | 'large-number' | 'time' | 'issue-time' | 'flag' | 'json' | 'list';
type Presence = 'always' | 'optional' | 'nullable';

export interface Field {
  readonly name: string;
  readonly column: string;
  readonly form: Form;
  readonly presence: Presence;
  /** The longest text that bd 1.3.0 imports. */
  readonly limit: number;
  readonly unit: 'characters' | 'bytes';
}

/** Most columns of bd are VARCHAR(255). */
const LENGTH = 255;
const SHORT = 32;
/** The limit of a TEXT. */
const BYTES = { limit: 65_535, unit: 'bytes' } as const;
const UNLIMITED = Number.POSITIVE_INFINITY;

function field(name: string, form: Form, presence: Presence, column = name): Field {
  return { name, column, form, presence, limit: UNLIMITED, unit: 'characters' };
}

function text(name: string, limit = LENGTH, presence: Presence = 'optional'): Field {
  return { ...field(name, 'text', presence), limit };
}

const long = (name: string): Field => text(name, UNLIMITED);
const time = (name: string): Field => field(name, 'time', 'nullable');
const flag = (name: string): Field => field(name, 'flag', 'optional');

/** The fields before the lease, in the order of bd 1.3.0. */
const FIRST: readonly Field[] = [
  text('id', LENGTH, 'always'),
  { ...text('title', 500, 'always'), unit: 'bytes' },
  ...['description', 'design', 'acceptance_criteria', 'notes'].map(long),
  text('spec_id', 1024),
  text('status', SHORT),
  field('priority', 'number', 'always'),
  text('issue_type', SHORT),
  text('assignee'),
  text('owner'),
  field('estimated_minutes', 'number', 'nullable'),
  field('created_at', 'issue-time', 'always'),
  text('created_by'),
  field('updated_at', 'issue-time', 'always'),
  time('started_at'),
  time('closed_at'),
  long('close_reason'),
  text('closed_by_session'),
];

const LEASE: readonly Field[] = [
  time('lease_expires_at'),
  time('heartbeat_at'),
  { ...text('lease_granted_node'), column: 'granted_node' },
];

const SECOND: readonly Field[] = [
  time('due_at'),
  time('defer_until'),
  text('external_ref', LENGTH, 'nullable'),
  text('source_system'),
  field('metadata', 'json', 'optional'),
  field('compaction_level', 'number', 'optional'),
  time('compacted_at'),
  text('compacted_at_commit', 64, 'nullable'),
  field('original_size', 'number', 'optional'),
];

const THIRD: readonly Field[] = [
  text('sender'),
  flag('ephemeral'),
  flag('no_history'),
  text('wisp_type', SHORT),
  text('storage_class', 16),
  flag('pinned'),
  flag('is_template'),
  text('await_type', SHORT),
  text('await_id'),
  field('timeout', 'large-number', 'optional', 'timeout_ns'),
  { ...field('waiters', 'list', 'optional'), ...BYTES },
  ...['mol_type', 'work_type', 'event_kind'].map((name) => text(name, SHORT)),
  text('actor'),
  text('target'),
  { ...text('payload'), ...BYTES },
];

const DEPENDENCY: readonly Field[] = [
  text('issue_id', LENGTH, 'always'),
  text('depends_on_id', LENGTH, 'always'),
  text('type', SHORT, 'always'),
  field('created_at', 'time', 'always'),
  text('created_by'),
  field('metadata', 'document', 'optional'),
  text('thread_id'),
];

const COMMENT: readonly Field[] = [
  text('id', 36, 'always'),
  text('issue_id', LENGTH, 'always'),
  text('author', LENGTH, 'always'),
  text('text', UNLIMITED, 'always'),
  field('created_at', 'time', 'always'),
];

/** The members of a line that one row of a table gives, in the order of bd 1.3.0. */
export const FIELDS = { FIRST, LEASE, SECOND, THIRD, DEPENDENCY, COMMENT };
export const LABEL = text('label', LENGTH, 'always');
