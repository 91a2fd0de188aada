import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { columnsAt } from '../schema/columns.ts';
import { foreignKeys } from '../schema/foreign-keys.ts';
import { defectsText, shifts, tableDefinition } from '../schema/readability.ts';
import { createTableAt } from '../schema/table-definitions.ts';
import type { Cells } from './cell.ts';
import { requireCheckable } from './differences.ts';
import { folded, isAmong, quoted } from './identifier.ts';
import type { ResultTable, Sql } from './sql.ts';

/** A row of the session's branch that breaks a constraint. */
export interface Violation {
  readonly table: string;
  /** `unique index`, `foreign key`, `check constraint` or `not null` (Dolt 2.3.0). */
  readonly type: string;
  readonly row: Cells;
  /** Name of the index or foreign key, and its columns; empty for other types. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: { readonly table: string; readonly columns: readonly string[] } | null;
  /** Dolt's description of the constraint, as JSON text. */
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

/**
 * Every recorded constraint violation of the session's branch.
 * @throws Failure `dolt-defect` if this Dolt does not name the constraint
 */
export async function violations(sql: Sql): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const table of await violatedTables(sql)) found.push(...(await violationsIn(sql, table)));
  return found;
}

async function violationsIn(sql: Sql, table: string): Promise<Violation[]> {
  await requireReadable(sql, table);
  return violationsOf(table, await sql.table(`SELECT * FROM ${quoted(`dolt_constraint_violations_${table}`)}`));
}

/** With a violation of another type, which is `not null`, a merge of Dolt 2.3.0 removes the row from its table (measured). */
const KEEPS_ROW: ReadonlySet<string> = new Set(['unique index', 'foreign key', 'check constraint']);

/** The rows that Dolt removed from the open merge: only their violations still have them. */
export async function removedByMerge(sql: Sql): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const [table, types] of await violationTypes(sql)) {
    if ([...types.keys()].every((type) => KEEPS_ROW.has(type))) continue;
    found.push(...(await violationsIn(sql, table)).filter(({ type }) => !KEEPS_ROW.has(type)));
  }
  return found;
}

/**
 * Beside such a column Dolt 2.3.0 names no constraint, and does not remove a violation although it reports success
 * (measured).
 */
async function requireReadable(sql: Sql, table: string): Promise<void> {
  const defects = shifts(tableDefinition(await createTableAt(sql, table, null)));
  if (defects.length === 0) return;
  throw new Failure(
    'dolt-defect',
    `rows of ${table} break a constraint, but this Dolt does not report which one because of ${defectsText(defects)}`,
    {
      hint: `Change the rows of ${table} on one side to satisfy its constraints on both, commit, then run again. Or drop the named items on both sides, and create them again after the merge.`,
    },
  );
}

/**
 * Parses a result of `dolt_constraint_violations_<table>`. User columns may have the names of Dolt's own, which are
 * identified by position: the first two, and the last one.
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
 * Removes the recorded violations after they were resolved.
 * @throws Failure `dolt-defect` if this Dolt does not remove them
 */
export async function forgetViolations(sql: Sql): Promise<void> {
  for (const table of await violatedTables(sql)) {
    await requireReadable(sql, table);
    await sql.run(`DELETE FROM ${quoted(`dolt_constraint_violations_${table}`)}`);
  }
}

/** Rows to check: those that differ from the head of the session's branch, the same of some tables, or every row of tables. */
type RowsToCheck = 'differing' | { readonly changedOf: readonly string[] } | { readonly allOf: readonly string[] };

/**
 * Checks rows of the session's branch. Stores the open merge first: violations refer to the checked root, and if it were
 * not stored, no session could write any more (Dolt 2.3.0, measured: `found dangling references`).
 * @returns the broken constraints
 */
export async function verifyConstraints(sql: Sql, rows: RowsToCheck = 'differing'): Promise<Violation[]> {
  await verifyRows(sql, rows);
  return violations(sql);
}

/**
 * Records the broken constraints as `verifyConstraints` does, and reads none.
 * @throws Failure `dolt-defect` for foreign keys that Dolt cannot check
 */
export async function verifyRows(sql: Sql, rows: RowsToCheck): Promise<void> {
  await sql.run('COMMIT');
  if (rows === 'differing') return await sql.run('CALL DOLT_VERIFY_CONSTRAINTS()');
  const tables = 'allOf' in rows ? rows.allOf : rows.changedOf;
  await requireCheckable(
    sql,
    'WORKING',
    (await foreignKeys(sql)).filter(({ table }) => isAmong(tables, table)),
  );
  const all = 'allOf' in rows ? "'--all', " : '';
  // A table can have the name of an option, such as `--output-only`, which records nothing.
  await sql.run(`CALL DOLT_VERIFY_CONSTRAINTS(${all}'--'${tables.map(() => ', ?').join('')})`, tables);
}

/** The tables with recorded violations. */
export async function violatedTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(tableRow, 'SELECT `table` FROM dolt_constraint_violations ORDER BY `table`');
  return rows.map((row) => row.table);
}

const typeRow = z.object({ type: z.string(), n: z.coerce.number().int() });
const TYPE = 'violation_type';

/**
 * How many violations of each type are recorded, by table. Beside some columns Dolt 2.3.0 can read no more of them
 * (measured).
 */
export async function violationTypes(sql: Sql): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const found = new Map<string, ReadonlyMap<string, number>>();
  for (const table of await violatedTables(sql)) {
    const from = quoted(`dolt_constraint_violations_${table}`);
    const isShadowed = (await columnsAt(sql, table, null)).some(({ name }) => folded(name) === TYPE);
    const types = isShadowed
      ? violationsOf(table, await sql.table(`SELECT * FROM ${from}`)).map(({ type }) => ({ type, n: 1 }))
      : await sql.rows(typeRow, `SELECT ${TYPE} AS type, COUNT(*) AS n FROM ${from} GROUP BY ${TYPE}`);
    const counts = new Map<string, number>();
    for (const { type, n } of types) counts.set(type, (counts.get(type) ?? 0) + n);
    found.set(table, counts);
  }
  return found;
}
