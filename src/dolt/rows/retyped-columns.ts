import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { bytesText } from '../schema/columns.ts';
import type { TableDefinition } from '../schema/readability.ts';
import { schemaDifference } from '../schema/table-changes.ts';
import { alterations } from '../schema/table-definitions.ts';
import { identifier, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { tableDefinitionAt } from './open-merge-table.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

const countRow = z.object({ same: z.coerce.number().int().nullable(), n: z.coerce.number().int() });
const anyRow = z.object({ n: z.coerce.number().int() });

/**
 * Refuses a column that one side renamed and gave another type, if the other side wrote values into it. Dolt takes it
 * for a dropped column and a new one, so these values would be lost (2.3.0, measured). A new column counts as the dropped
 * one if it is in the same place and most of its values are equal.
 * @throws Failure `dolt-defect`
 */
export async function refuseRetypedColumns(sql: Sql, { base, ours, theirs }: Heads): Promise<void> {
  for (const [side, other] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    for (const { from_table_name: table, to_table_name: name } of await schemaDifference(sql, base, side)) {
      if (table !== name) continue;
      const before = await tableDefinitionAt(sql, table, base);
      const after = await tableDefinitionAt(sql, table, side);
      const there = await tableDefinitionAt(sql, table, other);
      if (before === null || after === null || there === null || before.key.length === 0) continue;
      if ([after, there].some(({ key }) => !isDeepStrictEqual(key, before.key))) continue;
      const pairs = replacedInPlace(before, after).filter(([from]) => there.columns.includes(from));
      if (pairs.length === 0) continue;
      const { dropped } = await alterations(sql, table, { from: base, to: side });
      const at = { table, key: before.key, base };
      for (const [from, to] of pairs.filter(([column]) => dropped.includes(column))) {
        if (!(await isWritten(sql, at, { from, other })) || !(await isCopied(sql, at, { from, to, side }))) continue;
        throw retyped(table, from, to);
      }
    }
  }
}

/** Columns that are gone, each with a new one that follows the same column. */
function replacedInPlace(before: TableDefinition, after: TableDefinition): (readonly [from: string, to: string])[] {
  const kept = before.columns.filter((name) => after.columns.includes(name));
  const precedes = ({ columns }: TableDefinition, name: string): string | undefined =>
    columns.slice(0, columns.indexOf(name)).findLast((one) => kept.includes(one));
  const isOrdinary = ({ virtualColumns }: TableDefinition, name: string): boolean =>
    !kept.includes(name) && !virtualColumns.includes(name);
  const added = after.columns.filter((name) => isOrdinary(after, name));
  return before.columns
    .filter((name) => isOrdinary(before, name))
    .flatMap((from) =>
      added.filter((to) => precedes(before, from) === precedes(after, to)).map((to) => [from, to] as const),
    );
}

interface Compared {
  readonly table: string;
  readonly key: readonly string[];
  readonly base: string;
}

/** Whether a side changed values of the column, or added rows with values in it. */
async function isWritten(
  sql: Sql,
  { table, key, base }: Compared,
  { from, other }: { readonly from: string; readonly other: string },
): Promise<boolean> {
  const rows = await sql.rows(
    anyRow,
    `SELECT 1 AS n FROM ${quoted(table)} AS OF ? s LEFT JOIN ${quoted(table)} AS OF ? b ON ${sameKey(key)} WHERE NOT (s.${quoted(from)} <=> b.${quoted(from)}) LIMIT 1`,
    [other, base],
  );
  return rows.length > 0;
}

/** Whether most values of the new column are those of the old one, as text: `1.50` for `1.5`, a date for its time. */
async function isCopied(
  sql: Sql,
  { table, key, base }: Compared,
  { from, to, side }: { readonly from: string; readonly to: string; readonly side: string },
): Promise<boolean> {
  // Dolt prints a date with a time, and no TIME at all (2.3.0). Bytes that are no text can only be compared in HEX.
  const text = (column: string): string => `REPLACE(${bytesText(column)}, HEX(' 00:00:00'), '')`;
  const [old, now] = [text(`b.${quoted(from)}`), text(`s.${quoted(to)}`)];
  const begins = (one: string, other: string): string => `(${other} <> '' AND INSTR(${one}, ${other}) = 1)`;
  const [row] = await sql.rows(
    countRow,
    `SELECT SUM(${old} <=> ${now} OR ${begins(old, now)} OR ${begins(now, old)}) AS same, COUNT(*) AS n FROM ${quoted(table)} AS OF ? s JOIN ${quoted(table)} AS OF ? b ON ${sameKey(key)} WHERE b.${quoted(from)} IS NOT NULL`,
    [side, base],
  );
  return row !== undefined && (row.same ?? 0) * 2 > row.n;
}

function sameKey(key: readonly string[]): string {
  return key.map((name) => `b.${quoted(name)} = s.${quoted(name)}`).join(' AND ');
}

function retyped(table: string, from: string, to: string): Failure {
  return new Failure(
    'dolt-defect',
    plain(
      `one side renamed the column ${from} of ${table} to ${to} and changed its type, and this Dolt would lose values that the other side wrote into it`,
    ),
    {
      hint: `Run the same ALTER TABLE ${identifier(table)} CHANGE COLUMN on the other side, commit, then run again.`,
    },
  );
}
