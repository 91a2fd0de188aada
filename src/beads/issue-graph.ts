import { z } from 'zod';
import { parsedJson } from '../core/json.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import { type Cells, cellsSchema } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { hasColumns } from './column-kinds.ts';
import { BLOCKING_TYPES, type Edge, type IssueState } from './is-blocked.ts';

/** An issue with the state that is stored. */
export interface StoredState extends IssueState {
  readonly blocked: boolean;
}

const gateSchema = z.object({ gate: z.unknown().optional(), also_blocks: z.unknown().optional() });

/** Reads the issues of the session's branch. */
export async function readStates(sql: Sql): Promise<StoredState[]> {
  const rows = await sql.rows(cellsSchema, 'SELECT id, status, COALESCE(is_blocked, 0) AS blocked FROM issues');
  return rows.flatMap(({ id, status, blocked }) =>
    id == null ? [] : [{ id, status: status ?? null, blocked: blocked !== '0' }],
  );
}

/** The dependencies that can block an issue; null if the table is not that of bd since June 2026. */
export async function readEdges(sql: Sql): Promise<Edge[] | null> {
  const isOfBeads = hasColumns(await columnsAt(sql, 'dependencies', null), {
    issue_id: 'text',
    type: 'text',
    depends_on_issue_id: 'text',
    depends_on_wisp_id: 'text',
    metadata: 'document',
  });
  if (!isOfBeads) return null;
  const types = BLOCKING_TYPES.map(() => '?').join(', ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT issue_id AS issue, depends_on_issue_id AS issue_target, depends_on_wisp_id AS wisp_target, type, IF(type = 'waits-for', metadata, NULL) AS metadata FROM dependencies WHERE type IN (${types})`,
    BLOCKING_TYPES,
  );
  return rows.flatMap((row) => edgeOf(row) ?? []);
}

/** @returns null if the row belongs to no issue: where a column may be NULL, a peer can send such a row */
export function edgeOf({ issue, issue_target: on, wisp_target: wisp, type, metadata }: Cells): Edge | null {
  if (issue == null || type == null) return null;
  return { issue, on: on ?? null, type, onWisp: wisp != null, ...gateOf(metadata ?? null) };
}

/** Metadata that is no such object, or no JSON, has no gate, as in bd. */
function gateOf(metadata: string | null): Pick<Edge, 'gate' | 'alsoBlocks'> {
  const parsed = gateSchema.safeParse(parsedJson(metadata ?? ''));
  const { gate, also_blocks: alsoBlocks } = parsed.success ? parsed.data : { gate: null, also_blocks: null };
  return { gate: gate === 'any-children' ? 'any-children' : 'all-children', alsoBlocks: alsoBlocks === true };
}
