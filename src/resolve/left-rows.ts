import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure } from '../core/failure.ts';
import { undoMerge } from '../dolt/merge.ts';
import type { Database } from '../dolt/sql.ts';
import type { LeftRow } from './conflicts-file.ts';
import { type Heads, type Stopped, withMerge } from './open-merge.ts';

/** What stops a merge before there is anything to choose. */
const BEYOND_CHOICE: ReadonlySet<ErrorCode> = new Set([
  'schema-conflict',
  'conflict',
  'constraint-violation',
  'dolt-defect',
  'unrelated',
]);

/**
 * Everything that a person has to decide before two heads can be merged, in the order of tables and keys. No branch of
 * the town moves.
 * @returns null where that is not what is in the way, so that no choice would help
 */
export async function leftRows(database: Database, heads: Heads): Promise<readonly LeftRow[] | null> {
  try {
    return await withMerge(database, heads, async (sql, stopped) => {
      await undoMerge(sql);
      return isEmpty(stopped) ? null : rowsOf(stopped);
    });
  } catch (thrown) {
    if (thrown instanceof Failure && BEYOND_CHOICE.has(thrown.code)) return null;
    throw thrown;
  }
}

function isEmpty({ tables, duplicates }: Stopped): boolean {
  return duplicates.length === 0 && tables.every(({ rows }) => rows.length === 0);
}

/** The rows of a merge that stopped; those that only look like a conflict are left out, as nobody can choose there. */
export function rowsOf({ tables, duplicates }: Stopped): LeftRow[] {
  const rows = tables.flatMap((table) => table.rows.map(({ left }) => left));
  const open = rows.filter(({ kind, cells }) => kind !== 'changed' || Object.keys(cells).length > 0);
  return [...open, ...duplicates.map(({ left }) => left)];
}
