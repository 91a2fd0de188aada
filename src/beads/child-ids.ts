import { z } from 'zod';
import { characterLimit, columnsAt } from '../dolt/schema/columns.ts';
import { tableNames } from '../dolt/schema/table-shape.ts';
import { cellSchema } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { hasColumns } from './column-kinds.ts';

const CHILD = /^(.+)\.([1-9]\d{0,9})$/;
/** bd counts the children of a parent in a signed INT. */
const MAX_CHILD = 2_147_483_647;
const idRow = z.object({ id: cellSchema });
const lastRow = z.object({ last: cellSchema });

/**
 * The id that bd would give the next child of the same parent. If bd cannot count that far, the next free one.
 * @param isTaken whether another row gets an id
 * @returns null if the id is not that of a child, or no id fits
 */
export async function nextChildId(sql: Sql, id: string, isTaken: (id: string) => boolean): Promise<string | null> {
  const child = childOf(id);
  if (child === null) return null;
  const { parent } = child;
  const pattern = `${parent.replaceAll(/[\\%_]/g, '\\$&')}.%`;
  const ids = await sql.rows(idRow, 'SELECT id FROM issues WHERE id LIKE ?', [pattern]);
  const numbers = new Set(
    ids.flatMap(({ id: other }) => {
      const found = childOf(other ?? '');
      return found?.parent === parent ? [found.number] : [];
    }),
  );
  const isFree = (number: number): boolean => !numbers.has(number) && !isTaken(`${parent}.${number}`);
  let next = [...numbers].reduce((greatest, number) => Math.max(greatest, number), await lastChild(sql, parent)) + 1;
  while (next <= MAX_CHILD && !isFree(next)) next += 1;
  if (next > MAX_CHILD) next = nextGap(child.number, isFree);
  const limit = (await columnsAt(sql, 'issues', null)).flatMap((column) =>
    column.name === 'id' ? (characterLimit(column) ?? []) : [],
  );
  const text = `${parent}.${next}`;
  return limit.some((length) => [...text].length > length) ? null : text;
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
