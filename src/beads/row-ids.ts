import { createHash } from 'node:crypto';
import { z } from 'zod';
import { characterLimit, columnsAt } from '../dolt/schema/columns.ts';
import { tableNames } from '../dolt/schema/table-shape.ts';
import { type Cells, cellSchema } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { NewChild } from '../rows/table-policy.ts';
import { hasColumns } from './column-kinds.ts';

const CHILD = /^(.+)\.([1-9]\d{0,9})$/;
/** bd counts the children of a parent in a signed INT. */
const MAX_CHILD = 2_147_483_647;
const idRow = z.object({ id: cellSchema });
const lastRow = z.object({ last: cellSchema });

/**
 * The id that bd would give the next child of the same parent. If bd cannot count that far, the next free one.
 * @param place.below the new id of the parent, if it has one: below it, the child keeps its number if that is free
 * @returns null if the id is not that of a child, or no id fits
 */
export async function nextChildId(sql: Sql, id: string, { isTaken, below }: NewChild): Promise<string | null> {
  const child = childOf(id);
  if (child === null) return null;
  const parent = below ?? child.parent;
  const pattern = `${parent.replaceAll(/[\\%_]/g, '\\$&')}.%`;
  const ids = await sql.rows(idRow, 'SELECT id FROM issues WHERE id LIKE ?', [pattern]);
  const numbers = new Set(
    ids.flatMap(({ id: other }) => {
      const found = childOf(other ?? '');
      return found?.parent === parent ? [found.number] : [];
    }),
  );
  const isFree = (number: number): boolean => !numbers.has(number) && !isTaken(`${parent}.${number}`);
  const greatest = [...numbers].reduce((one, other) => Math.max(one, other), await lastChild(sql, parent));
  let next = below !== null && isFree(child.number) ? child.number : greatest + 1;
  while (next <= MAX_CHILD && !isFree(next)) next += 1;
  if (next > MAX_CHILD) next = nextGap(child.number, isFree);
  const limit = (await columnsAt(sql, 'issues', null)).flatMap((column) =>
    column.name === 'id' ? (characterLimit(column) ?? []) : [],
  );
  const text = `${parent}.${next}`;
  return limit.some((length) => [...text].length > length) ? null : text;
}

/** The id of the parent in the id of a child; null for any other id. */
export function parentId(id: string): string | null {
  return childOf(id)?.parent ?? null;
}

/** The next free number after another one, or else the first one. */
function nextGap(after: number, isFree: (number: number) => boolean): number {
  let next = after;
  do next = next === MAX_CHILD ? 1 : next + 1;
  while (!isFree(next));
  return next;
}

/** The parent and the number in the id of a child; null for any other id. */
function childOf(id: string): { readonly parent: string; readonly number: number } | null {
  const [, parent, digits] = CHILD.exec(id) ?? [];
  const number = Number(digits);
  return parent === undefined || number > MAX_CHILD ? null : { parent, number };
}

/** Raises the counter of the parent: otherwise bd gives the id of a restored child again. */
export async function countChild(sql: Sql, id: string): Promise<void> {
  const child = childOf(id);
  if (child === null || !(await hasCounters(sql))) return;
  const number = String(child.number);
  await sql.run('UPDATE child_counters SET last_child = ? WHERE parent_id = ? AND last_child < ?', [
    number,
    child.parent,
    number,
  ]);
}

/** The counter of a parent; 0 without one, or if it is not a number of a child. */
async function lastChild(sql: Sql, parent: string): Promise<number> {
  if (!(await hasCounters(sql))) return 0;
  const statement = 'SELECT last_child AS last FROM child_counters WHERE parent_id = ?';
  const last = (await sql.rows(lastRow, statement, [parent]))[0]?.last ?? '';
  return /^\d{1,10}$/.test(last) ? Number(last) : 0;
}

/** Whether the counters are those of bd. */
async function hasCounters(sql: Sql): Promise<boolean> {
  if (!(await tableNames(sql)).includes('child_counters')) return false;
  return hasColumns(await columnsAt(sql, 'child_counters', null), { parent_id: 'text', last_child: 'counter' });
}

const SEPARATOR = '\u001f';
const EDGES = 'bdd74eb9-a20a-554a-985b-54b8f3e64d8b';
const DERIVED = '92da14b5-20a8-5252-8eb2-3839e97b2156';

/** The id that bd gives an edge since version 1.3: one for each pair. */
export function dependencyId(row: Cells): string | null {
  const target = row['depends_on_issue_id'] ?? row['depends_on_wisp_id'] ?? row['depends_on_external'] ?? null;
  const issue = row['issue_id'] ?? null;
  return issue === null || target === null ? null : uuid5(EDGES, [issue, target].join(SEPARATOR));
}

/** The id that bd gives the first of equal comments since version 1.3. */
export function commentId(row: Cells): string {
  const fields = ['issue_id', 'author', 'text', 'created_at'].map((name) => {
    const value = row[name] ?? null;
    return value === null ? 'n' : `v${Buffer.byteLength(value)}:${value}`;
  });
  const digest = createHash('sha256').update(fields.join('')).digest('hex');
  return uuid5(DERIVED, ['comments', '0', digest].join(SEPARATOR));
}

/** A UUID of version 5 (RFC 9562). */
function uuid5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
