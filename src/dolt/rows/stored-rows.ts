import { inParts } from '../../core/lists.ts';
import { columnNamesAt, type TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { hasKey, keyText } from './row-key.ts';

const KEYS_PER_STATEMENT = 500;

interface Wanted {
  readonly keys: readonly Cells[];
  readonly commit?: string | undefined;
}

/** Rows by key, from the session's branch or from the given commit. */
export async function rowsByKey(sql: Sql, shape: TableShape, wanted: Wanted): Promise<Cells[]> {
  return (await isThere(sql, shape, wanted)) ? await selectRows(sql, shape, wanted) : [];
}

/** The same for any number of rows, by the text of their keys. */
export async function rowsByKeyText(sql: Sql, shape: TableShape, wanted: Wanted): Promise<Map<string, Cells>> {
  return (await isThere(sql, shape, wanted)) ? await rowsOfTable(sql, shape, wanted) : new Map();
}

/** The same from a commit that is known to have the table, also of tables of Dolt: a commit does not list these. */
export async function rowsOfTable(sql: Sql, shape: TableShape, { keys, commit }: Wanted): Promise<Map<string, Cells>> {
  const found = new Map<string, Cells>();
  for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
    for (const row of await selectRows(sql, shape, { keys: part, commit })) found.set(keyText(shape, row), row);
  }
  return found;
}

async function isThere(sql: Sql, { name }: TableShape, { commit }: Wanted): Promise<boolean> {
  return commit === undefined || (await columnNamesAt(sql, name, commit)).size > 0;
}

async function selectRows(sql: Sql, shape: TableShape, { keys, commit }: Wanted): Promise<Cells[]> {
  const where = hasKey(shape, keys);
  const [from, values] = commit === undefined ? ['', []] : [' AS OF ?', [commit]];
  const statement = `SELECT * FROM ${quoted(shape.name)}${from} WHERE ${where.text}`;
  return await sql.rows(cellsSchema, statement, [...values, ...where.values]);
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

/** The quoted name of a table that rows are written into, and those of its columns that are given. */
export interface Into {
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * Copies rows from a commit into a table of the same columns. Foreign keys are not checked, so rows may come in any
 * order; the caller verifies all constraints afterwards. Triggers would fire.
 * @param into the table itself, or another one, quoted; columns that the commit lacks are left out
 */
export async function copyRows(
  sql: Sql,
  shape: TableShape,
  from: { readonly commit: string; readonly keys: readonly Cells[]; readonly into: Into },
): Promise<void> {
  const known = await columnNamesAt(sql, shape.name, from.commit);
  const columns = from.into.columns
    .filter((name) => known.has(name))
    .map(quoted)
    .join(', ');
  const where = hasKey(shape, from.keys);
  await unchecked(
    sql,
    `INSERT INTO ${from.into.table} (${columns}) SELECT ${columns} FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`,
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
  const written = [`${quoted(change.column)} = ?`, ...kept].join(', ');
  for (const keys of inParts(change.keys, KEYS_PER_STATEMENT)) {
    const where = hasKey(shape, keys);
    await sql.run(`UPDATE ${quoted(shape.name)} SET ${written} WHERE ${where.text}`, [change.value, ...where.values]);
  }
}

/** Runs a statement without foreign key checks; the caller knows that the rows hold, or verifies them afterwards. */
export async function unchecked(sql: Sql, statement: string, values: readonly string[] = []): Promise<void> {
  await sql.run('SET foreign_key_checks = 0');
  try {
    await sql.run(statement, values);
  } finally {
    await sql.run('SET foreign_key_checks = 1');
  }
}
