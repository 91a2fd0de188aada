import { z } from 'zod';
import type { Conflict } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { cellSchema } from './cell.ts';
import { readConflicts } from './conflicts.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';

/** Why a merge stopped, and the rows that stopped it where rows did. */
export interface Obstacle {
  readonly failure: Failure;
  readonly conflicts: readonly Conflict[];
}

const schemaRow = z.object({
  table_name: z.string(),
  our_schema: z.string().nullable(),
  their_schema: z.string().nullable(),
  description: z.string().nullable(),
});
const violationRow = z.object({ table: z.string(), num_violations: z.coerce.number().int() });
const violatedRow = z.object({ violation_type: cellSchema, violation_info: cellSchema });

const SHOWN_VIOLATIONS = 5;

/** Reads what a stopped merge left in the session, before it is rolled back. */
export async function readObstacle(sql: Sql): Promise<Obstacle> {
  const schemas = await sql.rows(
    schemaRow,
    'SELECT table_name, our_schema, their_schema, description FROM dolt_schema_conflicts ORDER BY table_name',
  );
  if (schemas.length > 0) return { failure: schemaConflict(schemas), conflicts: [] };
  const conflicts = await readConflicts(sql);
  if (conflicts.length > 0) return { failure: rowConflict(conflicts), conflicts };
  const violations = await sql.rows(
    violationRow,
    'SELECT `table`, num_violations FROM dolt_constraint_violations ORDER BY `table`',
  );
  return { failure: await violated(sql, violations), conflicts: [] };
}

function schemaConflict(rows: readonly z.infer<typeof schemaRow>[]): Failure {
  const told = rows.map(
    (row) =>
      `table ${row.table_name}: ${row.description ?? 'changed on both sides'}\nours:\n${row.our_schema ?? '(none)'}\ntheirs:\n${row.their_schema ?? '(none)'}`,
  );
  return new Failure('schema-conflict', `the two sides define a table differently\n${told.join('\n')}`);
}

function rowConflict(conflicts: readonly Conflict[]): Failure {
  const tables = [...new Set(conflicts.map((conflict) => conflict.table))];
  return new Failure(
    'conflict',
    `${conflicts.length} row(s) of ${tables.join(', ')} were changed on both sides; this peer's merge was undone whole, ` +
      'since this version settles no conflict by itself',
  );
}

async function violated(sql: Sql, tables: readonly z.infer<typeof violationRow>[]): Promise<Failure> {
  const told: string[] = [];
  for (const { table, num_violations } of tables) {
    const rows = await sql.rows(
      violatedRow,
      `SELECT violation_type, violation_info FROM ${quoted(`dolt_constraint_violations_${table}`)} LIMIT ${SHOWN_VIOLATIONS}`,
    );
    const shown = rows.map((row) => `  ${row.violation_type ?? ''}: ${row.violation_info ?? ''}`);
    told.push(`${table}: ${num_violations} row(s)`, ...shown);
  }
  return new Failure('constraint-violation', `the merge would break constraints\n${told.join('\n')}`);
}
