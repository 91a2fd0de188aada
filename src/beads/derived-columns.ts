import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { groupBy, inParts } from '../core/lists.ts';
import { rowsByKeyText } from '../dolt/rows/stored-rows.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import {
  columnNamesAt,
  hasTriggers,
  ordinaryColumns,
  type TableShape,
  tableShape,
} from '../dolt/schema/table-shape.ts';
import { cellSchema } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { hasColumns } from './column-kinds.ts';
import { blockedIssues } from './is-blocked.ts';
import { readEdges, readStates } from './issue-graph.ts';
import { mergedLock } from './row-lock.ts';

/** The commits of an open merge. */
interface MergedHeads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

const KEYS_PER_STATEMENT = 500;
const keyRow = z.object({ id: cellSchema });

/** Writes the derived columns of `issues` in an open merge, as far as its schema has them with the types of bd. */
export async function deriveIssueColumns(sql: Sql, heads: MergedHeads): Promise<void> {
  const issues = await tableShape(sql, 'issues');
  const names = ordinaryColumns(issues);
  const columns = (await columnsAt(sql, 'issues', null)).filter(({ name }) => names.includes(name));
  if (issues.key.length !== 1 || issues.key[0] !== 'id' || !hasColumns(columns, { id: 'text' })) return;
  if (hasColumns(columns, { row_lock: 'lock' })) await writeLocks(sql, issues, heads);
  if (hasColumns(columns, { is_blocked: 'whole', status: 'text' })) await writeBlocked(sql, issues);
}

async function writeLocks(sql: Sql, issues: TableShape, heads: MergedHeads): Promise<void> {
  const columns = ordinaryColumns(issues);
  const changed = async (head: string): Promise<string[]> => {
    if (!(await columnNamesAt(sql, 'issues', heads.base)).has('id')) return [];
    const diff = "SELECT to_id AS id FROM dolt_diff(?, ?, 'issues') WHERE diff_type <> 'removed'";
    return (await sql.rows(keyRow, diff, [heads.base, head])).flatMap(({ id }) => id ?? []);
  };
  const atTheirs = new Set(await changed(heads.theirs));
  const both = (await changed(heads.ours)).filter((id) => atTheirs.has(id));
  for (const page of inParts(both, KEYS_PER_STATEMENT)) {
    const keys = page.map((id) => ({ id }));
    const read = (commit?: string) => rowsByKeyText(sql, issues, { keys, commit });
    const [ours, theirs, merged] = [await read(heads.ours), await read(heads.theirs), await read()];
    for (const [key, row] of merged) {
      const [own, other] = [ours.get(key), theirs.get(key)];
      if (own === undefined || other === undefined) continue;
      const id = row['id'] ?? '';
      const lock = mergedLock({ id, ours: own, theirs: other, merged: row }, columns);
      if (lock !== row['row_lock']) await write(sql, issues, { column: 'row_lock', value: lock, ids: [id] });
    }
  }
}

async function writeBlocked(sql: Sql, issues: TableShape): Promise<void> {
  const edges = await readEdges(sql);
  if (edges === null) return;
  const states = await readStates(sql);
  const blocked = blockedIssues(states, edges);
  const wrong = states.filter(({ id, blocked: before }) => (blocked.get(id) ?? before) !== before);
  for (const [isBlocked, group] of groupBy(wrong, ({ blocked: before }) => !before)) {
    for (const page of inParts(group, KEYS_PER_STATEMENT)) {
      const ids = page.map(({ id }) => id);
      await write(sql, issues, { column: 'is_blocked', value: isBlocked ? '1' : '0', ids });
    }
  }
}

/** Writes one column and no other: an ON UPDATE would change the time of the row. */
async function write(
  sql: Sql,
  issues: TableShape,
  { column, value, ids }: { readonly column: string; readonly value: string; readonly ids: readonly string[] },
): Promise<void> {
  if (await hasTriggers(sql, issues.name)) {
    throw new Failure('constraint-violation', `computing ${column} of ${issues.name} would fire its triggers`, {
      hint: `Drop the triggers of ${issues.name}, commit, then run again: bd has none.`,
    });
  }
  const kept = issues.columns.flatMap(({ name, type, generated }) =>
    ['datetime', 'timestamp'].includes(type) && generated === null ? [`${quoted(name)} = ${quoted(name)}`] : [],
  );
  await sql.run(
    `UPDATE ${quoted(issues.name)} SET ${[`${quoted(column)} = ?`, ...kept].join(', ')} WHERE id IN (${ids.map(() => '?').join(', ')})`,
    [value, ...ids],
  );
}
