import { createHash } from 'node:crypto';
import type { Conflict } from '../contract/result.ts';
import type { ConflictKind } from '../contract/vocabulary.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Reason, Win } from './choose-row.ts';
import { otherSide, type Side } from './merging.ts';

/** The outcome of a merge for one row, or the planned outcome, from the two sides of the merge. */
export interface ResolvedRow {
  readonly kind: ConflictKind;
  readonly table: string;
  readonly key: Cells;
  /** The columns that matter. */
  readonly columns: readonly string[];
  readonly base: Cells | null;
  readonly ours: Cells | null;
  readonly theirs: Cells | null;
  /** Empty if the merge was aborted. */
  readonly wins: readonly Win[];
  /** Whether a person has to decide. */
  readonly left: boolean;
  /** `dependant` and `reference`: the row that lost its key, to which this row refers. */
  readonly with?: { readonly table: string; readonly key: Cells };
  /** `renamed`: the key that one side gave the row. */
  readonly otherKey?: Cells;
  /** The side whose version of the row a person needs, if `wins` does not say it. */
  readonly from?: Side;
}

const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  later: 'later',
  greater: 'same time, greater value',
  strategy: 'strategy',
  counter: 'counter, greater value',
  latest: 'greater value',
  'created-first': 'created first',
  'smaller-key': 'same time, smaller key',
  changed: 'changed rows win over deleted rows',
  derived: 'only computed columns changed',
  audit: 'audit',
  appended: 'both parts, the later one last',
  family: 'the other row depends on a row that lost its key',
};

/** The outcome for rows that no side won. */
const WITHOUT_WINNER: Readonly<Partial<Record<ConflictKind, string>>> = {
  restored: 'restored with the row it depends on',
  'unique-conflict': 'base (another row has the value)',
  dependant: 'removed with the row it refers to',
  reference: 'may refer to the wrong row',
  renamed: 'restored with the row it depends on',
};

interface ReportedSide {
  readonly heads: { readonly ours: string; readonly theirs: string };
  /** Whether `theirs` of the merge is our side. */
  readonly swapped: boolean;
}

/** A row as the report shows it, from our side. */
export function conflictOf(row: ResolvedRow, { heads, swapped }: ReportedSide): Conflict {
  const reported = swapped ? swap(row) : row;
  const ownHeads = swapped ? { ours: heads.theirs, theirs: heads.ours } : heads;
  const lost = lostSide(reported);
  return {
    kind: reported.kind,
    table: reported.table,
    key: reported.key,
    columns: [...reported.columns],
    base: pick(reported.base, reported.columns),
    ours: pick(reported.ours, reported.columns),
    theirs: pick(reported.theirs, reported.columns),
    resolution: resolutionOf(reported),
    ...pathsOf(reported),
    left: reported.left,
    heads: ownHeads,
    between: [],
    ...(reported.with === undefined ? {} : { with: reported.with }),
    ...(reported.otherKey === undefined ? {} : { otherKey: reported.otherKey }),
    ...(lost === null ? {} : { lost: { commit: ownHeads[lost], sql: null } }),
  };
}

/**
 * The side whose version of a row is missing in the merge although a person needs it; null if there is none, or if the
 * merge was aborted.
 */
export function lostSide(row: ResolvedRow): Side | null {
  const { kind, wins, left, from, ours, base } = row;
  if (from !== undefined) return from;
  const [win] = wins;
  switch (kind) {
    case 'id-collision':
      return win?.column === null ? otherSide(win.side) : null;
    case 'duplicate':
      return left && win !== undefined ? otherSide(win.side) : null;
    case 'unique-conflict':
      if (win !== undefined) return otherSide(win.side);
      return ours !== null && row.columns.some((name) => ours[name] !== base?.[name]) ? 'ours' : 'theirs';
    case 'dependant':
      return ours === null ? 'theirs' : 'ours';
    case 'changed':
    case 'deleted':
    case 'restored':
    case 'keyless':
    case 'reference':
    case 'renamed':
      return null;
  }
}

function swap(row: ResolvedRow): ResolvedRow {
  const wins = row.wins.map(({ path, ...win }) => ({
    ...win,
    side: otherSide(win.side),
    ...(path === undefined ? {} : { path: { ...path, ours: path.theirs, theirs: path.ours } }),
  }));
  const from = row.from === undefined ? {} : { from: otherSide(row.from) };
  return { ...row, ours: row.theirs, theirs: row.ours, wins, ...from };
}

function pick(cells: Cells | null, columns: readonly string[]): Conflict['base'] {
  return cells === null
    ? null
    : Object.fromEntries(
        columns.map((name) => [name, Object.hasOwn(cells, name) ? shortened(cells[name] ?? null) : null]),
      );
}

/** Who won and why: `theirs (later)`, or `ours (later): title; theirs (later): status`. */
function resolutionOf({ kind, wins, left }: ResolvedRow): string {
  if (wins.length === 0) return WITHOUT_WINNER[kind] ?? (left ? 'undone' : 'merged');
  if (wins.every(({ reason }) => reason === 'audit')) return REASON_TEXTS.audit;
  const groups = new Map<string, { side: Side; columns: string[] }>();
  for (const { side, reason, column, path } of wins) {
    const words = `${side} (${REASON_TEXTS[reason]})`;
    const group = groups.get(words) ?? { side, columns: [] };
    const name = path === undefined ? column : `${column ?? ''} ${path.text}`;
    groups.set(words, { side, columns: name === null ? group.columns : [...group.columns, name] });
  }
  if (groups.size === 1) return [...groups.keys()].join('');
  return [...groups].map(([words, { columns }]) => `${words}: ${columns.join(', ')}`).join('; ');
}

/** The keys of documents that both sides changed, each with its values and who won it. */
function pathsOf({ wins }: ResolvedRow): Pick<Conflict, 'paths'> {
  const paths = wins.flatMap(({ column, path, side, reason }) =>
    path === undefined || column === null
      ? []
      : [
          {
            column,
            path: path.text,
            base: shortened(path.base),
            ours: shortened(path.ours),
            theirs: shortened(path.theirs),
            resolution: `${side} (${REASON_TEXTS[reason]})`,
          },
        ],
  );
  return paths.length === 0 ? {} : { paths };
}

/** Longer values are shortened in reports. */
export const LONGEST_REPORTED = 16_384;
const SHOWN = 1_024;

/**
 * A value as reports show it: a long one as its beginning, length and hash, so that equal values stay equal. The
 * database and the conflicts file have the whole value.
 */
export function shortened(value: string): string;
export function shortened(value: string | null): string | null;
export function shortened(value: string | null): string | null {
  if (value === null || value.length <= LONGEST_REPORTED) return value;
  const hash = createHash('sha256').update(value).digest('hex');
  // A copy: V8 would keep the whole value in memory for a substring.
  const beginning = Buffer.from(value.slice(0, SHOWN)).toString();
  return `${beginning}… (${value.length} characters, SHA-256 ${hash})`;
}

/** The values of a row as reports show them. */
export function shortenedCells(cells: Cells | null): Cells | null {
  return cells === null
    ? null
    : Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, shortened(value)]));
}
