import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { groupBy, inParts } from '../core/lists.ts';
import { keyText } from '../dolt/rows/row-key.ts';
import { rowsByKey } from '../dolt/rows/stored-rows.ts';
import {
  columnNamesAt,
  hasTriggers,
  ordinaryColumns,
  type TableShape,
  tableShape,
} from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { BLOCKING_TYPES, blockedIssues, type Edge } from './is-blocked.ts';
import { mergedLock } from './row-lock.ts';

/** The commits of an open merge. */
interface MergedHeads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

const KEYS_PER_STATEMENT = 500;
const keyRow = z.object({ id: z.string() });
const issueRow = z.object({
  id: z.string(),
  status: z.string().nullable(),
  blocked: z.coerce.number().transform((value) => value !== 0),
});
const edgeRow = z.object({
  issue: z.string(),
  issue_target: z.string().nullable(),
  wisp_target: z.string().nullable(),
  type: z.string(),
  metadata: z.string().nullable(),
});
const gateSchema = z.object({ gate: z.unknown().optional(), also_blocks: z.unknown().optional() });

/** Writes the derived columns of `issues` in an open merge, as far as its schema has them. */
export async function deriveIssueColumns(sql: Sql, heads: MergedHeads): Promise<void> {
  const issues = await tableShape(sql, 'issues');
  const names = ordinaryColumns(issues);
  if (issues.key.length !== 1 || issues.key[0] !== 'id') return;
  if (names.includes('row_lock')) await writeLocks(sql, issues, heads);
  if (names.includes('is_blocked') && names.includes('status')) await writeBlocked(sql, issues);
}

async function writeLocks(sql: Sql, issues: TableShape, heads: MergedHeads): Promise<void> {
  const columns = ordinaryColumns(issues);
  const changed = async (head: string): Promise<string[]> => {
    if (!(await columnNamesAt(sql, 'issues', heads.base)).has('id')) return [];
    const diff = "SELECT to_id AS id FROM dolt_diff(?, ?, 'issues') WHERE diff_type <> 'removed'";
    return (await sql.rows(keyRow, diff, [heads.base, head])).map(({ id }) => id);
  };
  const atTheirs = new Set(await changed(heads.theirs));
  const both = (await changed(heads.ours)).filter((id) => atTheirs.has(id));
  for (const page of inParts(both, KEYS_PER_STATEMENT)) {
    const keys = page.map((id) => ({ id }));
    const read = async (commit?: string): Promise<Map<string, Cells>> => {
      const rows = await rowsByKey(sql, issues, commit === undefined ? { keys } : { keys, commit });
      return new Map(rows.map((row) => [keyText(issues, row), row]));
    };
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
  const states = await sql.rows(issueRow, 'SELECT id, status, COALESCE(is_blocked, 0) AS blocked FROM issues');
  const blocked = blockedIssues(states, edges);
  const wrong = states.filter(({ id, blocked: before }) => (blocked.get(id) ?? before) !== before);
  for (const [isBlocked, group] of groupBy(wrong, ({ blocked: before }) => !before)) {
    for (const page of inParts(group, KEYS_PER_STATEMENT)) {
      const ids = page.map(({ id }) => id);
      await write(sql, issues, { column: 'is_blocked', value: isBlocked ? '1' : '0', ids });
    }
  }
}

/** The dependencies that can block an issue; null if the table is not that of bd since June 2026. */
async function readEdges(sql: Sql): Promise<Edge[] | null> {
  const names = new Set(ordinaryColumns(await tableShape(sql, 'dependencies')));
  const needed = ['issue_id', 'type', 'depends_on_issue_id', 'depends_on_wisp_id', 'metadata'];
  if (!needed.every((name) => names.has(name))) return null;
  const types = BLOCKING_TYPES.map(() => '?').join(', ');
  const rows = await sql.rows(
    edgeRow,
    `SELECT issue_id AS issue, depends_on_issue_id AS issue_target, depends_on_wisp_id AS wisp_target, type, IF(type = 'waits-for', metadata, NULL) AS metadata FROM dependencies WHERE type IN (${types})`,
    BLOCKING_TYPES,
  );
  return rows.map(({ issue, issue_target: on, wisp_target: wisp, type, metadata }) => ({
    issue,
    on,
    type,
    onWisp: wisp !== null,
    ...gateOf(metadata),
  }));
}

/** Metadata that is no such object has no gate, as in bd. */
function gateOf(metadata: string | null): Pick<Edge, 'gate' | 'alsoBlocks'> {
  const parsed = gateSchema.safeParse(metadata === null ? null : JSON.parse(metadata));
  const { gate, also_blocks: alsoBlocks } = parsed.success ? parsed.data : { gate: null, also_blocks: null };
  return { gate: gate === 'any-children' ? 'any-children' : 'all-children', alsoBlocks: alsoBlocks === true };
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
