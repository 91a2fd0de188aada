import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { parsedJson } from '../core/json.ts';
import { inParts } from '../core/lists.ts';
import { rowDiffs } from '../dolt/rows/differing-rows.ts';
import { keyOf, keyOfText, keyText } from '../dolt/rows/row-key.ts';
import { rowsByKeyText, updateColumn } from '../dolt/rows/stored-rows.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import { hasShadowedDiff } from '../dolt/schema/readability.ts';
import { columnNamesAt, hasTriggers, shapeOf, type TableShape, tableShape } from '../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { firesTriggers } from './constraints/restore.ts';
import { namedRows } from './corrections/ambiguous-rows.ts';
import { planDocument } from './document-merge.ts';
import type { Merging } from './merging.ts';
import type { ResolvedRow } from './resolved-row.ts';

const tableRow = z.object({ name: z.string() });
const PAGE = 500;

/**
 * Compares documents that Dolt merged without a conflict with the rules, and repairs them. Below a key with a backslash
 * or a control character, Dolt 2.3.0 drops changes of their side or writes invalid JSON (measured).
 * @param resolved rows that were in conflict, which we have decided, besides those that depend on one of several merge
 * bases
 * @throws Failure `dolt-defect` if Dolt resolved a conflict silently, `constraint-violation` if the repair would fire a
 * trigger
 */
export async function repairDocuments(sql: Sql, merging: Merging, resolved: readonly ResolvedRow[]): Promise<void> {
  for (const table of await changedOnBothSides(sql, merging)) {
    const shape = await tableShape(sql, table);
    const columns = await documentColumns(sql, merging, shape);
    if (columns.length === 0 || shape.key.length === 0) continue;
    const decided = [...resolved, ...namedRows(merging.ambiguous)];
    const known = decided.flatMap((row) => (row.table === table ? [keyText(shape, row.key)] : []));
    for (const column of columns) await repairColumn(sql, merging, { shape, column, resolved: new Set(known) });
  }
}

async function changedOnBothSides(sql: Sql, { base, ours, theirs }: Merging): Promise<string[]> {
  const changed = (head: string): Promise<{ name: string }[]> =>
    sql.rows(
      tableRow,
      "SELECT to_table_name AS name FROM dolt_diff_summary(?, ?) WHERE data_change AND to_table_name <> ''",
      [base, head],
    );
  const atTheirs = new Set((await changed(theirs)).map(({ name }) => name));
  return (await changed(ours)).flatMap(({ name }) => (atTheirs.has(name) ? [name] : []));
}

/** The JSON columns that a table has in all three versions. */
async function documentColumns(sql: Sql, { base, ours, theirs }: Merging, shape: TableShape): Promise<string[]> {
  const names = shape.columns.flatMap(({ name, type, generated }) =>
    type === 'json' && generated === null ? [name] : [],
  );
  if (names.length === 0) return [];
  const versions: ReadonlySet<string>[] = [];
  for (const commit of [base, ours, theirs]) versions.push(await columnNamesAt(sql, shape.name, commit));
  return names.filter((name) => versions.every((version) => version.has(name)));
}

