import { type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { forgetViolations } from '../../dolt/sql/violations.ts';
import type { CellResolution } from '../choose-row.ts';
import { readHistories } from '../clock/read-clock.ts';
import { type MergeFailure, rowConflict, violated } from '../merge-failure.ts';
import type { Merging, SideRows } from '../merging.ts';
import { SIDES, takeReport } from '../merging.ts';
import { readableTable } from '../readable-table.ts';
import { resolveTable } from '../resolve-table.ts';
import type { ResolvedRow } from '../resolved-row.ts';
import { undoneRows } from '../undone-rows.ts';
import { loseDependants } from './dependants.ts';
import { resolveOrphans } from './orphans.ts';
import { resolveUniqueKeys } from './resolve-unique.ts';
import { restoreFamily } from './restore.ts';
import { brokenConstraints, mixedTables } from './verify-merge.ts';

/** Rounds of one merge; each later round resolves what the verification found. */
const MAX_ROUNDS = 6;

/**
 * Resolves the unique keys and foreign keys of the open merge until all constraints hold.
 * @param known.removed rows that the merge removed before
 * @returns what was done, or why it is impossible
 * @throws Failure `constraint-violation` if that would fire a trigger, or unique keys cannot be resolved
 */
export async function resolveConstraints(
  sql: Sql,
  merging: Merging,
  known: { readonly strategy: CellResolution; readonly removed: readonly ResolvedRow[] },
): Promise<ResolvedRow[] | MergeFailure> {
  const reported: ResolvedRow[] = [];
  for (let round = 1; ; round += 1) {
    const tables = new Set([...(await mixedTables(sql, merging)), ...merging.pending.tables()]);
    for (const table of [...tables].sort()) {
      const resolved = await resolveUniqueKeys(sql, merging, table);
      reported.push(...resolved.reported);
      if (resolved.losers.length === 0) continue;
      reported.push(...(await loseDependants(sql, merging, resolved.losers)));
    }
    // The next round writes rows that a later table made pending.
    const waits = merging.pending.tables().length > 0;
    if (waits && round < MAX_ROUNDS) continue;
    const broken = await brokenConstraints(sql, merging);
    if (broken.length === 0 && !waits) return reported;
    const orphans = broken.filter(({ type }) => type === 'foreign key');
    const refused: MergeFailure = { failure: violated(broken, 'the merge would break constraints'), rows: [] };
    if (orphans.length < broken.length || round === MAX_ROUNDS) return refused;
    await forgetViolations(sql);
    const resolved = await resolveOrphans(sql, merging, {
      orphans,
      lost: [...known.removed, ...reported].filter(isGone),
      restore: known.strategy === 'newest',
    });
    if (resolved.reported.length === 0) return refused;
    reported.push(...resolved.reported);
    if (resolved.losers.length === 0) continue;
    reported.push(...(await loseDependants(sql, merging, resolved.losers)));
  }
}

/** Whether a row was removed and must not come back. */
function isGone({ kind }: ResolvedRow): boolean {
  return kind === 'dependant' || kind === 'duplicate';
}

/** The result for the rows in conflict. */
interface ResolvedRows {
  readonly rows: readonly ResolvedRow[];
  /** Rows that were added under a key that another row has now. */
  readonly losers: readonly SideRows[];
}

/**
 * Resolves all rows in conflict, and restores what was deleted with a row that survived.
 * @returns what was done, or why it is impossible
 * @throws Failure `dolt-defect`, `constraint-violation`
 */
export async function resolveRows(
  sql: Sql,
  merging: Merging,
  conflicts: { readonly tables: readonly string[]; readonly strategy: CellResolution },
): Promise<ResolvedRows | MergeFailure> {
  const shapes: TableShape[] = [];
  for (const table of conflicts.tables) shapes.push(await tableShape(sql, table));
  // Resolves nothing before all tables are known to be readable.
  for (const shape of shapes) await readableTable(sql, shape);
  const keyless = shapes.filter(({ key }) => key.length === 0);
  if (keyless.length > 0) {
    const { rows } = await undoneRows(
      sql,
      keyless.map(({ name }) => name),
      merging,
    );
    return { failure: rowConflict(rows, 'conflicts in a table without a primary key need a manual resolution'), rows };
  }
  const reported: ResolvedRow[] = [];
  const survivors: SideRows[] = [];
  const losers: SideRows[] = [];
  const histories = readHistories(sql, merging);
  for (const shape of shapes) {
    const { strategy } = conflicts;
    const resolved = await merging.budget.rows.lend(() => resolveTable(sql, merging, { shape, strategy, histories }));
    reported.push(...resolved.reported);
    for (const side of SIDES) {
      const keys = resolved.survivors.flatMap((one) => (one.side === side ? [one.key] : []));
      if (keys.length > 0) survivors.push({ shape, side, keys });
      const lost = resolved.losers.flatMap((one) => (one.side === side ? [one.key] : []));
      if (lost.length > 0) losers.push({ shape, side, keys: lost });
    }
  }
  const restores = conflicts.strategy === 'newest' ? survivors : [];
  const restored = await restoreFamily(sql, merging, restores);
  for (const row of restored) takeReport(merging.budget, row);
  return { rows: [...reported, ...restored], losers };
}
