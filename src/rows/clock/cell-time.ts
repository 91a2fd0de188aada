import type { RowWrite } from '../../dolt/rows/row-writes.ts';
import { isTemporal } from '../../dolt/schema/columns.ts';
import type { TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { folded } from '../../dolt/sql/identifier.ts';
import type { SideHistory } from './side-history.ts';

/** Columns with the time of a row's last write; names are compared without case, as in SQL. */
const TIME_COLUMNS: ReadonlySet<string> = new Set(['updated_at', 'modified_at']);

/** The columns of a table with the time of a row's last write. */
export function timeColumnsOf(shape: TableShape): string[] {
  return shape.columns.flatMap(({ name, type }) => (TIME_COLUMNS.has(folded(name)) && isTemporal(type) ? [name] : []));
}

/** How the time of a write is determined. */
export interface WriteDates {
  /** The time columns that the writes were read with. */
  readonly timeColumns: readonly string[];
  readonly history: Pick<SideHistory, 'effective' | 'before'>;
}

/** A value to date: how a version of the row shows it as text, and its text at the head. */
export interface Dated {
  readonly read: (row: Cells) => string | null;
  readonly value: string | null;
}

/** Some columns of a row taken as one cell. */
export function tupleOf(columns: readonly string[], row: Cells): Dated {
  const read = (version: Cells): string => JSON.stringify(columns.map((name) => version[name] ?? null));
  return { read, value: read(row) };
}

/**
 * When a value in a row was set to its value at a head: the time of the newest commit that set it. Merges repeat other
 * writes, so they count only if nothing else explains the value. Of several commits that set it, one that was
 * overwritten later does not count, and the latest of concurrent ones does.
 * @param writes every commit reachable from the head that wrote the row
 * @returns null if no commit explains the value
 */
export function valueTime(writes: readonly RowWrite[], dated: Dated, dates: WriteDates): string | null {
  const { read, value } = dated;
  const changes = writes.filter(({ from, to }) => from === null || read(from) !== read(to));
  const genuine = changes.filter((write) => !write.isMerge);
  const giving = (among: readonly RowWrite[]): RowWrite[] => among.filter(({ to }) => read(to) === value);
  const plain = giving(genuine);
  const current = plain.length > 0 ? notSuperseded(plain, genuine, dates) : giving(changes);
  return (
    current
      .map((write) => writeTime(write, dates))
      .sort()
      .at(-1) ?? null
  );
}

/**
 * When some columns of a row, taken as one cell, were set to their values at a head.
 * @param row the row at the head
 * @returns null if no commit explains the values
 */
export function tupleTime(
  writes: readonly RowWrite[],
  tuple: { readonly columns: readonly string[]; readonly row: Cells },
  dates: WriteDates,
): string | null {
  return valueTime(writes, tupleOf(tuple.columns, tuple.row), dates);
}

/** The writes that no later change follows; several if merged histories made the same change. */
function notSuperseded(
  candidates: readonly RowWrite[],
  changes: readonly RowWrite[],
  { history }: WriteDates,
): readonly RowWrite[] {
  if (candidates.length < 2) return candidates;
  const superseded = history.before(changes.map(({ commit }) => commit));
  const current = candidates.filter(({ commit }) => !superseded.has(commit));
  return current.length > 0 ? current : candidates;
}

/**
 * When a commit wrote a row: the smallest of the times in the row, and never later than the commit itself. A future
 * time in any column has no advantage.
 */
export function writeTime(write: RowWrite, { timeColumns, history }: WriteDates): string {
  const named = timeColumns.flatMap((column) => {
    const value = write.to[column] ?? null;
    return value === null ? [] : (instant(value) ?? []);
  });
  const effective = history.effective(write.commit);
  return [...named, effective].sort().at(0) ?? effective;
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?)?$/;

/**
 * A time as text that sorts by time: `YYYY-MM-DD HH:MM:SS.uuuuuu` in UTC.
 * @param text a DATE, DATETIME or TIMESTAMP as Dolt prints it in a session in UTC
 * @returns null for any other text, and for the zero date `0000-00-00`
 */
export function instant(text: string): string | null {
  const [, day, time = '00:00:00', fraction = ''] = TIME.exec(text) ?? [];
  if (day === undefined || /-00/.test(day)) return null;
  return `${day} ${time}.${fraction.padEnd(6, '0')}`;
}
