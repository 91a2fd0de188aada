import { z } from 'zod';
import type { Attribution } from '../../contract/result.ts';
import { toFailure } from '../../core/failure.ts';
import { differingKeys } from '../../dolt/rows/differing-rows.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { columnsAt, keyNames } from '../../dolt/schema/columns.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { shapeOf } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { differences } from '../../dolt/sql/differences.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { rowsSinceBases } from './several-bases.ts';

const TABLE = 'issues';
/** Sources that a report names; the others are counted. */
const MAX_SOURCES = 20;

const sourceRow = z.object({
  system: z.string(),
  creator: z.string(),
  rows: z.coerce.number().int(),
});

type Source = z.output<typeof sourceRow>;

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
  const bases = await mergeBases(sql, heads.ours, heads.theirs);
  const [base] = bases;
  if (base === undefined || base === heads.theirs) return null;
  for (const commit of [...bases, heads.theirs]) if (!(await tableNamesAt(sql, commit)).includes(TABLE)) return null;
  const all = await columnsAt(sql, TABLE, heads.theirs);
  const columns = new Set(all.map(({ name }) => name));
  if (!columns.has('source_system')) return null;
  const sources =
    bases.length === 1
      ? await sourcesSince(sql, { from: base, to: heads.theirs }, columns)
      : await sourcesSinceAll(sql, heads, { bases, keys: keyNames(all) });
  if (sources.length === 0) return null;
  const rows = sources.reduce((sum, one) => sum + one.rows, 0);
  return { table: TABLE, rows, sources: sources.slice(0, MAX_SOURCES) };
}

async function sourcesSince(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  columns: ReadonlySet<string>,
): Promise<Source[]> {
  const creator = columns.has('created_by') ? "COALESCE(to_created_by, from_created_by, '')" : "''";
  const { text, values } = await differences(sql, range, TABLE);
  return await sql.rows(
    sourceRow,
    `SELECT SUBSTRING_INDEX(COALESCE(to_source_system, from_source_system, ''), ':', 1) AS \`system\`, ${creator} AS creator, COUNT(*) AS \`rows\` FROM ${text} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    values,
  );
}

/** The same since several merge bases: of a row counts what the head has in another way than the merge of all bases. */
async function sourcesSinceAll(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  { bases, keys }: { readonly bases: readonly string[]; readonly keys: readonly string[] },
): Promise<Source[]> {
  const differing: Cells[] = [];
  for (const from of bases) {
    const found = await differingKeys(sql, { from, to: heads.theirs }, { table: TABLE, keys, where: 'TRUE' });
    differing.push(...(found ?? []));
  }
  const changed = await rowsSinceBases(sql, heads, TABLE, differing);
  const shape = shapeOf(TABLE, await columnsAt(sql, TABLE, heads.theirs));
  const gone = changed.flatMap(({ key, row }) => (row === undefined ? [key] : []));
  const former = new Map<string, Cells>();
  for (const commit of bases) {
    for (const [id, row] of await rowsByKeyText(sql, shape, { keys: gone, commit })) former.set(id, row);
  }
  const counts = new Map<string, Source>();
  for (const { key, row } of changed) {
    const cells = row ?? former.get(keyText(shape, key)) ?? {};
    const [system = '', creator = ''] = [cells['source_system']?.split(':')[0], cells['created_by'] ?? undefined];
    const id = JSON.stringify([system, creator]);
    counts.set(id, { system, creator, rows: (counts.get(id)?.rows ?? 0) + 1 });
  }
  const order = ({ system, creator }: Source): string => `${system}\n${creator}`;
  return [...counts.values()].sort((a, b) => b.rows - a.rows || (order(a) < order(b) ? -1 : 1));
}
