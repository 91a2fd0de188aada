import type { ConflictRow } from '../dolt/conflict-rows.ts';
import type { Column } from '../dolt/table-shape.ts';
import { compareRows, compareValues } from './compare-values.ts';
import type { Contest } from './contest.ts';
import type { Side } from './side.ts';
import type { TablePolicy } from './table-policy.ts';

/** A strategy that settles; under `manual` nothing is chosen. */
export type Settling = 'newest' | 'ours' | 'theirs';

/** Why a side won. */
export type Reason = 'later' | 'greater' | 'strategy' | 'counter' | 'created-first' | 'smaller-key' | 'changed';

/** Who won a column, or, where `column` is null, the whole row. */
export interface Win {
  readonly column: string | null;
  readonly side: Side;
  readonly reason: Reason;
}

export interface Choice {
  readonly wins: readonly Win[];
  /** What their side gives: these columns, the whole row, or its deletion. */
  readonly take: readonly string[] | 'row' | 'deletion';
  /** Whether somebody has to look at it although the merge went on. */
  readonly left: boolean;
}

/** When things happened, as text that sorts by time (see instant.ts). */
export interface Clock {
  cell(side: Side, column: string): string;
  created(side: Side): string;
}

interface Rules {
  readonly strategy: Settling;
  readonly policy: TablePolicy;
  /** The table's columns in their order. */
  readonly columns: readonly Column[];
  readonly clock: Clock;
}

/** Decides one row in conflict: a pure function, and the same one seen from both sides. */
export function chooseRow(row: ConflictRow, contest: Contest, rules: Rules): Choice {
  const { strategy } = rules;
  if (contest.kind === 'deleted-by-ours' || contest.kind === 'deleted-by-theirs') {
    const changed = contest.kind === 'deleted-by-ours' ? 'theirs' : 'ours';
    const side = strategy === 'newest' ? changed : strategy;
    return wholeRow({ side, reason: strategy === 'newest' ? 'changed' : 'strategy' }, contest);
  }
  if (strategy !== 'newest') {
    if (contest.kind === 'added') return wholeRow({ side: strategy, reason: 'strategy' }, contest);
    return byCells(contest, (column) => ({ column, side: strategy, reason: 'strategy' }));
  }
  const { policy } = rules;
  if (policy.kind === 'whole') return wholeRow(latestRow(row, contest, rules), contest);
  if (contest.kind === 'added' && policy.kind === 'cells') {
    return { ...wholeRow(firstCreated(row, rules), contest), left: true };
  }
  return byCells(contest, (column) => latestCell(row, column, rules));
}

type Winner = Omit<Win, 'column'>;

function wholeRow(winner: Winner, contest: Contest): Choice {
  const wins = [{ column: null, ...winner }];
  if (winner.side === 'ours') return { wins, take: [], left: false };
  return { wins, take: contest.kind === 'deleted-by-theirs' ? 'deletion' : 'row', left: false };
}

function byCells(contest: Contest, decide: (column: string) => Win): Choice {
  const wins = contest.contested.map(decide);
  const won = wins.flatMap(({ side, column }) => (side === 'theirs' && column !== null ? [column] : []));
  return { wins, take: [...contest.theirs, ...won], left: false };
}

function latestCell(row: ConflictRow, column: string, { policy, columns, clock }: Rules): Win {
  const type = columns.find(({ name }) => name === column)?.type ?? '';
  const order = compareValues(row.ours?.[column] ?? null, row.theirs?.[column] ?? null, type);
  const greater = order > 0 ? 'ours' : 'theirs';
  if (policy.kind === 'maximum' && policy.column === column) return { column, side: greater, reason: 'counter' };
  const [ours, theirs] = [clock.cell('ours', column), clock.cell('theirs', column)];
  if (ours === theirs) return { column, side: greater, reason: 'greater' };
  return { column, side: ours > theirs ? 'ours' : 'theirs', reason: 'later' };
}

/** The side that changed any of the contested cells last. */
function latestRow(row: ConflictRow, contest: Contest, { columns, clock }: Rules): Winner {
  const last = (side: Side): string =>
    contest.contested
      .map((column) => clock.cell(side, column))
      .sort()
      .at(-1) ?? '';
  const [ours, theirs] = [last('ours'), last('theirs')];
  if (ours !== theirs) return { side: ours > theirs ? 'ours' : 'theirs', reason: 'later' };
  const order = compareRows(row.ours ?? {}, row.theirs ?? {}, columns);
  return { side: order > 0 ? 'ours' : 'theirs', reason: 'greater' };
}

function firstCreated(row: ConflictRow, { columns, clock }: Rules): Winner {
  const [ours, theirs] = [clock.created('ours'), clock.created('theirs')];
  if (ours !== theirs) return { side: ours < theirs ? 'ours' : 'theirs', reason: 'created-first' };
  const order = compareRows(row.ours ?? {}, row.theirs ?? {}, columns);
  return { side: order > 0 ? 'ours' : 'theirs', reason: 'greater' };
}
