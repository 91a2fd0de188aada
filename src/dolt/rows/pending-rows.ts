import { randomBytes } from 'node:crypto';
import { groupBy, inParts } from '../../core/lists.ts';
import { columnType, defaultText, type Item, isNotNull, tableCollation } from '../schema/create-table.ts';
import { tableItemsAt } from '../schema/table-definitions.ts';
import {
  columnNamesAt,
  columnsWithKey,
  hasTriggers,
  ordinaryColumns,
  type TableShape,
  tableShape,
} from '../schema/table-shape.ts';
import { isKeyTaken, type RowSource, type UniqueKey, uniqueKeysOf } from '../schema/unique-index.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import type { RowResolution } from './resolve-conflicts.ts';
import { hasKey, keyOf, keyText, literalOf } from './row-key.ts';
import { copyRows, type Into, missingRows, unchecked } from './stored-rows.ts';

/** A table with unique keys in an open merge. */
interface PendingTable {
  readonly shape: TableShape;
  readonly keys: readonly UniqueKey[];
  readonly triggers: boolean;
  /** Name of the temporary table; it exists once `rows` is set. */
  readonly name: string;
  /** Parts of the temporary table's definition: its columns, and the primary key as Dolt prints it. */
  readonly parts: readonly string[];
  exists: boolean;
  /** Keys of the pending rows, by their text. */
  readonly rows: Map<string, Cells>;
}

/** Maximum keys per statement. */
const PAGE = 500;

/**
 * Rows of an open merge that are decided but not yet written, because another row may still have their value of a
 * unique key. They wait in a temporary table of the session; no value passes through the client. Writing them singly
 * through `dolt_conflicts_<table>` fails at the first value that is taken, also under `unique_checks = 0` (Dolt 2.3.0,
 * measured).
 */
