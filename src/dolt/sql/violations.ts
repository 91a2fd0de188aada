import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { defectsText, shifts, tableDefinition } from '../schema/readability.ts';
import type { Cells } from './cell.ts';
import { quoted } from './identifier.ts';
import type { ResultTable, Sql } from './sql.ts';

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

const createRow = z.record(z.string(), z.string());

/**
 * Every broken constraint that the session's branch knows of.
 * @throws Failure `dolt-defect` where this Dolt does not say which constraint is broken
 */
export async function violations(sql: Sql): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const table of await violatedTables(sql)) {
    await requireReadable(sql, table);
    found.push(
      ...violationsOf(table, await sql.table(`SELECT * FROM ${quoted(`dolt_constraint_violations_${table}`)}`)),
    );
  }
  return found;
}

/** Beside such a column Dolt 2.3.0 names no constraint, and removes no violation although it says so (measured). */
async function requireReadable(sql: Sql, table: string): Promise<void> {
  const [row] = await sql.rows(createRow, `SHOW CREATE TABLE ${quoted(table)}`);
  const defects = shifts(tableDefinition(row?.['Create Table'] ?? ''));
  if (defects.length === 0) return;
  throw new Failure(
    'dolt-defect',
    `rows of ${table} break a constraint, and this Dolt does not say which one because of ${defectsText(defects)}`,
    {
      hint: `Change the rows of ${table} on one side so that both sides together keep its constraints, commit, then run again. Or drop what is named here on both sides, and create it again after the merge.`,
    },
  );
}

/**
 * Takes a result of `dolt_constraint_violations_<table>` apart. Columns of the user may have the names of Dolt's own, so
 * these are known by their position: the first two, and the last one.
 */
export function violationsOf(table: string, { columns, rows }: ResultTable): Violation[] {
  const last = columns.length - 1;
  return rows.map((values) => {
    const row = Object.fromEntries(columns.slice(2, last).map((name, index) => [name, values[index + 2] ?? null]));
    return violationOf(table, { type: values[1] ?? '', info: values[last] ?? '{}', row });
  });
}

function violationOf(
  table: string,
  { type, info, row }: { readonly type: string; readonly info: string; readonly row: Cells },
): Violation {
  const parsed = infoSchema.parse(JSON.parse(info));
  const { ReferencedTable: parent, ReferencedColumns: columns } = parsed;
  return {
    table,
    type,
    row,
    name: parsed.Name ?? parsed.ForeignKey ?? '',
    columns: parsed.Columns ?? [],
    parent: parent === undefined || columns === undefined ? null : { table: parent, columns },
    info,
  };
}

/**
 * Forgets the broken constraints that were found; who settled them calls this.
 * @throws Failure `dolt-defect` where this Dolt does not remove them
 */
export async function forgetViolations(sql: Sql): Promise<void> {
  for (const table of await violatedTables(sql)) {
    await requireReadable(sql, table);
    await sql.run(`DELETE FROM ${quoted(`dolt_constraint_violations_${table}`)}`);
  }
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
