import { z } from 'zod';
import type { Sql } from './sql.ts';

const schemaRow = z.object({
  table_name: z.string(),
  our_schema: z.string().nullable(),
  their_schema: z.string().nullable(),
  description: z.string().nullable(),
});

/** A table that both heads of the session's open merge define differently, with both CREATE TABLEs. */
export type SchemaConflict = z.infer<typeof schemaRow>;

export async function schemaConflicts(sql: Sql): Promise<SchemaConflict[]> {
  return sql.rows(
    schemaRow,
    'SELECT table_name, our_schema, their_schema, description FROM dolt_schema_conflicts ORDER BY table_name',
  );
}
