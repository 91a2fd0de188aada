import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { type Cells, cellsSchema } from './cell.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';

/** A row of the session's branch that breaks a constraint. */
export interface Violation {
  readonly table: string;
  /** `unique index`, `foreign key`, `check constraint` or `not null` (Dolt 2.3.0). */
  readonly type: string;
  readonly row: Cells;
  /** Name of the index or foreign key, and the columns it is about; empty for other types. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: { readonly table: string; readonly columns: readonly string[] } | null;
  /** What Dolt says of the constraint: a text of JSON. */
  readonly info: string;
}

const tableRow = z.object({ table: z.string() });
const infoSchema = z.looseObject({
  Name: z.string().optional(),
  ForeignKey: z.string().optional(),
  Columns: z.array(z.string()).optional(),
  ReferencedTable: z.string().optional(),
  ReferencedColumns: z.array(z.string()).optional(),
});

/** Every broken constraint that the session's branch knows of. */
export async function violations(sql: Sql): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const table of await violatedTables(sql)) {
    const rows = await sql.rows(cellsSchema, `SELECT * FROM ${quoted(`dolt_constraint_violations_${table}`)}`);
    found.push(...rows.map((row) => violationOf(table, row)));
  }
  return found;
}

function violationOf(table: string, cells: Cells): Violation {
  const { violation_type, violation_info, from_root_ish: _, ...row } = cells;
  const info = violation_info ?? '{}';
  const parsed = infoSchema.parse(JSON.parse(info));
  const { ReferencedTable: parent, ReferencedColumns: columns } = parsed;
  return {
    table,
    type: violation_type ?? '',
    row,
    name: parsed.Name ?? parsed.ForeignKey ?? '',
    columns: parsed.Columns ?? [],
    parent: parent === undefined || columns === undefined ? null : { table: parent, columns },
    info,
  };
}

/**
 * Forgets the broken constraints that were found; who settled them calls this.
 * @throws Failure `dolt-defect` for a unique index over an expression: Dolt 2.3.0 deletes nothing there and says that it
 *   did (measured), so that the merge could not be committed whatever became of its rows
 */
export async function forgetViolations(sql: Sql): Promise<void> {
  for (const table of await violatedTables(sql)) {
    await sql.run(`DELETE FROM ${quoted(`dolt_constraint_violations_${table}`)}`);
  }
  const [stuck] = await violatedTables(sql);
  if (stuck === undefined) return;
  throw new Failure(
    'dolt-defect',
    `rows of ${stuck} share a value of a unique index over an expression, and this Dolt cannot settle that`,
    { hint: `Give one of the rows of ${stuck} another value on one side, commit, and run again.` },
  );
}

/**
 * Looks at every row of some tables of the session's branch, or at every row that differs from its head where no table is
 * named. The open merge is stored before that: what is
 * found points at the root that was looked at, and if that were not stored, nothing could be written any more by any
 * session of the server (Dolt 2.3.0, measured: `found dangling references`).
 * @returns the broken constraints
 */
export async function verifyConstraints(sql: Sql, tables: readonly string[] = []): Promise<Violation[]> {
  await sql.run('COMMIT');
  const marks = tables.map(() => ', ?').join('');
  if (tables.length === 0) await sql.run('CALL DOLT_VERIFY_CONSTRAINTS()');
  else await sql.run(`CALL DOLT_VERIFY_CONSTRAINTS('--all'${marks})`, tables);
  return violations(sql);
}

async function violatedTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(tableRow, 'SELECT `table` FROM dolt_constraint_violations ORDER BY `table`');
  return rows.map((row) => row.table);
}
