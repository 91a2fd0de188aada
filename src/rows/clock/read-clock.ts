import { anySide, type ConflictRow } from '../../dolt/rows/conflict-rows.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { type RowWrite, rowWrites } from '../../dolt/rows/row-writes.ts';
import { columnNamesAt, type TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Clock } from '../choose-row.ts';
import type { RowConflict } from '../classify.ts';
import { rootsOf } from '../corrections/several-bases.ts';
import { type DocumentMerge, textAtPath } from '../document-merge.ts';
import { familyOf } from '../families.ts';
import type { Merging, Side } from '../merging.ts';
import type { TablePolicy } from '../table-policy.ts';
import { type Dated, timeColumnsOf, tupleOf, valueTime, type WriteDates } from './cell-time.ts';
import { createdTime, readSideHistory, type SideHistory } from './side-history.ts';

/** A row in conflict, and what was found about it. */
export interface ConflictingRow {
  readonly row: ConflictRow;
  readonly rowConflict: RowConflict;
  /** By column, the documents that are merged key by key. */
  readonly documents: ReadonlyMap<string, DocumentMerge>;
}

/** The commits of both sides since the merge base; read on demand, once for a whole merge. */
export type Histories = (side: Side) => Promise<SideHistory>;

export function readHistories(sql: Sql, merging: Merging): Histories {
  const known = new Map<Side, Promise<SideHistory>>();
  const read = async (head: string): Promise<SideHistory> =>
    await readSideHistory(sql, { bases: await mergeBases(sql, merging.ours, merging.theirs), head });
  return (side) => {
    const history = known.get(side) ?? read(merging[side]);
    known.set(side, history);
    return history;
  };
}

interface RowsToDate {
  readonly shape: TableShape;
  readonly rows: readonly ConflictingRow[];
  readonly histories: Histories;
  readonly policy: TablePolicy;
}

/**
 * Finds when the conflicting cells of the given rows were written on both sides, and when rows added on both were
 * created. Only these rows' histories are read.
 */
export async function readClock(sql: Sql, merging: Merging, asked: RowsToDate): Promise<(row: ConflictRow) => Clock> {
  const ours = await readSide(sql, merging, { ...asked, side: 'ours' });
  const theirs = await readSide(sql, merging, { ...asked, side: 'theirs' });
  return (row) => {
    const of = (side: Side): Times | undefined => (side === 'ours' ? ours : theirs).get(row.id);
    return {
      cell: (side, column) => of(side)?.cells.get(column) ?? '',
      path: (side, column, path) => of(side)?.paths.get(pathName(column, path)) ?? '',
      created: (side) => of(side)?.created ?? '',
    };
  };
}

interface Times {
  readonly cells: ReadonlyMap<string, string>;
  readonly paths: ReadonlyMap<string, string>;
  readonly created: string;
}

async function readSide(
  sql: Sql,
  merging: Merging,
  asked: RowsToDate & { readonly side: Side },
): Promise<Map<string, Times>> {
  const { shape, rows, side, policy } = asked;
  const head = merging[side];
  const history = await asked.histories(side);
  const present = await columnNamesAt(sql, shape.name, head);
  const timeColumns = timeColumnsOf(shape).filter((name) => present.has(name));
  const family = (column: string): string[] => familyOf(column, shape, policy).filter((name) => present.has(name));
  const conflicting = new Set(rows.flatMap(({ rowConflict }) => rowConflict.conflicting));
  const read = {
    database: merging.database,
    head,
    shape,
    columns: [...new Set([...[...conflicting].flatMap(family), ...timeColumns])],
    keys: rows.map(({ row }) => anySide(row, shape)),
    budget: merging.budget.rows,
  };
  const bases = await mergeBases(sql, merging.ours, merging.theirs);
  const writes = await rowWrites(sql, { ...read, since: bases });
  let whole: { readonly writes: typeof writes; readonly dates: WriteDates } | null = null;
  const times = new Map<string, Times>();
  for (const { row, rowConflict, documents } of rows) {
    const key = keyText(shape, anySide(row, shape));
    const own: readonly RowWrite[] = writes.get(key) ?? [];
    const timeOf = async (dated: Dated): Promise<string | null> => {
      const time = valueTime(own, dated, { timeColumns, history });
      if (time !== null) return time;
      // After several merges, a value may be older than the base of this merge, or of one of its bases only.
      if (whole === null) {
        const older = bases.length > 1 ? (await rootsOf(sql, bases)).roots : bases;
        whole = {
          writes: await rowWrites(sql, { ...read, since: [] }),
          dates: { timeColumns, history: await readSideHistory(sql, { bases: older, head, whole: true }) },
        };
      }
      return valueTime(whole.writes.get(key) ?? [], dated, whole.dates);
    };
    const version = row[side] ?? {};
    const cells = new Map<string, string>();
    for (const column of rowConflict.conflicting) {
      cells.set(column, (await timeOf(tupleOf(family(column), version))) ?? history.head);
    }
    const paths = new Map<string, string>();
    for (const [column, { clashes }] of documents) {
      for (const { path } of clashes) {
        const time = await timeOf(pathOf(column, path, version));
        paths.set(pathName(column, path), time ?? cells.get(column) ?? history.head);
      }
    }
    const added = { row: version, writes: own };
    times.set(row.id, {
      cells,
      paths,
      created: rowConflict.kind === 'added' ? createdTime(shape, added, history) : '',
    });
  }
  return times;
}

/** The value that a document in a column has at a path. */
function pathOf(column: string, path: readonly string[], row: Cells): Dated {
  const read = (version: Cells): string | null => textAtPath(version[column] ?? null, path);
  return { read, value: read(row) };
}

function pathName(column: string, path: readonly string[]): string {
  return JSON.stringify([column, ...path]);
}
