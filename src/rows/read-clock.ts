import type { ConflictRow } from '../dolt/conflict-rows.ts';
import { anySide } from '../dolt/conflict-rows.ts';
import { commitInfo, isAncestor } from '../dolt/history.ts';
import { keyText } from '../dolt/row-key.ts';
import { type RowWrite, rowWrites } from '../dolt/row-writes.ts';
import type { Sql } from '../dolt/sql.ts';
import { columnNamesAt, type TableShape } from '../dolt/table-shape.ts';
import { cellTime, TIME_COLUMNS } from './cell-time.ts';
import type { Clock } from './choose-row.ts';
import type { Contest } from './contest.ts';
import { createdAt, firstCommit } from './created.ts';
import { instant } from './instant.ts';
import type { Merging } from './merging.ts';
import type { Side } from './side.ts';

/** A row in conflict, and what was found about it. */
export interface ContestedRow {
  readonly row: ConflictRow;
  readonly contest: Contest;
}

const TEMPORAL = new Set(['date', 'datetime', 'timestamp']);

/** Those of some columns that a table has and that hold times. */
export function timesAmong(shape: TableShape, names: readonly string[]): string[] {
  return names.filter((name) => shape.columns.some((column) => column.name === name && TEMPORAL.has(column.type)));
}

/**
 * Looks up when the contested cells of some rows were written on both sides, and when rows added on both were created.
 * Only these rows' histories are read.
 */
export async function readClock(
  sql: Sql,
  merging: Merging,
  asked: { readonly shape: TableShape; readonly rows: readonly ContestedRow[] },
): Promise<(row: ConflictRow) => Clock> {
  const sides = { ours: await readSide(sql, merging, { ...asked, side: 'ours' }), theirs: new Map() };
  sides.theirs = await readSide(sql, merging, { ...asked, side: 'theirs' });
  return (row) => {
    const of = (side: Side): Times | undefined => sides[side].get(row.id);
    return {
      cell: (side, column) => of(side)?.cells.get(column) ?? '',
      created: (side) => of(side)?.created ?? '',
    };
  };
}

interface Times {
  readonly cells: ReadonlyMap<string, string>;
  readonly created: string;
}

async function readSide(
  sql: Sql,
  merging: Merging,
  asked: { readonly shape: TableShape; readonly rows: readonly ContestedRow[]; readonly side: Side },
): Promise<Map<string, Times>> {
  const { shape, rows, side } = asked;
  const head = merging[side];
  const present = await columnNamesAt(sql, shape.name, head);
  const timeColumns = timesAmong(shape, TIME_COLUMNS).filter((name) => present.has(name));
  const contested = rows.flatMap(({ contest }) => contest.contested).filter((name) => present.has(name));
  const history = {
    database: merging.database,
    head,
    shape,
    columns: [...new Set([...contested, ...timeColumns])],
    keys: rows.map(({ row }) => anySide(row, shape)),
  };
  const writes = await rowWrites(sql, { ...history, since: merging.base });
  let whole: typeof writes | null = null;
  const fallback = instant((await commitInfo(sql, head)).date);
  const reaches = remembered((commit, ancestor) => isAncestor(sql, ancestor, commit));
  const times = new Map<string, Times>();
  for (const { row, contest } of rows) {
    const key = keyText(shape, anySide(row, shape));
    const own: readonly RowWrite[] = writes.get(key) ?? [];
    // Where histories met more than once, a value may come from below the base that the merge took.
    const older = async (): Promise<readonly RowWrite[]> => {
      whole ??= await rowWrites(sql, { ...history, since: null });
      return whole.get(key) ?? [];
    };
    const cells = new Map<string, string>();
    for (const column of contest.contested) {
      const value = row[side]?.[column] ?? null;
      const cell = { column, value, timeColumns, reaches };
      cells.set(column, (await cellTime(own, cell)) ?? (await cellTime(await older(), cell)) ?? fallback);
    }
    const first = (): Promise<string | null> => firstCommit(own, (commit) => reaches(merging.base, commit));
    const created = contest.kind === 'added' ? (createdAt(shape, row[side]) ?? (await first()) ?? fallback) : '';
    times.set(row.id, { cells, created });
  }
  return times;
}

function remembered(ask: (a: string, b: string) => Promise<boolean>): (a: string, b: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (a, b) => {
    const key = `${a} ${b}`;
    const answer = known.get(key) ?? ask(a, b);
    known.set(key, answer);
    return answer;
  };
}