export class PendingRows {
  readonly #sql: Sql;
  readonly #tables = new Map<string, PendingTable>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Names of the tables with pending rows. */
  tables(): string[] {
    return [...this.#tables.values()].flatMap(({ shape, rows }) => (rows.size > 0 ? [shape.name] : []));
  }

  /** The unique keys of a table, in byte order of their names. */
  async keysOf(table: string): Promise<readonly UniqueKey[]> {
    return (await this.#table(table)).keys;
  }

  /** Names of the columns that a table's unique keys are computed from, except the primary key. */
  async uniqueColumns(table: string): Promise<ReadonlySet<string>> {
    return new Set((await this.keysOf(table)).flatMap(({ columns }) => columns));
  }

  async shapeOf(table: string): Promise<TableShape> {
    return (await this.#table(table)).shape;
  }

  /** Whether rows of the table can be deleted and inserted without firing triggers. */
  async isMovable(table: string): Promise<boolean> {
    return !(await this.#table(table)).triggers;
  }

  /** All rows of the open merge, including pending ones. After `pull`, no row is in both. */
  async source(table: string): Promise<RowSource> {
    const { shape, name, exists } = await this.#table(table);
    return { shape, pending: exists ? quoted(name) : null };
  }

  /**
   * Takes decided rows in conflict whose value of a unique key changes. Their conflicts are resolved; the row stays as
   * our side has it until it is written.
   * @returns the rows that it did not take
   */
  async defer(shape: TableShape, rows: readonly RowResolution[]): Promise<readonly RowResolution[]> {
    if (rows.length === 0 || shape.key.length === 0) return rows;
    const table = await this.#table(shape.name);
    const claims = new Set(table.keys.flatMap(({ columns }) => columns));
    if (table.keys.length === 0 || table.triggers) return rows;
    const touches = ({ take, set = [] }: RowResolution): boolean =>
      take === 'row' || take.some((name) => claims.has(name)) || set.some(({ column }) => claims.has(column));
    const taken = rows.filter(touches);
    for (const group of groupBy(taken, ({ take, set }) => JSON.stringify([take, set ?? []])).values()) {
      await this.#deferAlike(table, group);
    }
    return rows.filter((row) => !touches(row));
  }

  async #deferAlike(table: PendingTable, rows: readonly RowResolution[]): Promise<void> {
    const { shape } = table;
    const { take = [], set = [] } = rows[0] ?? {};
    const parameters: string[] = [];
    const values = columnsWithKey(shape).map((name) => {
      const given = set.find(({ column }) => column === name);
      if (given === undefined) {
        const isTheirs = take === 'row' || take.includes(name);
        return `${quoted(`${isTheirs ? 'their' : 'our'}_${name}`)} AS ${quoted(name)}`;
      }
      if (given.value === 'base') return `${quoted(`base_${name}`)} AS ${quoted(name)}`;
      const literal = literalOf(shape, name, given.value.value);
      parameters.push(...literal.values);
      return `${literal.text} AS ${quoted(name)}`;
    });
    await this.#create(table);
    const conflicts = quoted(`dolt_conflicts_${shape.name}`);
    const ids = rows.map(({ id }) => id);
    const named = `WHERE dolt_conflict_id IN (${ids.map(() => '?').join(', ')})`;
    const columns = columnsWithKey(shape).map(quoted).join(', ');
    await this.#sql.run(
      `INSERT INTO ${quoted(table.name)} (${columns}) SELECT ${values.join(', ')} FROM ${conflicts} ${named}`,
      [...parameters, ...ids],
    );
    await this.#sql.run(`DELETE FROM ${conflicts} ${named}`, ids);
    const keys = await this.#sql.rows(
      cellsSchema,
      `SELECT ${shape.key.map(quoted).join(', ')} FROM ${quoted(table.name)}`,
    );
    for (const key of keys) table.rows.set(keyText(shape, key), key);
  }

  /**
   * Replaces rows by the result of a statement; in a table with unique keys they become pending. Triggers would fire.
   * @param insert writes these columns of the rows
   */
  async replace(shape: TableShape, keys: readonly Cells[], insert: (into: Into) => Promise<void>): Promise<void> {
    if (keys.length === 0) return;
    const table = await this.#table(shape.name);
    if (table.keys.length === 0) {
      await this.#delete(quoted(shape.name), shape, keys);
      await insert({ table: quoted(shape.name), columns: ordinaryColumns(shape) });
      return;
    }
    await this.#create(table);
    await this.#removePending(table, keys);
    await insert({ table: quoted(table.name), columns: columnsWithKey(shape) });
    for (const key of keys) table.rows.set(keyText(shape, key), keyOf(shape, key));
  }

  /**
   * Restores missing rows as they were at a commit; they become pending if another row has the value of a unique key.
   * Triggers would fire.
   * @returns the rows that were missing
   */
  async bringBack(
    shape: TableShape,
    from: { readonly commit: string; readonly keys: readonly Cells[] },
  ): Promise<Cells[]> {
    const table = await this.#table(shape.name);
    const missing = (await missingRows(this.#sql, shape, from)).filter((row) => !table.rows.has(keyText(shape, row)));
    if (missing.length === 0) return [];
    const source = await this.source(shape.name);
    const known = await columnNamesAt(this.#sql, shape.name, from.commit);
    const keys = table.keys.filter(({ columns }) => columns.every((name) => known.has(name)));
    let waits = false;
    for (const key of keys) waits ||= await isKeyTaken(this.#sql, source, { key, keys: missing, commit: from.commit });
    if (waits) await this.#create(table);
    const into = waits
      ? { table: quoted(table.name), columns: columnsWithKey(shape) }
      : { table: quoted(shape.name), columns: ordinaryColumns(shape) };
    await copyRows(this.#sql, shape, { keys: missing, commit: from.commit, into });
    if (waits) for (const row of missing) table.rows.set(keyText(shape, row), keyOf(shape, row));
    return missing;
  }

  /** A row as decided, or as in the table if it is not pending. */
  async row(name: string, key: Cells): Promise<Cells | null> {
    const { shape, rows, name: pending } = await this.#table(name);
    const from = rows.has(keyText(shape, key)) ? pending : name;
    const where = hasKey(shape, [key]);
    const [row] = await this.#sql.rows(cellsSchema, `SELECT * FROM ${quoted(from)} WHERE ${where.text}`, where.values);
    return row ?? null;
  }

  /** Removes the pending rows from their table, which holds our side's versions of them. */
  async pull(name: string): Promise<void> {
    const table = await this.#table(name);
    await this.#delete(quoted(name), table.shape, [...table.rows.values()]);
  }

  /** Moves rows from their table to the pending ones. */
  async move(name: string, keys: readonly Cells[]): Promise<void> {
    const table = await this.#table(name);
    const { shape, rows } = table;
    await this.#create(table);
    const columns = columnsWithKey(shape).map(quoted).join(', ');
    const moved = keys.filter((key) => !rows.has(keyText(shape, key)));
    for (const page of inParts(moved, PAGE)) {
      const where = hasKey(shape, page);
      await this.#sql.run(
        `INSERT INTO ${quoted(table.name)} (${columns}) SELECT ${columns} FROM ${quoted(name)} WHERE ${where.text}`,
        where.values,
      );
    }
    await this.#delete(quoted(name), shape, moved);
    for (const key of moved) rows.set(keyText(shape, key), key);
  }

  /** Sets columns of pending rows to the values of a commit. */
  async restoreColumns(
    name: string,
    back: { readonly keys: readonly Cells[]; readonly columns: readonly string[]; readonly commit: string },
  ): Promise<void> {
    const { shape, name: pending } = await this.#table(name);
    const joined = shape.key.map((column) => `p.${quoted(column)} = b.${quoted(column)}`).join(' AND ');
    const values = back.columns.map((column) => `p.${quoted(column)} = b.${quoted(column)}`).join(', ');
    for (const page of inParts(back.keys, PAGE)) {
      const where = hasKey(shape, page);
      await this.#sql.run(
        `UPDATE ${quoted(pending)} p JOIN (SELECT * FROM ${quoted(name)} AS OF ? WHERE ${where.text}) b ON ${joined} SET ${values}`,
        [back.commit, ...where.values],
      );
    }
  }

  /** Removes rows, pending or not. */
  async remove(name: string, keys: readonly Cells[]): Promise<void> {
    const table = await this.#table(name);
    await this.#delete(quoted(name), table.shape, keys);
    await this.#removePending(table, keys);
  }

  /**
   * Writes the pending rows, after `pull`.
   * @throws Failure if one has a value that another row has
   */
  async write(name: string): Promise<void> {
    const table = await this.#table(name);
    if (!table.exists) return;
    const columns = ordinaryColumns(table.shape).map(quoted).join(', ');
    await unchecked(
      this.#sql,
      `INSERT INTO ${quoted(name)} (${columns}) SELECT ${columns} FROM ${quoted(table.name)}`,
      [],
    );
    await this.#drop(table);
  }

  /** Discards all pending rows. */
  async clear(): Promise<void> {
    for (const table of this.#tables.values()) if (table.exists) await this.#drop(table);
    this.#tables.clear();
  }

  async #table(name: string): Promise<PendingTable> {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const shape = await tableShape(this.#sql, name);
    const items = await tableItemsAt(this.#sql, name, null);
    const collation = tableCollation(items);
    const held = new Set(columnsWithKey(shape));
    // Unique keys compare computed values with their own type and collation.
    const columns = shape.columns.flatMap((column) => {
      const item = items.find(({ kind, name: one }) => kind === 'column' && one === column.name);
      if (item === undefined) return [];
      if (held.has(column.name)) return [`${quoted(item.name)} ${typeOf(item, collation)}`];
      const computed = `GENERATED ALWAYS AS (${column.generated?.expression}) STORED`;
      return [`${quoted(item.name)} ${collatedType(item, collation)} ${computed}`];
    });
    const primary = items.filter(({ kind }) => kind === 'primary key');
    const table: PendingTable = {
      shape,
      keys: uniqueKeysOf(shape, items),
      triggers: await hasTriggers(this.#sql, name),
      // A peer's table of that name would be in the way, so the name cannot be guessed.
      name: `federation_pending_${randomBytes(12).toString('hex')}`,
      parts: [...columns, ...primary.map(({ text }) => text)],
      exists: false,
      rows: new Map(),
    };
    this.#tables.set(name, table);
    return table;
  }

  async #create(table: PendingTable): Promise<void> {
    if (table.exists) return;
    await this.#sql.run(`DROP TEMPORARY TABLE IF EXISTS ${quoted(table.name)}`);
    await this.#sql.run(`CREATE TEMPORARY TABLE ${quoted(table.name)} (${table.parts.join(', ')})`);
    table.exists = true;
  }

  async #drop(table: PendingTable): Promise<void> {
    await this.#sql.run(`DROP TEMPORARY TABLE IF EXISTS ${quoted(table.name)}`);
    table.exists = false;
    table.rows.clear();
  }

  /**
   * One row per statement: Dolt 2.3.0 finds no rows of a temporary table by several keys (`expected a single index
   * range`, measured).
   */
  async #removePending(table: PendingTable, keys: readonly Cells[]): Promise<void> {
    const { shape, name, rows } = table;
    for (const key of keys) if (rows.delete(keyText(shape, key))) await this.#delete(quoted(name), shape, [key]);
  }

  async #delete(from: string, shape: TableShape, keys: readonly Cells[]): Promise<void> {
    for (const page of inParts(keys, PAGE)) {
      const where = hasKey(shape, page);
      await unchecked(this.#sql, `DELETE FROM ${from} WHERE ${where.text}`, where.values);
    }
  }
}

const TEXTS = /^(?:var)?char|text|^enum|^set\b/i;
const NUMBERED = /^(?:enum|set)\b/i;

/** A column without a collation uses the table's, which the temporary table does not have. */
function collatedType(item: Item, collation: string): string {
  const type = columnType(item);
  return / (?:COLLATE|CHARACTER SET) /i.test(type) || !TEXTS.test(type) ? type : `${type} ${collation}`;
}

function typeOf(item: Item, collation: string): string {
  const type = columnType(item);
  // Dolt prints the default of an ENUM or a SET as the number of its value, and does not read that (2.3.0, measured).
  const given = NUMBERED.test(type)
    ? defaultText(item).replace(/^DEFAULT '(\d+)'$/i, 'DEFAULT ($1)')
    : defaultText(item);
  // A side without the column has no value for it.
  return [collatedType(item, collation), isNotNull(item) ? 'NOT NULL' : '', given]
    .filter((part) => part !== '')
    .join(' ');
}
