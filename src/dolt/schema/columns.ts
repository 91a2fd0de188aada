import { z } from 'zod';
import { quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

export interface Column {
  readonly name: string;
  /** As in a CREATE TABLE, in lower case: `varchar(100)`. */
  readonly type: string;
  readonly primary: boolean;
  readonly nullable: boolean;
}

const row = z.object({ Field: z.string(), Type: z.string(), Null: z.string(), Key: z.string() });

/**
 * The columns of a table as a commit defines them, or in the session's branch if null. `information_schema.columns` is never
 * read: Dolt 2.3.0 resolves every view for it, and 25 views, each of which reads the one before twice, take hours (measured).
 */
export async function columnsAt(sql: Sql, table: string, commit: string | null): Promise<readonly Column[]> {
  return commit === null ? await read(sql, table, '') : await committedColumns(sql, commit, table);
}

const committedColumns = remembered(
  1,
  async (sql, commit: string, table: string) => await read(sql, table, ' AS OF ?', [commit]),
);

async function read(sql: Sql, table: string, asOf: string, values: readonly string[] = []): Promise<readonly Column[]> {
  const rows = await sql.rows(row, `SHOW COLUMNS FROM ${quoted(table)}${asOf}`, values);
  return rows.map(({ Field, Type, Null, Key }) => ({
    name: Field,
    type: Type.toLowerCase(),
    primary: Key === 'PRI',
    nullable: Null === 'YES',
  }));
}

/** Names of the primary key columns; empty for a keyless table. */
export function keyNames(columns: readonly Column[]): string[] {
  return columns.filter(({ primary }) => primary).map(({ name }) => name);
}

/** A type without its length and attributes: `varchar`, `int`, `datetime`. */
export function bareType({ type }: Pick<Column, 'type'>): string {
  return /^\w+/.exec(type)?.[0] ?? '';
}

/** How many characters a column of fixed or limited length takes; null for all other columns. */
export function characterLimit({ type }: Pick<Column, 'type'>): number | null {
  const [, limit] = /^(?:var)?char\((\d+)\)/.exec(type) ?? [];
  return limit === undefined ? null : Number(limit);
}

const TEXT: ReadonlySet<string> = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);

/** Whether the values of a bare type are texts. */
export function isText(type: string): boolean {
  return TEXT.has(type);
}

const TEMPORAL: ReadonlySet<string> = new Set(['date', 'datetime', 'timestamp']);

/** Whether the values of a bare type are dates. */
export function isTemporal(type: string): boolean {
  return TEMPORAL.has(type);
}

/**
 * The bytes of a value as a text in SQL, for a digest or an exact comparison. Dolt (2.3.0, measured) panics at SHA2 and MD5 of
 * a BLOB, GEOMETRY or VECTOR that it stores outside the row, from about 2 KB on, and at a comparison of such a GEOMETRY as
 * BINARY. HEX without the CAST rounds numbers. A TIME gives NULL.
 */
export function bytesText(value: string): string {
  return `HEX(CAST(${value} AS BINARY))`;
}

/**
 * The digest of a value, of 64 characters; `-` for NULL. A large text takes four times as long as HEX.
 * @param type the bare type of the column
 */
export function valueDigest(column: string, type: string): string {
  const name = quoted(column);
  const value = isText(type) ? name : valueText(name, type);
  return `IFNULL(SHA2(${value}, 256), '-')`;
}

/**
 * A value as a text in SQL that no other value has.
 * @param type the bare type of the column
 */
export function valueText(value: string, type: string): string {
  return type === 'time' ? `TIMESTAMPDIFF(MICROSECOND, CAST('00:00:00' AS TIME), ${value})` : bytesText(value);
}
