import type { Conflict } from '../contract/result.ts';
import type { ConflictKind } from '../contract/vocabulary.ts';
import type { Cells } from '../dolt/cell.ts';
import type { Reason, Win } from './choose-row.ts';
import { otherSide, type Side } from './side.ts';

/** What a merge did with one row, or would have had to do; told from the merge's own two sides. */
export interface ToldRow {
  readonly kind: ConflictKind;
  readonly table: string;
  readonly key: Cells;
  /** The columns that matter. */
  readonly columns: readonly string[];
  readonly base: Cells | null;
  readonly ours: Cells | null;
  readonly theirs: Cells | null;
  /** Empty where the merge was undone. */
  readonly wins: readonly Win[];
  /** Whether it is left for a person. */
  readonly left: boolean;
}

const WORDS: Readonly<Record<Reason, string>> = {
  later: 'later',
  greater: 'same time, greater value',
  strategy: 'strategy',
  counter: 'counter, greater value',
  'created-first': 'created first',
  'smaller-key': 'same time, smaller key',
  changed: 'a change outlives a deletion',
};

interface Telling {
  readonly heads: { readonly ours: string; readonly theirs: string };
  /** Whether what the merge calls theirs is what this town has. */
  readonly swapped: boolean;
}

/** A row as the report shows it, from this town's side. */
export function conflictOf(row: ToldRow, { heads, swapped }: Telling): Conflict {
  const told = swapped ? swap(row) : row;
  return {
    kind: told.kind,
    table: told.table,
    key: told.key,
    columns: [...told.columns],
    base: pick(told.base, told.columns),
    ours: pick(told.ours, told.columns),
    theirs: pick(told.theirs, told.columns),
    resolution: resolutionOf(told),
    left: told.left,
    heads: swapped ? { ours: heads.theirs, theirs: heads.ours } : heads,
    between: [],
  };
}

function swap(row: ToldRow): ToldRow {
  const wins = row.wins.map((win) => ({ ...win, side: otherSide(win.side) }));
  return { ...row, ours: row.theirs, theirs: row.ours, wins };
}

function pick(cells: Cells | null, columns: readonly string[]): Conflict['base'] {
  return cells === null ? null : Object.fromEntries(columns.map((name) => [name, cells[name] ?? null]));
}

/** Who won and why, in words: `theirs (later)`, or `ours (later): title; theirs (later): status`. */
function resolutionOf({ kind, wins }: ToldRow): string {
  if (wins.length === 0) return kind === 'restored' ? 'came back with the row it belongs to' : 'undone';
  const groups = new Map<string, { side: Side; columns: string[] }>();
  for (const { side, reason, column } of wins) {
    const words = `${side} (${WORDS[reason]})`;
    const group = groups.get(words) ?? { side, columns: [] };
    groups.set(words, { side, columns: column === null ? group.columns : [...group.columns, column] });
  }
  if (groups.size === 1) return [...groups.keys()].join('');
  return [...groups].map(([words, { columns }]) => `${words}: ${columns.join(', ')}`).join('; ');
}
