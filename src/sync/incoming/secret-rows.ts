import { z } from 'zod';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { counted } from '../../core/text.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { tableHashes } from '../../dolt/schema/table-changes.ts';
import { folded, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { namesOneOf, SECRET_WORDS } from './steering.ts';

const countRow = z.object({ n: z.coerce.number().int() });

/** An address with a user and a password, such as `https://me:secret@host/db`. */
const ADDRESS_WITH_PASSWORD = '%://%:%@%';

/** Tables of a beads database that may hold credentials, their columns, and the rows that do. */
const HOLDERS = [
  {
    table: 'federation_peers',
    columns: ['password_encrypted'],
    where: { text: 'LENGTH(`password_encrypted`) > 0', values: [] },
  },
  { table: 'federation_peers', columns: ['remote_url'], where: withPassword('`remote_url`') },
  { table: 'routes', columns: ['path'], where: withPassword('`path`') },
  { table: 'config', columns: ['key', 'value'], where: settingWithSecret() },
];

/**
 * Reports which committed rows of a beads database hold credentials, without their values; null if none does.
 * @param commit only this one is read, not its history
 */
export async function secretRowsNotice(
  sql: Sql,
  commit: string,
  { recognises }: Pick<DatabaseRules, 'recognises'>,
): Promise<Diagnostic | null> {
  const tables = [...(await tableHashes(sql, commit)).keys()];
  if (!recognises(tables)) return null;
  const found: string[] = [];
  for (const { table: wanted, columns, where } of HOLDERS) {
    const table = tables.find((name) => folded(name) === wanted);
    if (table === undefined) continue;
    const names = new Set((await columnsAt(sql, table, commit)).map(({ name }) => folded(name)));
    if (!columns.every((name) => names.has(name))) continue;
    const statement = `SELECT COUNT(*) AS n FROM ${quoted(table)} AS OF ? WHERE ${where.text}`;
    const [row] = await sql.rows(countRow, statement, [commit, ...where.values]);
    if (row !== undefined && row.n > 0) found.push(`${counted(row.n, 'row')} of ${table} (${columns.at(-1) ?? ''})`);
  }
  if (found.length === 0) return null;
  return {
    severity: 'warning',
    code: 'secret-rows',
    message: `the commits contain credentials: ${found.join(' and ')}. Every push sends them to the peer`,
  };
}

function withPassword(column: string) {
  return { text: `${column} LIKE ?`, values: [ADDRESS_WITH_PASSWORD] };
}

function settingWithSecret() {
  const named = namesOneOf('`key`', SECRET_WORDS);
  const text = `LENGTH(\`value\`) > 0 AND (${named.text} OR \`value\` LIKE ?)`;
  return { text, values: [...named.values, ADDRESS_WITH_PASSWORD] };
}
