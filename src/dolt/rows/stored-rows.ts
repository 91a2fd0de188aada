import { columnNamesAt, ordinaryColumns, type TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { hasKey, keyText } from './row-key.ts';

/** Rows by key, from the session's branch or from the given commit. */
export async function rowsByKey(
  sql: Sql,
  shape: TableShape,
  wanted: { readonly keys: readonly Cells[]; readonly commit?: string | undefined },
): Promise<Cells[]> {
  const where = hasKey(shape, wanted.keys);
  const from = quoted(shape.name);
  if (wanted.commit === undefined) {
    return sql.rows(cellsSchema, `SELECT * FROM ${from} WHERE ${where.text}`, where.values);
  }
  if ((await columnNamesAt(sql, shape.name, wanted.commit)).size === 0) return [];
  return sql.rows(cellsSchema, `SELECT * FROM ${from} AS OF ? WHERE ${where.text}`, [wanted.commit, ...where.values]);
}

/** The same rows by the text of their keys. */
export async function rowsByKeyText(
  sql: Sql,
  shape: TableShape,
  wanted: { readonly keys: readonly Cells[]; readonly commit?: string | undefined },
): Promise<Map<string, Cells>> {
  return new Map((await rowsByKey(sql, shape, wanted)).map((row) => [keyText(shape, row), row]));
}

/** The given rows of a commit that are missing now. */
export async function missingRows(
  sql: Sql,
  shape: TableShape,
  from: { readonly commit: string; readonly keys: readonly Cells[] },
): Promise<Cells[]> {
  const present = new Set((await rowsByKey(sql, shape, { keys: from.keys })).map((row) => keyText(shape, row)));
  const then = await rowsByKey(sql, shape, from);
  return then.filter((row) => !present.has(keyText(shape, row)));
}

/**
 * Copies rows from a commit into a table of the same columns. Foreign keys are not checked, so rows may come in any
 * order; the caller verifies all constraints afterwards. Triggers would fire.
 * @param into the table itself, or another one; quoted
 */
export async function copyRows(
  sql: Sql,
  shape: TableShape,
  from: { readonly commit: string; readonly keys: readonly Cells[]; readonly into: string },
): Promise<void> {
  const known = await columnNamesAt(sql, shape.name, from.commit);
  const columns = ordinaryColumns(shape)
    .filter((name) => known.has(name))
    .map(quoted)
    .join(', ');
  const where = hasKey(shape, from.keys);
  await unchecked(
    sql,
    `INSERT INTO ${from.into} (${columns}) SELECT ${columns} FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`,
    [from.commit, ...where.values],
  );
}

/** Removes rows by key. Foreign keys are not checked, so nothing cascades. Triggers would fire. */
export async function removeRows(sql: Sql, shape: TableShape, keys: readonly Cells[]): Promise<void> {
  const where = hasKey(shape, keys);
  await unchecked(sql, `DELETE FROM ${quoted(shape.name)} WHERE ${where.text}`, where.values);
}

const TEMPORAL: ReadonlySet<string> = new Set(['datetime', 'timestamp']);

/**
 * Writes one column of some rows. Every time column keeps its value, because an ON UPDATE would change it. Triggers would
 * fire.
 */
export async function updateColumn(
  sql: Sql,
  shape: TableShape,
  change: { readonly column: string; readonly value: string; readonly keys: readonly Cells[] },
): Promise<void> {
  const kept = shape.columns.flatMap(({ name, type, generated }) =>
    TEMPORAL.has(type) && generated === null && !shape.key.includes(name) ? [`${quoted(name)} = ${quoted(name)}`] : [],
  );
  const where = hasKey(shape, change.keys);
  await sql.run(
    `UPDATE ${quoted(shape.name)} SET ${[`${quoted(change.column)} = ?`, ...kept].join(', ')} WHERE ${where.text}`,
    [change.value, ...where.values],
  );
}

/** Runs a statement without foreign key checks; the caller verifies all constraints afterwards. */
export async function unchecked(sql: Sql, statement: string, values: readonly string[]): Promise<void> {
  await sql.run('SET foreign_key_checks = 0');
  try {
    await sql.run(statement, values);
  } finally {
    await sql.run('SET foreign_key_checks = 1');
  }
}
