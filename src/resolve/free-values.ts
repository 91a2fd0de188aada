import { z } from 'zod';
import { groupBy } from '../core/lists.ts';
import { textLiteral } from '../core/text.ts';
import type { NewValue } from '../dolt/rows/literals.ts';
import { literalOf } from '../dolt/rows/row-key.ts';
import { type Column, characterLimit, columnsAt } from '../dolt/schema/columns.ts';
import { fromUnits, type NumberRange, numberRange, toUnits } from '../dolt/schema/number-range.ts';
import { columnNamesAt, ordinaryColumns, type TableShape } from '../dolt/schema/table-shape.ts';
import { columnsBehind, isKeyTaken, uniqueKeys } from '../dolt/schema/unique-index.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { Entry } from './restore-statements.ts';

/** A text of a few letters has no more suffixes of its own. */
const TRIES = 100;
const FIRST_SUFFIX = 2;
const greatestRow = z.object({ greatest: z.string().nullable() });
const leastRow = z.object({ least: z.string().nullable() });
const gapRow = z.object({ low: z.string(), high: z.string().nullable() });
const indexRow = z.object({ name: z.string(), column: z.string(), prefix: z.coerce.number().nullable() });
const hitRow = z.object({ hit: z.coerce.number() });

/** A column of a unique index. */
interface IndexColumn {
  readonly name: string;
  /** How many of its first bytes count; null: all. */
  readonly prefix: number | null;
}

interface Index {
  readonly name: string;
  readonly columns: readonly IndexColumn[];
}

/** A unique index in which a row would collide with another. */
interface BrokenIndex {
  /** The ordinary columns in it: another value of one ends the collision. */
  readonly columns: readonly string[];
  /** These, and the ordinary columns that its other parts are computed from. */
  readonly behind: readonly string[];
}

/** A column and the values that the restored rows have there. */
interface Place {
  readonly table: string;
  readonly column: string;
  readonly given: Set<string>;
}

/**
 * Finds unused values that fit their columns, each once: texts with a number at their end, numbers beyond the greatest,
 * and in a full range the nearest gap.
 */
export class FreeValues {
  readonly #sql: Sql;
  readonly #columns = new Map<string, readonly Column[]>();
  readonly #indexes = new Map<string, readonly Index[]>();
  readonly #places = new Map<string, Place>();
  readonly #greatest = new Map<Place, bigint>();

  /** @param sql a session on the branch where the values must be unused */
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reserves the values of a row that will be restored with them. */
  reserve(shape: TableShape, row: Cells): void {
    for (const { name } of shape.columns) {
      const value = row[name] ?? null;
      if (value !== null) this.give(shape, name, value);
    }
  }

  /** Whether a restored row has a value. Letter case counts in no column, because it does not in some collations. */
  isGiven(shape: TableShape, column: string, value: string): boolean {
    return this.#place(shape, column).given.has(value.toLowerCase());
  }

  /** Keeps a value for one restored row. */
  give(shape: TableShape, column: string, value: string): void {
    this.#place(shape, column).given.add(value.toLowerCase());
  }

