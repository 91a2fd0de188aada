import { z } from 'zod';
import { tableNames } from '../dolt/schema/table-shape.ts';
import type { Sql } from '../dolt/sql/sql.ts';

const CHILD = /^(.+)\.([1-9]\d{0,8})$/;
const idRow = z.object({ id: z.string() });
const lastRow = z.object({ last: z.coerce.number().int() });

/**
 * The id that bd would give the next child of the same parent; null if the id is not that of a child.
 * @param isTaken whether another row gets an id
 */
export async function nextChildId(sql: Sql, id: string, isTaken: (id: string) => boolean): Promise<string | null> {
  const [, parent] = CHILD.exec(id) ?? [];
  if (parent === undefined) return null;
  const pattern = `${parent.replaceAll(/[\\%_]/g, '\\$&')}.%`;
  const numbers = (await sql.rows(idRow, 'SELECT id FROM issues WHERE id LIKE ?', [pattern])).map(({ id: child }) => {
    const [, of, number = '0'] = CHILD.exec(child) ?? [];
    return of === parent ? Number(number) : 0;
  });
  let next = Math.max(0, await lastChild(sql, parent), ...numbers) + 1;
  while (isTaken(`${parent}.${next}`)) next += 1;
  return `${parent}.${next}`;
}

/** Raises the counter of the parent, so that bd does not give the id of a restored child again. */
export async function countChild(sql: Sql, id: string): Promise<void> {
  const [, parent, number] = CHILD.exec(id) ?? [];
  if (parent === undefined || number === undefined || !(await hasCounters(sql))) return;
  await sql.run('UPDATE child_counters SET last_child = ? WHERE parent_id = ? AND last_child < ?', [
    number,
    parent,
    number,
  ]);
}

async function lastChild(sql: Sql, parent: string): Promise<number> {
  if (!(await hasCounters(sql))) return 0;
  const statement = 'SELECT last_child AS last FROM child_counters WHERE parent_id = ?';
  return (await sql.rows(lastRow, statement, [parent]))[0]?.last ?? 0;
}

async function hasCounters(sql: Sql): Promise<boolean> {
  return (await tableNames(sql)).includes('child_counters');
}
