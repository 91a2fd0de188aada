import type { Sql } from '../dolt/sql.ts';
import { type TableShape, tableShape } from '../dolt/table-shape.ts';
import type { Settling } from './choose-row.ts';
import type { LosingRows } from './dependants.ts';
import { mendDocuments } from './mend-documents.ts';
import { takeReport } from './merge-budget.ts';
import type { Merging } from './merging.ts';
import { type Obstacle, rowConflict } from './obstacle.ts';
import { readHistories } from './read-clock.ts';
import { readableTable } from './readable-table.ts';
import { restoreFamily, type Survivors } from './restore.ts';
import { settleTable } from './settle-table.ts';
import type { ToldRow } from './told-row.ts';
import { undoneRows } from './undone-rows.ts';

/** What was done with the rows in conflict. */
export interface SettledRows {
  readonly rows: readonly ToldRow[];
  /** Rows that were added under a key that another row has now. */
  readonly losers: readonly LosingRows[];
}

/**
 * Settles all rows in conflict, and brings back what went with a row that outlived its deletion.
 * @returns what was done, or why it cannot be
 * @throws Failure `dolt-defect`, `constraint-violation`
 */
export async function settleRows(
  sql: Sql,
  merging: Merging,
  conflicts: { readonly tables: readonly string[]; readonly strategy: Settling },
): Promise<SettledRows | Obstacle> {
  const shapes: TableShape[] = [];
  for (const table of conflicts.tables) shapes.push(await tableShape(sql, table));
  // Nothing is resolved before all tables are known to be readable.
  for (const shape of shapes) await readableTable(sql, shape);
  const keyless = shapes.filter(({ key }) => key.length === 0);
  if (keyless.length > 0) {
    const rows = await undoneRows(
      sql,
      keyless.map(({ name }) => name),
      merging.budget,
    );
    return { failure: rowConflict(rows, 'a table without a primary key is settled by hand only'), rows };
  }
  const told: ToldRow[] = [];
  const survivors: Survivors[] = [];
  const losers: LosingRows[] = [];
  const histories = readHistories(sql, merging);
  for (const shape of shapes) {
    const { strategy } = conflicts;
    const settled = await merging.budget.rows.lend(() => settleTable(sql, merging, { shape, strategy, histories }));
    told.push(...settled.told);
    for (const side of ['ours', 'theirs'] as const) {
      const keys = settled.survivors.flatMap((one) => (one.side === side ? [one.key] : []));
      if (keys.length > 0) survivors.push({ shape, side, keys });
      const lost = settled.losers.flatMap((one) => (one.side === side ? [one.key] : []));
      if (lost.length > 0) losers.push({ shape, side, keys: lost });
    }
  }
  await mendDocuments(sql, merging, told);
  const restores = conflicts.strategy === 'newest' ? survivors : [];
  const restored = await restoreFamily(sql, merging, restores);
  for (const row of restored) takeReport(merging.budget, row);
  return { rows: [...told, ...restored], losers };
}
