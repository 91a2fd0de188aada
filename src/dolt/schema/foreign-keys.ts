import { z } from 'zod';
import { hasKey } from '../rows/row-key.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { columnNamesAt, type TableShape } from './table-shape.ts';

/** Columns of one table that refer to a row of another. */
export interface ForeignKey {
  readonly table: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

export interface NamedForeignKey extends ForeignKey {
  readonly name: string;
}

const usageRow = z.object({
  name: z.string(),
  table: z.string(),
  column: z.string(),
  parent: z.string(),
  parent_column: z.string(),
});

/** All foreign keys of the session's branch. */
export async function foreignKeys(sql: Sql): Promise<NamedForeignKey[]> {
  const rows = await sql.rows(
    usageRow,
    'SELECT constraint_name AS name, table_name AS `table`, column_name AS `column`, referenced_table_name AS parent, referenced_column_name AS parent_column FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL ORDER BY table_name, constraint_name, ordinal_position',
  );
  const found = new Map<string, NamedForeignKey>();
  for (const { name, table, column, parent, parent_column } of rows) {
    const id = JSON.stringify([table, name]);
    const known = found.get(id) ?? { name, table, columns: [], parent, parentColumns: [] };
    const columns = [...known.columns, column];
    found.set(id, { ...known, columns, parentColumns: [...known.parentColumns, parent_column] });
  }
  return [...found.values()];
}

/** A change of a row to which others refer. */
export type KeyAction = 'delete' | 'update';

const ruleRow = z.object({ name: z.string(), table: z.string(), delete: z.string(), update: z.string() });

/**
 * For keys of these tables of the session's branch: the changes of the parent that do something to a row that refers to it,
 * as in `ON DELETE CASCADE`. For all others: none.
 */
export async function actingKeys(
  sql: Sql,
  tables: readonly string[],
): Promise<(key: NamedForeignKey) => readonly KeyAction[]> {
  if (tables.length === 0) return () => [];
  const rows = await sql.rows(
    ruleRow,
    `SELECT constraint_name AS name, table_name AS \`table\`, delete_rule AS \`delete\`, update_rule AS \`update\` FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() AND table_name IN (${tables.map(() => '?').join(', ')})`,
    tables,
  );
  const acts = (rule: string): boolean => rule === 'CASCADE' || rule === 'SET NULL';
  const actions = new Map(
    rows.map((row) => [
      JSON.stringify([row.table, row.name]),
      (['delete', 'update'] as const).filter((action) => acts(row[action])),
    ]),
  );
  return ({ table, name }) => actions.get(JSON.stringify([table, name])) ?? [];
}

export interface Reference {
  readonly key: ForeignKey;
  readonly child: TableShape;
  readonly parent: TableShape;
}

/** Keys of the rows that referred to given rows at a commit. */
export function childrenOf(
  sql: Sql,
  reference: Reference,
  at: { readonly commit: string; readonly parents: readonly Cells[] },
): Promise<Cells[]> {
  const { key, child, parent } = reference;
  const where = hasKey(parent, at.parents);
  return sql.rows(
    cellsSchema,
    `SELECT DISTINCT ${named('c', child)} FROM (SELECT * FROM ${quoted(parent.name)} AS OF ? WHERE ${where.text}) p ` +
      `JOIN (SELECT * FROM ${quoted(child.name)} AS OF ?) c ON ${joined(key)}`,
    [at.commit, ...where.values, at.commit],
  );
}

/**
 * Keys of the rows at a commit that given rows of the session's branch refer to; null if the commit has no such table and
 * columns, as before they were renamed.
 */
export async function parentsOf(
  sql: Sql,
  reference: Reference,
  at: { readonly commit: string; readonly children: readonly Cells[] },
): Promise<Cells[] | null> {
  const { key, child, parent } = reference;
  const present = await columnNamesAt(sql, parent.name, at.commit);
  if (![...parent.key, ...key.parentColumns].every((name) => present.has(name))) return null;
  const where = hasKey(child, at.children);
  return await sql.rows(
    cellsSchema,
    `SELECT DISTINCT ${named('p', parent)} FROM (SELECT * FROM ${quoted(child.name)} WHERE ${where.text}) c ` +
      `JOIN (SELECT * FROM ${quoted(parent.name)} AS OF ?) p ON ${joined(key)}`,
    [...where.values, at.commit],
  );
}

/** A row at a commit, and a row that referred to it there. */
export interface ReferencePair {
  readonly parent: Cells;
  readonly child: Cells;
}

/** The rows that referred to given rows at a commit, with the key of the referenced row. */
export async function referencePairs(
  sql: Sql,
  reference: Reference,
  at: { readonly commit: string; readonly parents: readonly Cells[] },
): Promise<ReferencePair[]> {
  const { key, child, parent } = reference;
  const where = hasKey(parent, at.parents);
  const columns = [
    ...parent.key.map((name, index) => `p.${quoted(name)} AS p${index}`),
    ...child.key.map((name, index) => `c.${quoted(name)} AS c${index}`),
  ];
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${columns.join(', ')} FROM (SELECT * FROM ${quoted(parent.name)} AS OF ? WHERE ${where.text}) p ` +
      `JOIN (SELECT * FROM ${quoted(child.name)} AS OF ?) c ON ${joined(key)}`,
    [at.commit, ...where.values, at.commit],
  );
  const keyFrom = (cells: Cells, alias: string, shape: TableShape): Cells =>
    Object.fromEntries(shape.key.map((name, index) => [name, cells[`${alias}${index}`] ?? null]));
  return rows.map((cells) => ({ parent: keyFrom(cells, 'p', parent), child: keyFrom(cells, 'c', child) }));
}

function named(alias: string, shape: TableShape): string {
  return shape.key.map((name) => `${alias}.${quoted(name)}`).join(', ');
}

function joined({ columns, parentColumns }: ForeignKey): string {
  return columns.map((name, index) => `c.${quoted(name)} = p.${quoted(parentColumns[index] ?? '')}`).join(' AND ');
}
