import { z } from 'zod';
import { Failure, toFailure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { columnsAt, keyNames } from '../schema/columns.ts';
import { defectsText, shifts, tableDefinition } from '../schema/readability.ts';
import { createTableAt } from '../schema/table-definitions.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/** A table at a commit, or in the session's branch if null. */
interface TableAt {
  readonly table: string;
  readonly commit: string | null;
}

/**
 * A NOT NULL column that lacks values in one version of a table and in none before; null if there is none.
 * @throws Failure `constraint-violation`, or `dolt-defect` after a panic, for VIRTUAL columns and functional indexes that
 * cannot be computed
 */
export async function columnLeftEmpty(sql: Sql, after: TableAt, before: readonly TableAt[]): Promise<string | null> {
  const { empty, uncomputable } = await unusableColumns(sql, after);
  if (uncomputable !== null) throw uncomputable;
  if (empty.length === 0) return null;
  const old: string[] = [];
  for (const version of before) old.push(...(await unusableColumns(sql, version)).empty);
  return empty.find((name) => !old.includes(name)) ?? null;
}

interface UnusableColumns {
  /** NOT NULL columns that lack a value in some row. */
  readonly empty: readonly string[];
  /** Why no program can read the rows, because of VIRTUAL columns or functional indexes. */
  readonly uncomputable: Failure | null;
}

const countsRow = z.record(z.string(), z.coerce.number());

/**
 * Dolt 2.3.0 merges rows without a value of a NOT NULL column into a table without a primary key, and where a VIRTUAL column
 * becomes NULL, without an error or a violation (measured). Elsewhere it refuses or removes them. It also merges rows for
 * which it cannot compute a VIRTUAL column or a functional index, and then cannot read any column of the table.
 */
async function unusableColumns(sql: Sql, { table, commit }: TableAt): Promise<UnusableColumns> {
  const columns = await columnsAt(sql, table, commit);
  const createTable = await createTableAt(sql, table, commit);
  const definition = tableDefinition(createTable);
  const isKeyless = keyNames(columns).length === 0;
  const required = columns.flatMap(({ name, nullable, primary }) =>
    nullable || primary || !(isKeyless || definition.virtualColumns.includes(name)) ? [] : [name],
  );
  const computed = shifts(definition);
  // Any column will do to have Dolt compute the others.
  const names = computed.length > 0 && required.length === 0 ? definition.columns.slice(0, 1) : required;
  if (names.length === 0) return { empty: [], uncomputable: null };
  const counts = names.map((name, index) => `COUNT(*) - COUNT(${quoted(name)}) AS c${index}`);
  const from = `FROM ${quoted(table)}${commit === null ? '' : ' AS OF ?'}`;
  try {
    const [found] = await sql.rows(countsRow, `SELECT ${counts.join(', ')} ${from}`, commit === null ? [] : [commit]);
    const empty = names.filter((_, index) => (found?.[`c${index}`] ?? 0) > 0);
    return { empty: empty.filter((name) => required.includes(name)), uncomputable: null };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (computed.length === 0) throw failure;
    const empty = required.filter((name) => definition.virtualColumns.includes(name));
    // Dolt cannot read a VIRTUAL NOT NULL column without a value.
    if (failure.code === 'constraint-violation' && empty.length > 0) return { empty, uncomputable: null };
    return { empty: [], uncomputable: ofValues(failure, plain(`${defectsText(computed)} of ${table}`)) };
  }
}

/** @throws Failure the same one, if no expression causes it */
function ofValues(failure: Failure, computed: string): Failure {
  const { code, message } = failure;
  // The texts of failed expressions are too many to be known.
  const means = code === 'unknown' ? 'constraint-violation' : code;
  if (means !== 'constraint-violation' && means !== 'dolt-defect') throw failure;
  const lead = `Dolt cannot compute ${computed} for a row`;
  return new Failure(means, `${lead}: ${message}`, { hint: CORRECT, cause: failure });
}

const CORRECT =
  'No program could read the table with such a row. Correct the values that the expression cannot take, or drop the column or index, on the side that has them. Commit, then run again.';
