import { z } from 'zod';
import type { Attribution } from '../../contract/result.ts';
import { toFailure } from '../../core/failure.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { mergeBase } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

const TABLE = 'issues';
/** Sources that a report names; the others are counted. */
const MAX_SOURCES = 20;

const sourceRow = z.object({
  system: z.string(),
  creator: z.string(),
  rows: z.coerce.number().int(),
});

/**
 * How many issues a head adds, changes and deletes, by the system that they came from and by their creator. A system is
 * named up to its first colon, because trackers write an address and a number after it. Rows that the peer forwards
 * belong to their source.
 * @returns null if the head brings no issue of beads
 */
export async function readAttribution(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<Attribution | null> {
  return await read(sql, heads).catch((thrown: unknown) => {
    // The count is information; a table that Dolt cannot compare must not keep a peer out.
    const { code } = toFailure(thrown);
    if (code === 'unknown' || code === 'dolt-defect' || code === 'too-large') return null;
    throw thrown;
  });
}

async function read(sql: Sql, heads: { readonly ours: string; readonly theirs: string }): Promise<Attribution | null> {
  const base = await mergeBase(sql, heads.ours, heads.theirs);
  if (base === null || base === heads.theirs) return null;
  for (const commit of [base, heads.theirs]) if (!(await tableNamesAt(sql, commit)).includes(TABLE)) return null;
  const columns = new Set((await columnsAt(sql, TABLE, heads.theirs)).map(({ name }) => name));
  if (!columns.has('source_system')) return null;
  const creator = columns.has('created_by') ? "COALESCE(to_created_by, from_created_by, '')" : "''";
  const all = await sql.rows(
    sourceRow,
    `SELECT SUBSTRING_INDEX(COALESCE(to_source_system, from_source_system, ''), ':', 1) AS \`system\`, ${creator} AS creator, COUNT(*) AS \`rows\` FROM dolt_diff(?, ?, ?) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [base, heads.theirs, TABLE],
  );
  if (all.length === 0) return null;
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  return { table: TABLE, rows, sources: all.slice(0, MAX_SOURCES) };
}