  /** @returns null if no free value is found that fits the column */
  async next(shape: TableShape, column: string, value: string | null): Promise<NewValue | null> {
    if (value === null) return null;
    const declared = (await this.#columnsOf(shape)).find(({ name }) => name === column);
    const range = declared === undefined ? null : numberRange(declared);
    if (range !== null) return await this.#number(this.#place(shape, column), { range, old: toUnits(range, value) });
    const limit = declared === undefined ? null : characterLimit(declared);
    if (limit === null && !/text\b/.test(declared?.type ?? '')) return null;
    return await this.#longer(shape, column, { value, limit });
  }

  /** The unique indexes of a table, without the primary key, in which a row would collide with another. */
  async brokenIndexes(entry: Pick<Entry, 'shape' | 'commit' | 'key' | 'row'>): Promise<BrokenIndex[]> {
    const { shape } = entry;
    const ordinary = ordinaryColumns(shape);
    const broken: BrokenIndex[] = [];
    for (const { name, columns } of await this.#indexesOf(shape)) {
      const names = columns.map((column) => column.name);
      const isComputed = columns.some(
        ({ name: column, prefix }) => prefix !== null || !shape.columns.some((one) => one.name === column),
      );
      const behind = isComputed
        ? await this.#brokenByParts(entry, name)
        : (await this.#isBroken(entry, names)) && columnsBehind(shape, names);
      if (behind !== false) broken.push({ columns: names.filter((column) => ordinary.includes(column)), behind });
    }
    return broken;
  }

  /** Those of the columns that are not only the source of a generated column in a unique index. */
  async direct(shape: TableShape, columns: readonly string[]): Promise<string[]> {
    const indexed = (await this.#indexesOf(shape)).flatMap((index) => index.columns.map(({ name }) => name));
    const computed = indexed.filter((name) => shape.columns.some((one) => one.name === name && one.generated !== null));
    const behind = columnsBehind(shape, computed);
    return columns.filter((name) => indexed.includes(name) || !behind.includes(name));
  }

  async #isBroken({ shape, row }: Pick<Entry, 'shape' | 'row'>, columns: readonly string[]): Promise<boolean> {
    if (columns.some((name) => (row[name] ?? null) === null)) return false;
    const literals = columns.map((name) => literalOf(shape, name, row[name] ?? null));
    const equal = columns.map((name, index) => `${quoted(name)} = ${literals[index]?.text ?? 'NULL'}`);
    const rows = await this.#sql.rows(
      hitRow,
      `SELECT 1 AS hit FROM ${quoted(shape.name)} WHERE ${equal.join(' AND ')} LIMIT 1`,
      literals.flatMap(({ values }) => values),
    );
    return rows.length > 0;
  }

  /** @returns the columns that the index is computed from; false if no row has the value of the given one */
  async #brokenByParts(
    { shape, commit, key }: Pick<Entry, 'shape' | 'commit' | 'key'>,
    name: string,
  ): Promise<readonly string[] | false> {
    const index = (await uniqueKeys(this.#sql, shape)).find((one) => one.name === name);
    const known = await columnNamesAt(this.#sql, shape.name, commit);
    if (index === undefined || !index.behind.every((column) => known.has(column))) return false;
    const isTaken = await isKeyTaken(this.#sql, { shape, pending: null }, { key: index, keys: [key], commit });
    return isTaken && index.behind;
  }

  async #number(
    place: Place,
    { range, old }: { readonly range: NumberRange; readonly old: bigint | null },
  ): Promise<NewValue | null> {
    const unit = 10n ** BigInt(range.digits);
    const greatest = this.#greatest.get(place) ?? (await this.#greatestOf(place, range));
    const whole = (greatest / unit + 1n) * unit;
    const free = whole <= range.greatest ? whole : await this.#gap(place, { range, old });
    if (free === null) return null;
    this.#greatest.set(place, free > greatest ? free : greatest);
    const text = fromUnits(range, free);
    place.given.add(text);
    return { kind: 'literal', sql: text, value: text };
  }

  /** The greatest number of the table and of the restored rows; at least 0. */
  async #greatestOf({ table, column, given }: Place, range: NumberRange): Promise<bigint> {
    const [row] = await this.#sql.rows(
      greatestRow,
      `SELECT CAST(MAX(${quoted(column)}) AS CHAR) AS greatest FROM ${quoted(table)}`,
    );
    let greatest = 0n;
    for (const text of [row?.greatest ?? '', ...given]) {
      const number = toUnits(range, text) ?? greatest;
      if (number > greatest) greatest = number;
    }
    return greatest;
  }

  /** A number that no row has: the next one after the old number, or else the first one of the range. */
  async #gap(
    { table, column, given }: Place,
    { range, old }: { readonly range: NumberRange; readonly old: bigint | null },
  ): Promise<bigint | null> {
    const unit = fromUnits(range, 1n);
    const gaps = await this.#sql.rows(
      gapRow,
      'SELECT CAST(c AS CHAR) AS low, CAST(following AS CHAR) AS high FROM ' +
        '(SELECT c, LEAD(c) OVER (ORDER BY c) AS following FROM ' +
        `(SELECT DISTINCT ${quoted(column)} AS c FROM ${quoted(table)} WHERE ${quoted(column)} IS NOT NULL) AS present) AS pairs ` +
        `WHERE following IS NULL OR c + ${unit} < following ` +
        // A restored row fills one gap at most, and the last one can be empty.
        `ORDER BY c < ${fromUnits(range, old ?? range.least)}, c LIMIT ${given.size + 2}`,
    );
    // MySQL replaces a 0 by the next AUTO_INCREMENT.
    const taken = new Set([0n, ...[...given].flatMap((text) => toUnits(range, text) ?? [])]);
    for (const { low, high } of gaps) {
      const end = high === null ? range.greatest + 1n : (toUnits(range, high) ?? range.least);
      for (let number = (toUnits(range, low) ?? end) + 1n; number < end; number += 1n)
        if (!taken.has(number)) return number;
    }
    const [row] = await this.#sql.rows(
      leastRow,
      `SELECT CAST(MIN(${quoted(column)}) AS CHAR) AS least FROM ${quoted(table)}`,
    );
    let number = toUnits(range, row?.least ?? '') ?? range.least;
    do number -= 1n;
    while (number >= range.least && taken.has(number));
    return number >= range.least ? number : null;
  }

  async #longer(
    shape: TableShape,
    column: string,
    old: { readonly value: string; readonly limit: number | null },
  ): Promise<NewValue | null> {
    const prefixes = (await this.#indexesOf(shape))
      .flatMap(({ columns }) => columns)
      .flatMap(({ name, prefix }) => (name === column ? (prefix ?? []) : []));
    for (let number = FIRST_SUFFIX; number < FIRST_SUFFIX + TRIES; number += 1) {
      const suffix = `-${number}`;
      const longer = [...`${old.value}${suffix}`];
      // A later suffix changes nothing of a prefix.
      if (prefixes.some((prefix) => Buffer.byteLength(longer.join('')) > prefix)) return null;
      const length = old.limit !== null && longer.length > old.limit ? old.limit : null;
      const value = (length === null ? longer : longer.slice(-length)).join('');
      if (this.isGiven(shape, column, value) || (await this.#isTaken(shape, column, value))) continue;
      this.give(shape, column, value);
      if (shape.key.includes(column)) return { kind: 'literal', sql: textLiteral(value), value };
      return { kind: 'suffix', suffix, length, value };
    }
    return null;
  }

  /** Asks the database, which compares by the collation of the column. */
  async #isTaken({ name }: TableShape, column: string, value: string): Promise<boolean> {
    const statement = `SELECT 1 AS hit FROM ${quoted(name)} WHERE ${quoted(column)} = ? LIMIT 1`;
    return (await this.#sql.rows(hitRow, statement, [value])).length > 0;
  }

  #place({ name }: TableShape, column: string): Place {
    const id = JSON.stringify([name, column]);
    const place = this.#places.get(id) ?? { table: name, column, given: new Set() };
    this.#places.set(id, place);
    return place;
  }

  async #columnsOf({ name }: TableShape): Promise<readonly Column[]> {
    const columns = this.#columns.get(name) ?? (await columnsAt(this.#sql, name, 'HEAD'));
    this.#columns.set(name, columns);
    return columns;
  }

  async #indexesOf({ name }: TableShape): Promise<readonly Index[]> {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const rows = await this.#sql.rows(
      indexRow,
      "SELECT index_name AS name, column_name AS `column`, sub_part AS prefix FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY' AND column_name IS NOT NULL ORDER BY index_name, seq_in_index",
      [name],
    );
    const indexes = [...groupBy(rows, (row) => row.name)].map(([index, columns]) => ({
      name: index,
      columns: columns.map(({ column, prefix }) => ({ name: column, prefix })),
    }));
    this.#indexes.set(name, indexes);
    return indexes;
  }
}
