import { anySide } from '../dolt/rows/conflict-rows.ts';
import { ordinaryColumns, tableShape } from '../dolt/schema/table-shape.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { isOnlyDerived, withoutDerived } from './choose-row.ts';
import { rowConflictOf } from './classify.ts';
import { type Merging, takeReport } from './merging.ts';
import { readableTable, readConflicts } from './readable-table.ts';
import type { ResolvedRow } from './resolved-row.ts';
import { shortenedCells } from './resolved-row.ts';

const KINDS = {
  changed: 'changed',
  added: 'id-collision',
  'deleted-by-ours': 'deleted',
  'deleted-by-theirs': 'deleted',
} as const;

interface UndoneRows {
  readonly rows: readonly ResolvedRow[];
  /** Tables with rows in which only columns that every merge computes are in conflict. */
  readonly computed: readonly string[];
}

/**
 * The rows in conflict of a merge that is about to be aborted, without those that need no decision.
 * @throws Failure `dolt-defect` if this Dolt shows them wrongly
 */
export async function undoneRows(
  sql: Sql,
  tables: readonly string[],
  { budget, ambiguous, policyOf }: Pick<Merging, 'budget' | 'ambiguous' | 'policyOf'>,
): Promise<UndoneRows> {
  const reported: ResolvedRow[] = [];
  const computed = new Set<string>();
  for (const table of tables) {
    const shape = await tableShape(sql, table);
    const isKeyless = shape.key.length === 0;
    const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
    const open = await readableTable(sql, shape);
    const policy = policyOf(table);
    const { rows } = budget;
    const of = { ambiguous: ambiguous.get(table), budget: rows };
    for (const row of await rows.lend(() => readConflicts(sql, shape, open, of))) {
      const rowConflict = rowConflictOf(row, columns, new Set());
      const { kind, conflicting } = withoutDerived(rowConflict, policy);
      if (kind === 'changed' && isOnlyDerived(rowConflict, policy)) {
        computed.add(table);
        continue;
      }
      const one: ResolvedRow = {
        kind: isKeyless ? 'keyless' : KINDS[kind],
        table,
        key: anySide(row, shape),
        columns: isKeyless ? columns : conflicting,
        base: shortenedCells(row.base),
        ours: shortenedCells(row.ours),
        theirs: shortenedCells(row.theirs),
        wins: [],
        left: true,
      };
      takeReport(budget, one);
      reported.push(one);
    }
  }
  return { rows: reported, computed: [...computed] };
}
