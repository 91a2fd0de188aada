import { countDifferingRows, differingRows, type RowChoice } from '../../dolt/rows/differing-rows.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { type TableChange, tableHashes } from '../../dolt/schema/table-changes.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { isBeadsDatabase } from '../../rows/table-policy.ts';
import type { SteeringRows } from './incoming-changes.ts';

/** Columns that bd writes on its own. */
const TIMES = ['last_sync', 'created_at', 'updated_at'];

/** Tables of a beads database by which bd finds other databases. */
const ADDRESS_TABLES = ['federation_peers', 'routes'];

/**
 * Changed rows of a beads database that define where bd connects to, or with which credentials. Rows of `config` count
 * if their key names an address or a credential, or their value is an address.
 */
export async function readSteering(
  sql: Sql,
  heads: { readonly base: string; readonly ours: string; readonly theirs: string },
  tables: readonly TableChange[],
): Promise<SteeringRows[]> {
  const changed = tables.flatMap(({ to }) => {
    const name = to?.toLowerCase();
    return to !== null && (name === 'config' || ADDRESS_TABLES.includes(name ?? '')) ? [to] : [];
  });
  if (changed.length === 0) return [];
  const names = [...(await tableHashes(sql, heads.ours)).keys(), ...(await tableHashes(sql, heads.base)).keys()];
  if (!isBeadsDatabase(names)) return [];
  const found: SteeringRows[] = [];
  const range = { from: heads.base, to: heads.theirs };
  for (const table of changed) {
    const choice = await choiceOf(sql, table, heads);
    const count = await countDifferingRows(sql, range, choice);
    if (count > 0) found.push({ table, count, rows: await differingRows(sql, range, choice) });
  }
  return found;
}

async function choiceOf(
  sql: Sql,
  table: string,
  heads: { readonly base: string; readonly theirs: string },
): Promise<RowChoice> {
  const columns = await columnsAt(sql, table, heads.theirs);
  const keys = columns.flatMap(({ name, primary }) => (primary ? [name] : []));
  const has = (wanted: string): boolean => columns.some(({ name }) => name.toLowerCase() === wanted);
  if (table.toLowerCase() === 'config' && has('key') && has('value')) {
    const named = namesOneOf('COALESCE(`to_key`, `from_key`)', [...SECRET_WORDS, ...ADDRESS_WORDS]);
    const where = `NOT (\`to_value\` <=> \`from_value\`) AND (${named.text} OR \`to_value\` LIKE '%://%' OR \`from_value\` LIKE '%://%')`;
    return { table, keys, where, parameters: named.values };
  }
  const compared = columns.flatMap(({ name }) => (TIMES.includes(name.toLowerCase()) ? [] : [name]));
  const same = compared.map((name) => `${quoted(`to_${name}`)} <=> ${quoted(`from_${name}`)}`).join(' AND ');
  return { table, keys, where: `diff_type <> 'modified' OR NOT (${same === '' ? 'FALSE' : same})` };
}

/** LIKE patterns for the names of settings that hold credentials. */
export const SECRET_WORDS = [
  '%token%',
  '%secret%',
  '%password%',
  '%passwd%',
  '%credential%',
  '%apikey%',
  '%api_key%',
  '%private_key%',
  '%access_key%',
];

/** LIKE patterns for the names of settings that hold addresses. */
const ADDRESS_WORDS = ['%remote%', '%url%', '%endpoint%', '%webhook%', '%host'];

/** An SQL condition: a name matches one of the patterns, in any case. */
export function namesOneOf(
  name: string,
  patterns: readonly string[],
): { readonly text: string; readonly values: readonly string[] } {
  return { text: `(${patterns.map(() => `LOWER(${name}) LIKE ?`).join(' OR ')})`, values: patterns };
}
