import { z } from 'zod';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

export interface Column {
  readonly name: string;
  /** As in a CREATE TABLE, in lower case: `varchar(100)`. */
  readonly type: string;
  readonly primary: boolean;
}

const row = z.object({ Field: z.string(), Type: z.string(), Key: z.string() });

/** The columns of a table as a commit defines them. */
export async function columnsAt(sql: Sql, table: string, commit: string): Promise<Column[]> {
  const rows = await sql.rows(row, `SHOW COLUMNS FROM ${quoted(table)} AS OF ?`, [commit]);
  return rows.map(({ Field, Type, Key }) => ({ name: Field, type: Type.toLowerCase(), primary: Key === 'PRI' }));
}
