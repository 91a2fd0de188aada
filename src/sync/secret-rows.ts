import { z } from 'zod';
import { columnsAt } from '../dolt/columns.ts';
import { quoted } from '../dolt/identifier.ts';
import type { Sql } from '../dolt/sql.ts';
import { tableHashes } from '../dolt/table-hashes.ts';
import { isBeadsDatabase } from '../rows/table-policy.ts';
import { counted } from './listed.ts';
import type { Notice } from './notice.ts';
import { namesOneOf, SECRET_WORDS } from './secret-words.ts';

const countRow = z.object({ n: z.coerce.number().int() });

/** Tables of a beads database that may hold credentials, and the rows that do. */
const HOLDERS = [
  {
    table: 'federation_peers',
    columns: ['password_encrypted'],
    where: { text: 'LENGTH(`password_encrypted`) > 0', values: [] },
  },
  {
    table: 'config',
    columns: ['key', 'value'],
    where: withValue(namesOneOf('`key`', SECRET_WORDS)),
  },
];

/** Says which committed rows of a beads database hold credentials; null where none does. */
export async function secretRowsNotice(sql: Sql, commit: string): Promise<Notice | null> {
  const tables = [...(await tableHashes(sql, commit)).keys()];
  if (!isBeadsDatabase(tables)) return null;
  const found: string[] = [];
  for (const { table, columns, where } of HOLDERS) {
    if (!tables.includes(table)) continue;
    const names = new Set((await columnsAt(sql, table, commit)).map(({ name }) => name));
    if (!columns.every((name) => names.has(name))) continue;
    const statement = `SELECT COUNT(*) AS n FROM ${quoted(table)} AS OF ? WHERE ${where.text}`;
    const [row] = await sql.rows(countRow, statement, [commit, ...where.values]);
    if (row !== undefined && row.n > 0) found.push(`${counted(row.n, 'row')} of ${table}`);
  }
  if (found.length === 0) return null;
  return {
    severity: 'warning',
    code: 'secret-rows',
    message: `the commits hold credentials: ${found.join(' and ')}. A first push sends them to the peer`,
  };
}

function withValue(named: { readonly text: string; readonly values: readonly string[] }) {
  return { text: `${named.text} AND LENGTH(\`value\`) > 0`, values: named.values };
}
