import type { Location } from '../core/failure.ts';
import type { Choice } from './choice.ts';

/** Values of a row by column: text, NULL as null, bytes in hexadecimal after `0x`. */
export type Values = Readonly<Record<string, string | null>>;

export const UNRESOLVED_KINDS = ['changed', 'deleted', 'id-collision', 'keyless', 'duplicate'] as const;
/**
 * Why a row is left. `changed`: the same cells on both sides · `deleted`: deleted on one side, changed on the other ·
 * `id-collision`: added on both under one key · `keyless`: all rows in conflict of a table without a primary key ·
 * `duplicate`: two rows under one unique key, of which one can stay.
 */
export type UnresolvedKind = (typeof UNRESOLVED_KINDS)[number];

/** A column on which the two sides differ; a side that lacks the row has no value, which is not NULL. */
export interface UnresolvedCell {
  readonly base?: string | null;
  readonly ours?: string | null;
  readonly theirs?: string | null;
  readonly choose: Choice | null;
  /** Where it stands in a file that was read. */
  readonly at?: Location;
}

/** A row that is left for a person. */
export interface UnresolvedRow {
  readonly table: string;
  readonly key: Values;
  /** `duplicate`: the key of their row, where `key` is that of ours. */
  readonly otherKey?: Values;
  readonly kind: UnresolvedKind;
  /** Who deleted the row, where one side did. */
  readonly deletedBy?: 'ours' | 'theirs';
  readonly cells: Readonly<Record<string, UnresolvedCell>>;
  readonly choose: Choice | null;
  readonly at?: Location;
}

/** A merge that was not made: the heads, and the rows that somebody has to decide before it can be. */
export interface UnresolvedMerge {
  readonly peer: string;
  /** The head of the town's branch. */
  readonly ours: string;
  /** The head that was fetched from the peer. */
  readonly theirs: string;
  readonly rows: readonly UnresolvedRow[];
  readonly at?: Location;
}

export const LOST_KINDS = [
  'id-collision',
  'dependant',
  'duplicate',
  'unique-conflict',
  'reference',
  'renamed',
] as const;
/**
 * Why a row of a merge that was made needs a person. Not in the merge: `id-collision`, another row has its key;
 * `dependant`, it belongs to a row that is not in the merge; `duplicate`, another row has its unique value. In the merge:
 * `unique-conflict`, it has its former unique value again; `reference`, it refers to another row than it was meant to;
 * `renamed`, it is there under two keys.
 */
export type LostKind = (typeof LOST_KINDS)[number];

/** A row of a merge that was made, which needs a person. */
export interface LostRow {
  readonly peer: string;
  readonly kind: LostKind;
  readonly table: string;
  /** Absent in a file of version 1. */
  readonly key?: Values;
  /** `renamed`: the new key. */
  readonly otherKey?: Values;
  /** The row that lost its key, and to which this one leads. */
  readonly with?: { readonly table: string; readonly key: Values };
  /** A commit that has the row as it is below. */
  readonly head: string;
  readonly row: Values;
  /** A statement that brings back what the merge lacks. */
  readonly sql?: string;
}

/** What a conflicts file holds. */
export interface ConflictsFile {
  /** The town's branch. */
  readonly branch: string;
  readonly merges: readonly UnresolvedMerge[];
  readonly lost: readonly LostRow[];
}

/** A row's name among the rows of one merge. */
export function rowName({ kind, table, key }: Pick<UnresolvedRow, 'kind' | 'table' | 'key'>): string {
  const isDuplicate = kind === 'duplicate';
  return JSON.stringify([isDuplicate, table, Object.entries(key).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** A row as messages name it: `issues id=bd-1`. */
export function rowText({ table, key }: Pick<UnresolvedRow, 'table' | 'key'>): string {
  const parts = Object.entries(key).map(([name, value]) => `${name}=${value ?? 'NULL'}`);
  return [table, ...parts].join(' ');
}

/** How many rows of a file nobody has decided yet. */
export function countOpen({ merges, lost }: Pick<ConflictsFile, 'merges' | 'lost'>): number {
  const open = merges.flatMap(({ rows }) => rows.filter(isOpen));
  return open.length + lost.length;
}

function isOpen({ choose, cells }: UnresolvedRow): boolean {
  const all = Object.values(cells);
  return choose === null && (all.length === 0 || all.some((cell) => cell.choose === null));
}
