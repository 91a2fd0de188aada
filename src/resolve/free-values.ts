import { z } from 'zod';
import { textLiteral } from '../core/text.ts';
import { isNumeric } from '../dolt/rows/row-key.ts';
import { type Column, columnsAt } from '../dolt/schema/columns.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { NewValue } from './restore-statements.ts';

const TRIES = 20;
const FIRST_SUFFIX = 2;
const greatestRow = z.object({ greatest: z.string().nullable() });
const takenRow = z.object({ value: z.string().nullable() });
const indexRow = z.object({ name: z.string(), column: z.string() });
const hitRow = z.object({ hit: z.coerce.number() });

/** Finds unused values, each once: texts with a number at their end, numbers beyond the greatest. */
export class FreeValues {
  readonly #sql: Sql;
  readonly #columns = new Map<string, readonly Column[]>();
  readonly #indexes = new Map<string, readonly (readonly string[])[]>();
  readonly #given = new Set<string>();
  readonly #greatest = new Map<string, bigint>();

  /** @param sql a session on the branch where the values must be unused */
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reserves the values of a row that will be restored with them. */
  async reserve(shape: TableShape, row: Cells): Promise<void> {
    for (const { name, type } of shape.columns) {
      const value = row[name] ?? null;
      if (value === null) continue;
      this.#given.add(JSON.stringify([shape.name, name, value]));
      if (!isWhole(type)) continue;
      const id = JSON.stringify([shape.name, name]);
      const known = this.#greatest.get(id) ?? (await this.#greatestOf(shape, name));
      this.#greatest.set(id, BigInt(value) > known ? BigInt(value) : known);
    }
  }

  /** @returns null if a column takes neither texts nor whole numbers */
  async next(shape: TableShape, column: string, value: string | null): Promise<NewValue | null> {
    const type = shape.columns.find(({ name }) => name === column)?.type ?? '';
    if (value === null) return null;
    if (isNumeric(type)) return isWhole(type) ? await this.#greater(shape, column) : null;
    const declared = (await this.#columnsOf(shape)).find(({ name }) => name === column)?.type ?? '';
    const [, limit] = /^(?:var)?char\((\d+)\)/.exec(declared) ?? [];
    if (limit === undefined && !/text$/.test(type)) return null;
    return await this.#longer(shape, column, { value, length: limit === undefined ? null : Number(limit) });
  }

  /** The unique indexes of a table, without the primary key, in which a row would collide with another. */
  async brokenIndexes(shape: TableShape, row: Cells): Promise<(readonly string[])[]> {
    const broken: (readonly string[])[] = [];
    for (const columns of await this.#indexesOf(shape)) {
      if (columns.some((name) => (row[name] ?? null) === null)) continue;
      const where = columns.map((name) => `${quoted(name)} = ?`).join(' AND ');
      const rows = await this.#sql.rows(
        hitRow,
        `SELECT 1 AS hit FROM ${quoted(shape.name)} WHERE ${where} LIMIT 1`,
        columns.map((name) => row[name] ?? ''),
      );
      if (rows.length > 0) broken.push(columns);
    }
    return broken;
  }

  async #greater(shape: TableShape, column: string): Promise<NewValue> {
    const id = JSON.stringify([shape.name, column]);
    const known = this.#greatest.get(id) ?? (await this.#greatestOf(shape, column));
    this.#greatest.set(id, known + 1n);
    return { kind: 'literal', sql: String(known + 1n), value: String(known + 1n) };
  }

  async #greatestOf(shape: TableShape, column: string): Promise<bigint> {
    const [row] = await this.#sql.rows(
      greatestRow,
      `SELECT CAST(MAX(${quoted(column)}) AS CHAR) AS greatest FROM ${quoted(shape.name)}`,
    );
    return BigInt(row?.greatest ?? 0);
  }

  async #longer(
    shape: TableShape,
    column: string,
    old: { readonly value: string; readonly length: number | null },
  ): Promise<NewValue | null> {
    const isKey = shape.key.includes(column);
    const candidates = Array.from({ length: TRIES }, (_, index) => {
      const suffix = `-${index + FIRST_SUFFIX}`;
      const longer = [...`${old.value}${suffix}`];
      const isLong = old.length !== null && longer.length > old.length;
      return { suffix, isLong, value: isLong ? longer.slice(-(old.length ?? 0)).join('') : longer.join('') };
    });
    const rows = await this.#sql.rows(
      takenRow,
      `SELECT ${quoted(column)} AS value FROM ${quoted(shape.name)} WHERE ${quoted(column)} IN (${candidates.map(() => '?').join(', ')})`,
      candidates.map(({ value }) => value),
    );
    const taken = new Set(rows.map(({ value }) => value));
    const idOf = (value: string): string => JSON.stringify([shape.name, column, value]);
    const free = candidates.find(({ value }) => !taken.has(value) && !this.#given.has(idOf(value)));
    if (free === undefined) return null;
    this.#given.add(idOf(free.value));
    const { value } = free;
    if (isKey) return { kind: 'literal', sql: textLiteral(value), value };
    return { kind: 'suffix', suffix: free.suffix, length: free.isLong ? old.length : null, value };
  }

  async #columnsOf({ name }: TableShape): Promise<readonly Column[]> {
    const columns = this.#columns.get(name) ?? (await columnsAt(this.#sql, name, 'HEAD'));
    this.#columns.set(name, columns);
    return columns;
  }

  async #indexesOf({ name }: TableShape): Promise<readonly (readonly string[])[]> {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const rows = await this.#sql.rows(
      indexRow,
      "SELECT index_name AS name, column_name AS `column` FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY' AND column_name IS NOT NULL ORDER BY index_name, seq_in_index",
      [name],
    );
    const names = [...new Set(rows.map((row) => row.name))];
    const indexes = names.map((index) => rows.flatMap((row) => (row.name === index ? [row.column] : [])));
    this.#indexes.set(name, indexes);
    return indexes;
  }
}

function isWhole(type: string): boolean {
  return /int$/.test(type);
}
