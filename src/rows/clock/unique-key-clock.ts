import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { type RowWrite, rowWrites } from '../../dolt/rows/row-writes.ts';
import { rowsByKey } from '../../dolt/rows/stored-rows.ts';
import { columnNamesAt, type TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Merging, Side } from '../merging.ts';
import { SIDES } from '../merging.ts';
import { timeColumnsOf, tupleTime } from './cell-time.ts';
import { readHistories } from './read-clock.ts';
import { createdTime } from './side-history.ts';

/** When the rows of one table got their values of unique keys. Times are texts that sort (see instant.ts). */
export interface UniqueKeyClock {
  /** When a row of the base got its values in the given columns, taken as one cell. */
  valuesSetAt(row: Cells, columns: readonly string[]): Promise<string>;
  /** When an added row was created. */
  created(row: Cells): Promise<string>;
}

/** Reads from the histories of both sides, so that the result is the same from either. */
export function uniqueKeyClock(sql: Sql, merging: Merging, shape: TableShape): UniqueKeyClock {
  const histories = readHistories(sql, merging);
  const rowAt = async (side: Side, row: Cells): Promise<Cells | null> =>
    (await rowsByKey(sql, shape, { keys: [keyOf(shape, row)], commit: merging[side] }))[0] ?? null;
  const writesAt = async (side: Side, row: Cells, columns: readonly string[]): Promise<readonly RowWrite[]> => {
    const since = await mergeBases(sql, merging.ours, merging.theirs);
    const history = { database: merging.database, head: merging[side], since, shape, columns };
    const key = keyOf(shape, row);
    const { rows } = merging.budget;
    const writes = await rows.lend(() => rowWrites(sql, { ...history, keys: [key], budget: rows }));
    return writes.get(keyText(shape, key)) ?? [];
  };
  const timeOf = async (side: Side, row: Cells, columns: readonly string[]): Promise<string> => {
    const present = await columnNamesAt(sql, shape.name, merging[side]);
    const timeColumns = timeColumnsOf(shape).filter((name) => present.has(name));
    const writes = await writesAt(side, row, [...new Set([...columns, ...timeColumns])]);
    const history = await histories(side);
    return tupleTime(writes, { columns, row }, { timeColumns, history }) ?? history.head;
  };
  /** The sides on which a row has the values. */
  const holders = async (row: Cells, columns: readonly string[]): Promise<Side[]> => {
    const found: Side[] = [];
    for (const side of SIDES) {
      const own = await rowAt(side, row);
      if (own !== null && columns.every((name) => (own[name] ?? null) === (row[name] ?? null))) found.push(side);
    }
    return found;
  };
  return {
    async valuesSetAt(row, columns) {
      const times: string[] = [];
      for (const side of await holders(row, columns)) times.push(await timeOf(side, row, columns));
      if (times.length === 0) {
        // Neither side has all values; the last one completed the claim.
        for (const column of columns) {
          for (const side of await holders(row, [column])) times.push(await timeOf(side, row, [column]));
        }
      }
      for (const side of times.length === 0 ? SIDES : []) times.push((await histories(side)).head);
      return times.sort().at(-1) ?? '';
    },
    async created(row) {
      const times: string[] = [];
      for (const side of SIDES) {
        const own = await rowAt(side, row);
        if (own === null) continue;
        const writes = await writesAt(side, row, []);
        times.push(createdTime(shape, { row: own, writes }, await histories(side)));
      }
      return times.sort().at(0) ?? '';
    },
  };
}
