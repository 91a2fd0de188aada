import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { groupBy, inParts } from '../core/lists.ts';
import { rowsByKeyText, updateColumn } from '../dolt/rows/stored-rows.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import {
  columnNamesAt,
  hasTriggers,
  ordinaryColumns,
  type TableShape,
  tableShape,
} from '../dolt/schema/table-shape.ts';
import { cellSchema } from '../dolt/sql/cell.ts';
import { differences } from '../dolt/sql/differences.ts';
import { mergeBases } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { hasColumns } from './column-kinds.ts';
import { blockedIssues } from './is-blocked.ts';
import { readEdges, readStates } from './issue-graph.ts';
import { mergedLock } from './row-lock.ts';

/** The commits of an open merge. */
interface MergedHeads {
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
  const changes = [
    ...(hasColumns(columns, { row_lock: 'lock' }) ? await lockChanges(sql, issues, heads) : []),
    ...(hasColumns(columns, { is_blocked: 'whole', status: 'text' }) ? await blockedChanges(sql) : []),
  ];
  const [first] = changes;
  if (first === undefined) return;
  if (await hasTriggers(sql, 'issues')) {
    throw new Failure('constraint-violation', `computing ${first.column} of issues would fire its triggers`, {
      hint: 'Drop the triggers of issues, commit, then run again: bd has none.',
    });
  }
  for (const { column, value, ids } of changes) {
    await updateColumn(sql, issues, { column, value, keys: ids.map((id) => ({ id })) });
  }
}

/** A new value of one column in some issues. */
interface Change {
  readonly column: string;
  readonly value: string;
  readonly ids: readonly string[];
}

async function lockChanges(sql: Sql, issues: TableShape, heads: MergedHeads): Promise<Change[]> {
  const columns = ordinaryColumns(issues);
  const changed = async (base: string, head: string): Promise<string[]> => {
    const { text, values } = await differences(sql, { from: base, to: head }, 'issues');
    const statement = `SELECT to_id AS id FROM ${text} WHERE diff_type <> 'removed'`;
    return (await sql.rows(keyRow, statement, values)).flatMap(({ id }) => id ?? []);
  };
  const both = new Set<string>();
  for (const base of await mergeBases(sql, heads.ours, heads.theirs)) {
    if (!(await columnNamesAt(sql, 'issues', base)).has('id')) continue;
    const atTheirs = new Set(await changed(base, heads.theirs));
    for (const id of await changed(base, heads.ours)) if (atTheirs.has(id)) both.add(id);
  }
  const changes: Change[] = [];
  for (const page of inParts([...both], KEYS_PER_STATEMENT)) {
    const keys = page.map((id) => ({ id }));
    const read = (commit?: string) => rowsByKeyText(sql, issues, { keys, commit });
    const [ours, theirs, merged] = [await read(heads.ours), await read(heads.theirs), await read()];
    for (const [key, row] of merged) {
      const [own, other] = [ours.get(key), theirs.get(key)];
      if (own === undefined || other === undefined) continue;
      const id = row['id'] ?? '';
      const lock = mergedLock({ id, ours: own, theirs: other, merged: row }, columns);
      if (lock !== row['row_lock']) changes.push({ column: 'row_lock', value: lock, ids: [id] });
    }
  }
  return changes;
}

async function blockedChanges(sql: Sql): Promise<Change[]> {
  const edges = await readEdges(sql);
  if (edges === null) return [];
  const states = await readStates(sql);
  const blocked = blockedIssues(states, edges);
  const wrong = states.filter(({ id, blocked: before }) => (blocked.get(id) ?? before) !== before);
  return [...groupBy(wrong, ({ blocked: before }) => !before)].flatMap(([isBlocked, group]) =>
    inParts(group, KEYS_PER_STATEMENT).map((page) => ({
      column: 'is_blocked',
      value: isBlocked ? '1' : '0',
      ids: page.map(({ id }) => id),
    })),
  );
}
