import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { type OpenMergeTable, openMergeTable } from '../../dolt/rows/open-merge-table.ts';
import type { TableDefinition } from '../../dolt/schema/readability.ts';
import { ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Merging } from '../merging.ts';
import { type NamedRow, tablesOfBoth } from './silent-losses.ts';

type Heads = Pick<Merging, 'base' | 'ours' | 'theirs'>;

/**
 * Refuses a merge in which a cell that at most one side changed has another value. Dolt merges rows by the position of
 * their columns, which differ between the sides after a change of the definition, or beside a generated column (2.3.0,
 * measured). Only such tables are read, if both sides changed them, and they are read whole by the engine.
 * @param named the rows that the report names
 * @throws Failure `dolt-defect`
 */
export async function refuseWrongCells(sql: Sql, heads: Heads, named: readonly NamedRow[]): Promise<void> {
  for (const { table } of await tablesOfBoth(sql, heads)) {
    const open = await openMergeTable(sql, table);
    const shape = await tableShape(sql, table);
    if (!mayMisplace(open, shape) || !hasSameKey(open)) continue;
    const known = named.filter((row) => row.table === table).flatMap(({ key, otherKey = key }) => [key, otherKey]);
    const wrong = await wrongRow(sql, heads, { shape, open, known });
    if (wrong === null) continue;
    const without = plain(`this Dolt would give a row of ${table} a value that neither side has in that column`);
    throw new Failure('dolt-defect', `${without}: ${plain(Object.values(wrong).join(', '))}`, {
      values: { least: 'keys', without },
      hint: `Make the same change to the definition of ${table} on the other side, commit, then run again. Nothing was merged from this peer.`,
    });
  }
}

function mayMisplace({ base, ours, theirs }: OpenMergeTable, { columns }: TableShape): boolean {
  const texts = [base, ours, theirs].map((version) => JSON.stringify(version?.columnTexts ?? null));
  const isHidden = [base, ours, theirs].some((version) => (version?.functionalIndexes.length ?? 0) > 0);
  return new Set(texts).size > 1 || isHidden || columns.some(({ generated }) => generated !== null);
}

function hasSameKey({ base, ours, theirs, merged }: OpenMergeTable): boolean {
  const keys = [base ?? merged, ours, theirs, merged].map((version) => JSON.stringify(version?.key ?? []));
  return merged.key.length > 0 && new Set(keys).size === 1;
}

interface Compared {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
  readonly known: readonly Cells[];
}

/** The key of a row with such a cell, null if there is none. */
async function wrongRow(sql: Sql, heads: Heads, { shape, open, known }: Compared): Promise<Cells | null> {
  const { key, name } = shape;
  const conditions = ordinaryColumns(shape).flatMap((column) => (key.includes(column) ? [] : wrongCell(column, open)));
  if (conditions.length === 0) return null;
  const from = [`${quoted(name)} m`];
  const parameters: string[] = [];
  for (const [alias, commit, version] of [
    ['b', heads.base, open.base],
    ['o', heads.ours, open.ours],
    ['t', heads.theirs, open.theirs],
  ] as const) {
    if (version === null) continue;
    const joined = key.map((column) => `${alias}.${quoted(column)} = m.${quoted(column)}`).join(' AND ');
    from.push(`LEFT JOIN (SELECT * FROM ${quoted(name)} AS OF ?) ${alias} ON ${joined}`);
    parameters.push(commit);
  }
  const textOf = (cells: Cells): string => JSON.stringify(key.map((column) => cells[column]));
  const reported = new Set(known.map(textOf));
  const selected = key.map((column) => `m.${quoted(column)}`).join(', ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${selected} FROM ${from.join(' ')} WHERE ${conditions.join(' OR ')} LIMIT ${reported.size + 1}`,
    parameters,
  );
  return rows.find((row) => !reported.has(textOf(row))) ?? null;
}

/** The condition that a column has a value that neither side gave it, as a list of at most one. */
function wrongCell(column: string, { base, ours, theirs, merged }: OpenMergeTable): string[] {
  const versions = [base, ours, theirs, merged].filter((version) => version?.columns.includes(column) === true);
  // A value of another type can be equal and look different.
  if (new Set(versions.map((version) => typeOf(column, version))).size > 1) return [];
  const has = (version: TableDefinition | null): boolean => version?.columns.includes(column) === true;
  const [m, b, o, t] = ['m', 'b', 'o', 't'].map((alias) => `${alias}.${quoted(column)}`);
  const isIn = (alias: string): string => `${alias}.${quoted(merged.key[0] ?? '')} IS NOT NULL`;
  if (has(ours) && has(theirs)) {
    const before = has(base) ? b : 'NULL';
    return [`NOT (${m} <=> CASE WHEN ${o} <=> ${before} THEN ${t} WHEN ${t} <=> ${before} THEN ${o} ELSE ${m} END)`];
  }
  if (has(base)) return [];
  if (has(ours)) return [`(${isIn('o')} AND NOT (${m} <=> ${o}))`];
  return has(theirs) ? [`(${isIn('t')} AND NOT (${m} <=> ${t}))`] : [];
}

function typeOf(column: string, version: TableDefinition | null): string {
  const text = version?.columnTexts[version.columns.indexOf(column)] ?? '';
  return text.slice(quoted(column).length).trim().split(' ')[0] ?? '';
}
