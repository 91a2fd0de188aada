import { groupBy } from '../../core/lists.ts';
import { compareBytes } from '../../core/text.ts';
import { hasKey, keyOf } from '../rows/row-key.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { isText } from './columns.ts';
import {
  type IndexPart,
  type Item,
  indexParts,
  isUniqueIndex,
  type Token,
  tableCollation,
  tokensOf,
} from './create-table.ts';
import { tableItemsAt } from './table-definitions.ts';
import { columnsWithKey, ordinaryColumns, type TableShape } from './table-shape.ts';

/** A unique index other than the primary key. */
export interface UniqueKey {
  readonly name: string;
  /** The compared values, as SQL over the columns of a table of the same name. */
  readonly parts: readonly string[];
  /** The ordinary columns outside the primary key that the parts are computed from. */
  readonly columns: readonly string[];
  /** The same, also those of the primary key. */
  readonly behind: readonly string[];
}

const RANK = 'dolt_federation_rank';
const COUNT = 'dolt_federation_count';

/** The unique indexes of a table, in byte order of their names, from its items. */
export function uniqueKeysOf(shape: TableShape, items: readonly Item[]): UniqueKey[] {
  return items
    .filter(isUniqueIndex)
    .map((item): UniqueKey => {
      const parts = indexParts(item);
      const names = parts.flatMap((part) => ('column' in part ? [part.column] : namesIn(shape, part.tokens)));
      const behind = columnsBehind(shape, names);
      return {
        name: item.name,
        parts: parts.flatMap((part) => partTexts(shape, items, part)),
        columns: behind.filter((name) => !shape.key.includes(name)),
        behind,
      };
    })
    .sort((a, b) => compareBytes(a.name, b.name));
}

/** The unique indexes of a table in the session's branch. */
export async function uniqueKeys(sql: Sql, shape: TableShape): Promise<UniqueKey[]> {
  return uniqueKeysOf(shape, await tableItemsAt(sql, shape.name, null));
}

/**
 * The compared values of one part. A prefix has so many bytes (Dolt 2.3.0, measured), and LEFT takes characters. So it is
 * compared as bytes, but with the collation where characters are bytes: another case or accent then counts as the same.
 */
function partTexts(shape: TableShape, items: readonly Item[], part: IndexPart): readonly string[] {
  if ('expression' in part) return [`(${part.expression})`];
  const value = quoted(part.column);
  const { prefix } = part;
  if (prefix === null) return [value];
  const type = shape.columns.find(({ name }) => name === part.column)?.type ?? '';
  const bytes = `LEFT(HEX(${value}), ${2 * prefix})`;
  const collation = collationOf(items, part.column);
  if (!isText(type) || /^$|(?:_bin|binary)$/i.test(collation)) return [bytes];
  const text = `LEFT(${value}, ${prefix})`;
  const isAscii = `LENGTH(${text}) = CHAR_LENGTH(${text})`;
  return [`(IF(${isAscii}, ${text}, '') COLLATE ${collation})`, `IF(${isAscii}, '', ${bytes})`];
}

function collationOf(items: readonly Item[], column: string): string {
  const tokens = items.find(({ kind, name }) => kind === 'column' && name === column)?.tokens ?? [];
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && text.toUpperCase() === 'COLLATE');
  return (at < 0 ? tableCollation(items).split(' ')[1] : tokens[at + 1]?.text) ?? '';
}

/** The ordinary columns among the given ones, and those that the generated ones are computed from. */
export function columnsBehind(shape: TableShape, names: readonly string[]): string[] {
  const behind = new Set(names);
  // Generated columns are computed from others; the set grows during the loop.
  for (const name of behind) {
    const generated = shape.columns.find((column) => column.name === name)?.generated ?? null;
    if (generated !== null) for (const other of namesIn(shape, tokensOf(generated.expression))) behind.add(other);
  }
  return ordinaryColumns(shape).filter((name) => behind.has(name));
}

/** Columns in an expression: Dolt 2.3.0 prints them as `name`, name or table.name. */
function namesIn(shape: TableShape, tokens: readonly Token[]): string[] {
  const words = tokens.flatMap(({ kind, text }) =>
    kind === 'string' ? [] : [(text.split('.').at(-1) ?? text).toLowerCase()],
  );
  return shape.columns.flatMap(({ name }) => (words.includes(name.toLowerCase()) ? [name] : []));
}

/** Rows to compare: those of the table, and pending ones in another table of the same columns. */
export interface RowSource {
  readonly shape: TableShape;
  /** The other table as SQL; null if there is none. */
  readonly pending: string | null;
}

/**
 * Rows of the source with all columns, as a table in a FROM. Parts qualify their columns by the table's name.
 */
