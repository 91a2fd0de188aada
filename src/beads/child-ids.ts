import { z } from 'zod';
import { columnsAt } from '../dolt/schema/columns.ts';
import { tableNames } from '../dolt/schema/table-shape.ts';
import { cellSchema } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { hasColumns } from './column-kinds.ts';

const CHILD = /^(.+)\.([1-9]\d{0,8})$/;
const idRow = z.object({ id: cellSchema });
const lastRow = z.object({ last: cellSchema });

/**
 * The id that bd would give the next child of the same parent; null if the id is not that of a child.
 * @param isTaken whether another row gets an id
 */
export async function nextChildId(sql: Sql, id: string, isTaken: (id: string) => boolean): Promise<string | null> {
  const [, parent] = CHILD.exec(id) ?? [];
  if (parent === undefined) return null;
  const pattern = `${parent.replaceAll(/[\\%_]/g, '\\$&')}.%`;
  const ids = await sql.rows(idRow, 'SELECT id FROM issues WHERE id LIKE ?', [pattern]);
  const numbers = ids.map(({ id: child }) => {
    const [, of, number = '0'] = CHILD.exec(child ?? '') ?? [];
    return of === parent ? Number(number) : 0;
  });
  let next = numbers.reduce((greatest, number) => Math.max(greatest, number), await lastChild(sql, parent)) + 1;
  while (isTaken(`${parent}.${next}`)) next += 1;
  return `${parent}.${next}`;
}

/** Raises the counter of the parent: otherwise bd gives the id of a restored child again. */
export async function countChild(sql: Sql, id: string): Promise<void> {
  const [, parent, number] = CHILD.exec(id) ?? [];
  if (parent === undefined || number === undefined || !(await hasCounters(sql))) return;
  await sql.run('UPDATE child_counters SET last_child = ? WHERE parent_id = ? AND last_child < ?', [
    number,
    parent,
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
