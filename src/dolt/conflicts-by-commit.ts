import { z } from 'zod';
import type { Budget } from '../core/budget.ts';
import { Failure } from '../core/failure.ts';
import type { Cells } from './cell.ts';
import { type ConflictRow, conflictBytes } from './conflict-rows.ts';
import type { OpenMergeTable } from './open-merge-table.ts';
import { defectsText } from './readability.ts';
import { type RowDiff, rowDiffs } from './row-diffs.ts';
import { keyOf, keyText } from './row-key.ts';
import type { Sql } from './sql.ts';
import { rowsByKey } from './stored-rows.ts';
import { ordinaryColumns, type TableShape } from './table-shape.ts';

const countRow = z.object({ n: z.coerce.number().int() });
const KEYS_PER_STATEMENT = 200;

/**
 * Rows in conflict of a table whose `dolt_conflicts_<table>` cannot be read: rows that both sides changed, compared at
 * the three commits of the merge. Dolt leaves a row in conflict as our side has it, and merges all others.
 * @throws Failure `dolt-defect` where these are not as many as Dolt counts
 */
export async function conflictsByCommit(
  sql: Sql,
  shape: TableShape,
  open: OpenMergeTable,
  budget?: Budget,
): Promise<ConflictRow[]> {
  const { heads } = open;
  const keys = await keysChangedOnBothSides(sql, shape, open);
  const found: ConflictRow[] = [];
  for (let start = 0; start < keys.length; start += KEYS_PER_STATEMENT) {
    const wanted = keys.slice(start, start + KEYS_PER_STATEMENT);
    const byKey = async (commit?: string): Promise<Map<string, Cells>> => {
      const rows = await rowsByKey(sql, shape, commit === undefined ? { keys: wanted } : { keys: wanted, commit });
      return new Map(rows.map((row) => [keyText(shape, row), row]));
    };
    const [base, ours, theirs] = [await byKey(heads.base), await byKey(heads.ours), await byKey(heads.theirs)];
    const merged = await byKey();
    for (const key of wanted) {
      const id = keyText(shape, key);
      const row = { id, base: base.get(id) ?? null, ours: merged.get(id) ?? null, theirs: theirs.get(id) ?? null };
      if (!isInConflict(row, ours.get(id) ?? null, { shape, open })) continue;
      budget?.take(conflictBytes(row));
      found.push(row);
    }
  }
  const [counted] = await sql.rows(countRow, 'SELECT num_conflicts AS n FROM dolt_conflicts WHERE `table` = ?', [
    shape.name,
  ]);
  if (counted?.n !== found.length) {
    throw new Failure(
      'dolt-defect',
      `the rows in conflict of ${shape.name} cannot be read: Dolt counts ${counted?.n ?? 0} and shows them wrongly because of ${defectsText(open.conflicts)}, and the commits show ${found.length}`,
      {
        hint: `Give the rows of ${shape.name} that both sides changed the same values on both sides, commit, then run again.`,
      },
    );
  }
  return found;
}

async function keysChangedOnBothSides(sql: Sql, shape: TableShape, { heads }: OpenMergeTable): Promise<Cells[]> {
  const changed = async (to: string): Promise<Map<string, Cells>> => {
    const diffs = await rowDiffs(sql, { from: heads.base, to }, shape.name);
    return new Map(
      diffs.flatMap((diff) => {
        const key = keyOfDiff(shape, diff);
        return key === null ? [] : [[keyText(shape, key), key]];
      }),
    );
  };
  const [ours, theirs] = [await changed(heads.ours), await changed(heads.theirs)];
  return [...ours].flatMap(([id, key]) => (theirs.has(id) ? [key] : []));
}

function keyOfDiff(shape: TableShape, { from, to }: RowDiff): Cells | null {
  const cells = to ?? from;
  return cells === null ? null : keyOf(shape, cells);
}

/** @param before the row as the commit of our side has it */
function isInConflict(
  { base, ours, theirs }: ConflictRow,
  before: Cells | null,
  { shape, open }: { readonly shape: TableShape; readonly open: OpenMergeTable },
): boolean {
  if (ours === null || theirs === null) return ours !== theirs;
  const columns = ordinaryColumns(shape);
  const isMerged = columns.some((name) => open.ours?.columns.includes(name) === true && ours[name] !== before?.[name]);
  if (isMerged) return false;
  return columns.some((name) => {
    const [here, there] = [ours[name] ?? null, theirs[name] ?? null];
    if (base === null) return here !== there;
    const old = base[name] ?? null;
    return open.theirs?.columns.includes(name) === true && here !== there && here !== old && there !== old;
  });
}