async function repairColumn(
  sql: Sql,
  merging: Merging,
  of: { readonly shape: TableShape; readonly column: string; readonly resolved: ReadonlySet<string> },
): Promise<void> {
  const { shape, column, resolved } = of;
  // A side may have renamed columns of the key. The text of a key has no names.
  const shapeAt = async (commit: string): Promise<TableShape> =>
    shapeOf(shape.name, await columnsAt(sql, shape.name, commit));
  const changedAt = async (head: string) =>
    await changedRows(sql, { shape: await shapeAt(head), column, base: merging.base, head });
  const [ours, theirs] = [await changedAt(merging.ours), await changedAt(merging.theirs)];
  const keys = [...ours].flatMap(([key, isEscaped]) => {
    const other = theirs.get(key);
    return other === undefined || resolved.has(key) || !(isEscaped || other) ? [] : [key];
  });
  for (const page of inParts(keys, PAGE)) {
    const at = async (commit?: string): Promise<Map<string, Cells>> => {
      const then = commit === undefined ? shape : await shapeAt(commit);
      return await rowsByKeyText(sql, then, { keys: page.map((key) => keyOfText(then, key)), commit });
    };
    const versions = { base: await at(merging.base), ours: await at(merging.ours), theirs: await at(merging.theirs) };
    for (const [key, row] of await at()) {
      const [base, our, their] = [versions.base, versions.ours, versions.theirs].map((rows) => rows.get(key)?.[column]);
      const plan = planDocument(base ?? null, our ?? null, their ?? null);
      if (plan === null || plan.merged(() => 'ours') === row[column]) continue;
      if (plan.clashes.length > 0) throw undecided(shape, row, column);
      await rewrite(sql, shape, { row, column, text: plan.merged(() => 'ours') });
    }
  }
}

/**
 * The rows whose document a side changed, by the text of their key, and whether a version of the document contains
 * characters that JSON escapes.
 * @param of.shape as the side has the table
 */
async function changedRows(
  sql: Sql,
  of: { readonly shape: TableShape; readonly column: string; readonly base: string; readonly head: string },
): Promise<Map<string, boolean>> {
  const { shape, column } = of;
  if (hasShadowedDiff([...shape.key, column])) return changedByPosition(sql, of);
  const [from, to] = [quoted(`from_${column}`), quoted(`to_${column}`)];
  const keys = shape.key.map((name) => `${quoted(`to_${name}`)} AS ${quoted(name)}`).join(', ');
  const escaped = [from, to].map((value) => `INSTR(CAST(${value} AS CHAR), CHAR(92)) > 0`).join(' OR ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${keys}, ${escaped} AS dolt_federation_escaped FROM dolt_diff(?, ?, ?) WHERE diff_type = 'modified' AND ${from} <> ${to}`,
    [of.base, of.head, shape.name],
  );
  return new Map(rows.map((row) => [keyText(shape, row), row['dolt_federation_escaped'] === '1']));
}

/** The same if no condition can name the columns. */
async function changedByPosition(
  sql: Sql,
  of: { readonly shape: TableShape; readonly column: string; readonly base: string; readonly head: string },
): Promise<Map<string, boolean>> {
  const { shape, column } = of;
  const diffs = await rowDiffs(sql, { from: of.base, to: of.head }, shape.name);
  return new Map(
    diffs.flatMap(({ from, to }): [string, boolean][] => {
      const [before, after] = [from?.[column] ?? null, to?.[column] ?? null];
      if (to === null || before === null || after === null || before === after) return [];
      return [[keyText(shape, to), `${before}${after}`.includes('\\')]];
    }),
  );
}

function undecided(shape: TableShape, row: Cells, column: string): Failure {
  const key = JSON.stringify(keyOf(shape, row));
  return new Failure('dolt-defect', `Dolt merged the JSON document ${shape.name}.${column} of row ${key} wrongly`, {
    hint: `Make the document equal on both sides, or remove keys with backslashes and control characters, then run again.`,
  });
}

/**
 * Writes a document. The column is NULL in between: Dolt 2.3.0 fails to compare a new document with invalid JSON (measured).
 */
async function rewrite(
  sql: Sql,
  shape: TableShape,
  change: { readonly row: Cells; readonly column: string; readonly text: string },
): Promise<void> {
  if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'repairing documents in');
  const { row, column, text } = change;
  const keys = [keyOf(shape, row)];
  if (await isNullable(sql, shape.name, column)) await updateColumn(sql, shape, { column, value: null, keys });
  else if (parsedJson(row[column] ?? 'null') === undefined) throw undecided(shape, row, column);
  await updateColumn(sql, shape, { column, value: text, keys });
}

async function isNullable(sql: Sql, table: string, column: string): Promise<boolean> {
  return (await columnsAt(sql, table, null)).some(({ name, nullable }) => name === column && nullable);
}
