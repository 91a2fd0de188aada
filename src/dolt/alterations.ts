import { z } from 'zod';
import type { Sql } from './sql.ts';

const statementRow = z.object({ statement: z.string() });
const RENAME = /^ALTER TABLE `(?:[^`]|``)+` RENAME COLUMN `((?:[^`]|``)+)` TO `((?:[^`]|``)+)`/;
const DROP = /^ALTER TABLE `(?:[^`]|``)+` DROP `((?:[^`]|``)+)`/;

/** What happened to the columns of a table between two commits, by their identity in Dolt and not by their names. */
export async function alterations(
  sql: Sql,
  table: string,
  range: { readonly from: string; readonly to: string },
): Promise<{ readonly renamed: readonly string[]; readonly dropped: readonly string[] }> {
  const rows = await sql.rows(statementRow, "SELECT statement FROM dolt_patch(?, ?, ?) WHERE diff_type = 'schema'", [
    range.from,
    range.to,
    table,
  ]);
  return {
    renamed: rows.flatMap(({ statement }) => {
      const [, from, to] = RENAME.exec(statement) ?? [];
      return from === undefined || to === undefined ? [] : [`${unquoted(from)} to ${unquoted(to)}`];
    }),
    dropped: rows.flatMap(({ statement }) => {
      const [, name] = DROP.exec(statement) ?? [];
      return name === undefined ? [] : [unquoted(name)];
    }),
  };
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`');
}
