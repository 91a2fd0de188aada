import type { Location } from '../core/failure.ts';
import { cellTexts } from '../core/text.ts';
import type { Choice } from './choice.ts';
import { decisionOf } from './lost-choices.ts';

/** Values of a row by column: text, NULL as null, bytes in hexadecimal after `0x`. */
export type Values = Readonly<Record<string, string | null>>;

export const UNRESOLVED_KINDS = ['changed', 'deleted', 'id-collision', 'keyless', 'duplicate'] as const;
/**
 * Why a row is unresolved. `changed`: the same cells on both sides · `deleted`: deleted on one side, changed on the
 * other · `id-collision`: added on both under one key · `keyless`: all rows in conflict of a table without a primary
 * key · `duplicate`: two rows under one unique key, of which one can stay.
 */
export type UnresolvedKind = (typeof UNRESOLVED_KINDS)[number];

/** A column on which the two sides differ; a side without the row has no value, which is not NULL. */
export interface UnresolvedCell {
  readonly base?: string | null;
  readonly ours?: string | null;
  readonly theirs?: string | null;
  readonly choose: Choice | null;
  /** The position in the file. */
  readonly at?: Location;
}

/** Equal rows of a table without a primary key, and how many of them each version has. */
export interface CountedRow {
  readonly row: Values;
  readonly base: number;
  readonly ours: number;
  readonly theirs: number;
}

/** A row for a person to decide. */
export interface UnresolvedRow {
  readonly table: string;
  readonly key: Values;
  /** `duplicate`: the key of their row; `key` is that of ours. */
  readonly otherKey?: Values;
  readonly kind: UnresolvedKind;
  /** The side that deleted the row, if any. */
  readonly deletedBy?: 'ours' | 'theirs';
  readonly cells: Readonly<Record<string, UnresolvedCell>>;
  /** `keyless`: the rows in conflict, for information. */
  readonly rows?: readonly CountedRow[];
  readonly choose: Choice | null;
  readonly at?: Location;
}

/** A merge that was not made: the heads, and the rows to decide first. */
export interface UnresolvedMerge {
  readonly peer: string;
  /** The head of our branch. */
  readonly ours: string;
  /** The fetched head of the peer. */
  readonly theirs: string;
  readonly rows: readonly UnresolvedRow[];
  readonly at?: Location;
}

export const LOST_KINDS = [
  'changed',
  'id-collision',
  'dependant',
  'duplicate',
  'unique-conflict',
  'reference',
  'renamed',
] as const;
/**
 * Why a row of a completed merge needs a person. Not in the merge: `id-collision`, another row has its key;
 * `dependant`, it belongs to a row that is not in the merge; `duplicate`, another row has its unique value. In the
 * merge: `unique-conflict`, it has its former unique value again; `reference`, it refers to another row than intended;
 * `renamed`, it exists under two keys; `changed`, it has the later of two values.
 */
export type LostKind = (typeof LOST_KINDS)[number];

/**
 * A decision about a lost row. `restore` adds it again under the suggested key; `restore-as` gives columns new values;
 * `drop` keeps the result of the merge, without the row.
 */
export type LostChoice = 'restore' | 'drop' | { readonly as: Values };
export const LOST_WORDS = ['restore', 'drop'] as const;

/** A row of a completed merge that needs a person. */
export interface LostRow {
  readonly peer: string;
  readonly kind: LostKind;
  readonly table: string;
  /** Absent in a file of version 1. */
  readonly key?: Values;
  /** `renamed`: the new key. */
  readonly otherKey?: Values;
  /** The row that lost its key, to which this one refers. */
  readonly with?: { readonly table: string; readonly key: Values };
  /** The columns that `restore` changes, if the row is in the merge; absent in a file of version 1 or 2. */
  readonly columns?: readonly string[];
  /** A commit with the row as shown below. */
  readonly head: string;
  readonly row: Values;
  /** A statement that restores what the merge lacks. */
  readonly sql?: string;
  readonly choose: LostChoice | null;
  readonly at?: Location;
}

/** The content of a conflicts file. */
export interface ConflictsFile {
  /** Our branch. */
  readonly branch: string;
  readonly merges: readonly UnresolvedMerge[];
  readonly lost: readonly LostRow[];
}

/** Identifies a row among the rows of one merge. */
export function rowName({ kind, table, key }: Pick<UnresolvedRow, 'kind' | 'table' | 'key'>): string {
  const isDuplicate = kind === 'duplicate';
  return JSON.stringify([isDuplicate, table, Object.entries(key).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** A row in a message: `issues id=bd-1`. */
export function rowText({ table, key }: Pick<UnresolvedRow, 'table' | 'key'>): string {
  return [table, ...cellTexts(key)].join(' ');
}

/** How many rows of a file are undecided. */
export function countOpen({ merges, lost }: Pick<ConflictsFile, 'merges' | 'lost'>): number {
  const open = merges.flatMap(({ rows }) => rows.filter(isOpen));
  return open.length + lost.filter((row) => decisionOf(row, lost) === null).length;
}

/** Whether a row, or one of its cells, has no choice. */
export function isOpen({ choose, cells }: Pick<UnresolvedRow, 'choose' | 'cells'>): boolean {
  const all = Object.values(cells);
  return choose === null && (all.length === 0 || all.some((cell) => cell.choose === null));
}
