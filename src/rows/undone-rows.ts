import { anySide } from '../dolt/conflict-rows.ts';
import type { Sql } from '../dolt/sql.ts';
import { ordinaryColumns, tableShape } from '../dolt/table-shape.ts';
import { contestOf } from './contest.ts';
import { type MergeBudget, takeReport } from './merge-budget.ts';
import { readableTable, readConflicts } from './readable-table.ts';
import { shortenedCells } from './shortened.ts';
import type { ToldRow } from './told-row.ts';

const KINDS = {
  changed: 'changed',
  added: 'id-collision',
  'deleted-by-ours': 'deleted',
  'deleted-by-theirs': 'deleted',
} as const;

/**
 * The rows in conflict of a merge that is going to be undone, as they stand.
 * @throws Failure `dolt-defect` where this Dolt shows them wrongly
 */
export async function undoneRows(sql: Sql, tables: readonly string[], budget: MergeBudget): Promise<ToldRow[]> {
  const told: ToldRow[] = [];
  for (const table of tables) {
    const shape = await tableShape(sql, table);
    const isKeyless = shape.key.length === 0;
    const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
    const open = await readableTable(sql, shape);
    const { rows } = budget;
    for (const row of await rows.lend(() => readConflicts(sql, shape, open, rows))) {
      const { kind, contested } = contestOf(row, columns, new Set());
      const one: ToldRow = {
        kind: isKeyless ? 'keyless' : KINDS[kind],
        table,
        key: anySide(row, shape),
        columns: isKeyless ? columns : contested,
        base: shortenedCells(row.base),
        ours: shortenedCells(row.ours),
        theirs: shortenedCells(row.theirs),
        wins: [],
        left: true,
      };
      takeReport(budget, one);
      told.push(one);
    }
  }
  return told;
}