export function sourceText({ shape, pending }: RowSource): string {
  const columns = shape.columns.map(({ name }) => quoted(name)).join(', ');
  const own = `SELECT ${columns} FROM ${quoted(shape.name)}`;
  const all = pending === null ? own : `${own} UNION ALL SELECT ${columns} FROM ${pending}`;
  return `(${all}) AS ${quoted(shape.name)}`;
}

/**
 * The keys of all rows that share a value of a unique index with another row, in groups; without a primary key they are
 * empty. Compares like the index: by the collations of its columns, over its prefixes, and without rows where a part is
 * NULL.
 */
export async function rowsSharingKey(sql: Sql, source: RowSource, key: UniqueKey): Promise<Cells[][]> {
  const { shape } = source;
  const primary = shape.key.map((name) => `${quoted(name)}, `).join('');
  const parts = key.parts.join(', ');
  const present = key.parts.map((part) => `${part} IS NOT NULL`).join(' AND ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${primary}${RANK} FROM (SELECT ${primary}COUNT(*) OVER (PARTITION BY ${parts}) AS ${COUNT}, ` +
      `DENSE_RANK() OVER (ORDER BY ${parts}) AS ${RANK} FROM ${sourceText(source)} WHERE ${present}) AS ranked WHERE ${COUNT} > 1`,
  );
  return [...groupBy(rows, (row) => row[RANK]).values()].map((group) => group.map((row) => keyOf(shape, row)));
}

/** The keys of the given rows whose value of a unique index is the same as at a commit. */
export async function rowsWithKeyOf(
  sql: Sql,
  source: RowSource,
  at: { readonly key: UniqueKey; readonly keys: readonly Cells[]; readonly commit: string },
): Promise<Cells[]> {
  const { shape } = source;
  const where = hasKey(shape, at.keys);
  const values = [...shape.key.map(quoted), ...at.key.parts.map((part, index) => `${part} AS ${partName(index)}`)].join(
    ', ',
  );
  const then = `(SELECT * FROM ${quoted(shape.name)} AS OF ?) AS ${quoted(shape.name)}`;
  const joined = [...shape.key.map(quoted), ...at.key.parts.map((_, index) => partName(index))];
  return sql.rows(
    cellsSchema,
    `SELECT ${shape.key.map((name) => `m.${quoted(name)}`).join(', ')} ` +
      `FROM (SELECT ${values} FROM ${sourceText(source)} WHERE ${where.text}) m ` +
      `JOIN (SELECT ${values} FROM ${then} WHERE ${where.text}) b ON ${joined.map((name) => `m.${name} = b.${name}`).join(' AND ')}`,
    [...where.values, at.commit, ...where.values],
  );
}

/** Whether rows of a commit have a value of a unique index that a row of the source has. */
export async function isKeyTaken(
  sql: Sql,
  source: RowSource,
  at: { readonly key: UniqueKey; readonly keys: readonly Cells[]; readonly commit: string },
): Promise<boolean> {
  const { shape } = source;
  const where = hasKey(shape, at.keys);
  const values = at.key.parts.map((part, index) => `${part} AS ${partName(index)}`).join(', ');
  const joined = at.key.parts.map((_, index) => `m.${partName(index)} = b.${partName(index)}`).join(' AND ');
  const then = `(SELECT * FROM ${quoted(shape.name)} AS OF ?) AS ${quoted(shape.name)}`;
  const rows = await sql.rows(
    cellsSchema,
    `SELECT 1 AS taken FROM (SELECT ${values} FROM ${sourceText(source)}) m ` +
      `JOIN (SELECT ${values} FROM ${then} WHERE ${where.text}) b ON ${joined} LIMIT 1`,
    [at.commit, ...where.values],
  );
  return rows.length > 0;
}

function partName(index: number): string {
  return `dolt_federation_part_${index}`;
}

/** Rows of a table, grouped by their value of a unique index. */
export async function rowsUnderOneKey(
  sql: Sql,
  shape: TableShape,
  index: { readonly name: string; readonly keys: readonly Cells[] },
): Promise<Cells[][]> {
  const key = (await uniqueKeys(sql, shape)).find(({ name }) => name === index.name);
  if (key === undefined) return [];
  const where = hasKey(shape, index.keys);
  const columns = columnsWithKey(shape).map(quoted).join(', ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${columns}, DENSE_RANK() OVER (ORDER BY ${key.parts.join(', ')}) AS ${RANK} ` +
      `FROM ${sourceText({ shape, pending: null })} WHERE ${where.text}`,
    where.values,
  );
  return [...groupBy(rows, (row) => row[RANK]).values()].map((group) => group.map(({ [RANK]: _, ...row }) => row));
}
