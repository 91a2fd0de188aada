import type { Conflict } from '../../contract/result.ts';
import { counted } from '../../core/text.ts';
import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { rowsOfTable } from '../../dolt/rows/stored-rows.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { holdsRowsOfUsers } from '../../dolt/schema/row-tables.ts';
import { tableChanges } from '../../dolt/schema/table-changes.ts';
import { baseTablesAt, shapeOf, type TableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { isPresent } from '../../dolt/sql/history.ts';
import { isDoltTable, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';

/** Above this number, rows are only counted. */
const MAX_ROWS = 10_000;

const DELETED =
  "The report lists them with the kind `deleted`, and with the commit that still has them: `SELECT * FROM table AS OF 'commit'`. To have them back, insert them again and commit.";

const COMING =
  'The report lists them with the kind `restored`. They come with the choices that you make with `resolve`, which does not list them. Delete those that you do not want, and commit, before you run `sync` again.';

/** The merge of a rewritten history; `base`: it is not made before a person decides about rows in conflict. */
export type MergeOfHistories = { readonly target: string } | { readonly base: string };

/**
 * Lists rows that only one side had before a rewritten history was merged. A merge base without the row brings it back;
 * if the merge base has it, the other side deleted it, and it is gone. If the last common head is recorded and still
 * here, rows that were added since are left out. If the merge waits for decisions, this is what it will do: `resolve` does
 * not know that a history was rewritten.
 */
export async function recordReturned(
  sql: Sql,
  progress: PeerProgress,
  local: { readonly ours: string; readonly merge: MergeOfHistories },
): Promise<void> {
  if (progress.head === null) return;
  const heads = { ours: local.ours, theirs: progress.head };
  const last = progress.remembered?.head ?? null;
  const before = last !== null && (await isPresent(sql, last)) ? last : null;
  const found: Conflict[] = [];
  const merge = asRead(local.merge, heads.ours);
  const { isPending } = merge;
  for (const table of await sharedTables(sql, heads, merge)) {
    const shape = shapeOf(table, await columnsAt(sql, table, merge.tablesAt));
    if (shape.key.length === 0) continue;
    for (const side of ['ours', 'theirs'] as const) {
      found.push(...(await onlyAt(sql, shape, { heads, side, before, peer: progress.peer.name, merge })));
    }
  }
  const rowOf = ({ table, key }: Conflict): string => JSON.stringify([table, key]);
  const decided = new Set(progress.conflicts.map(rowOf));
  const rows = found.filter((row) => row.kind === 'restored' || !decided.has(rowOf(row)));
  const nameOf = ({ table, key, heads: at }: Conflict): string => JSON.stringify([table, key, at]);
  // An earlier round of this run may have listed them.
  const known = new Set(progress.conflicts.map(nameOf));
  const listed = rows.slice(0, MAX_ROWS);
  progress.reportConflicts([...progress.conflicts, ...listed.filter((row) => !known.has(nameOf(row)))]);
  const { name } = progress.peer;
  const deleted = rows.filter(({ kind }) => kind === 'deleted').length;
  if (deleted > 0) {
    const verb = isPending ? 'will delete' : 'deleted';
    const message = `merge-rewritten with ${name} ${verb} ${counted(deleted, 'row')} that only one side had, because the merge base has them`;
    progress.notice({ severity: 'warning', code: 'history-rewritten', message, hint: DELETED });
  }
  const coming = rows.length - deleted;
  if (isPending && coming > 0) {
    const message = `merge-rewritten with ${name} will restore ${counted(coming, 'row')} that only one side had`;
    progress.notice({ severity: 'warning', code: 'history-rewritten', message, hint: COMING });
  }
  if (rows.length > listed.length) {
    const message = `${rows.length} rows were only on one side of merge-rewritten with ${progress.peer.name}; the first ${MAX_ROWS} are listed`;
    progress.notice({ severity: 'warning', code: 'history-rewritten', message });
  }
}

/** How a merge of histories is read. */
interface ReadMerge {
  /** A person must decide before it is made. */
  readonly isPending: boolean;
  /** The commit whose tables it has. */
  readonly tablesAt: string;
  /** The commit with the rows that it keeps; if it is pending, with those that it deletes. */
  readonly rowsAt: string;
}

function asRead(merge: MergeOfHistories, ours: string): ReadMerge {
  return 'base' in merge
    ? { isPending: true, tablesAt: ours, rowsAt: merge.base }
    : { isPending: false, tablesAt: merge.target, rowsAt: merge.target };
}

/** Tables that both sides and the merge have and that differ between the sides. */
async function sharedTables(
  sql: Sql,
  at: { readonly ours: string; readonly theirs: string },
  { tablesAt }: ReadMerge,
): Promise<string[]> {
  const found: string[] = [];
  for (const { from: table, to, comparable } of await tableChanges(sql, at.ours, at.theirs)) {
    if (table === null || table !== to || !comparable || !holdsRowsOfUsers(table)) continue;
    if (await hasTable(sql, { commit: tablesAt, table, known: at.ours })) found.push(table);
  }
  return found;
}

interface Placed {
  readonly commit: string;
  readonly table: string;
  /** A commit with the table. */
  readonly known: string;
}

/** Whether a commit has a table. Dolt lists its own ones only as changes from a commit that has them. */
async function hasTable(sql: Sql, { commit, table, known }: Placed): Promise<boolean> {
  if (!isDoltTable(table)) return (await baseTablesAt(sql, commit)).includes(table);
  return !(await tableChanges(sql, known, commit)).some(({ from, to }) => from === table && to === null);
}

interface Side {
  readonly heads: { readonly ours: string; readonly theirs: string };
  readonly side: 'ours' | 'theirs';
  readonly before: string | null;
  readonly peer: string;
  readonly merge: ReadMerge;
}

/** Rows of one side whose key the other side lacks. Columns are qualified by the user's table, so none is shadowed. */
async function onlyAt(sql: Sql, shape: TableShape, { heads, side, before, peer, merge }: Side): Promise<Conflict[]> {
  const [here, there] = side === 'ours' ? [heads.ours, heads.theirs] : [heads.theirs, heads.ours];
  const table = quoted(shape.name);
  const same = shape.key.map((name) => `a.${quoted(name)} = b.${quoted(name)}`).join(' AND ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT a.* FROM ${table} AS OF ? AS a WHERE NOT EXISTS (SELECT 1 FROM ${table} AS OF ? AS b WHERE ${same}) LIMIT ${MAX_ROWS + 1}`,
    [here, there],
  );
  const rowsAt = async (commit: string) =>
    (await hasTable(sql, { commit, table: shape.name, known: heads.ours }))
      ? await rowsOfTable(sql, shape, { keys: rows, commit })
      : new Map<string, Cells>();
  const earlier = before === null ? null : await rowsAt(before);
  const { isPending } = merge;
  const kept = await rowsAt(merge.rowsAt);
  const owner = side === 'ours' ? 'our side' : peer;
  const why = before === null ? 'added there or deleted on the other side' : 'later deleted on the other side';
  const found: Conflict[] = [];
  for (const cells of rows) {
    const base = earlier?.get(keyText(shape, cells)) ?? null;
    if (earlier !== null && base === null) continue;
    // A row that the merge base lacks counts as added.
    const isKept = kept.has(keyText(shape, cells)) !== isPending;
    found.push({
      kind: isKept ? 'restored' : 'deleted',
      table: shape.name,
      key: keyOf(shape, cells),
      columns: Object.keys(cells).filter((name) => !shape.key.includes(name)),
      base,
      ours: side === 'ours' ? cells : null,
      theirs: side === 'theirs' ? cells : null,
      resolution: isKept
        ? `${isPending ? 'comes back after `resolve`' : 'kept'}: only ${owner} had it (${why})`
        : `${isPending ? 'goes with `resolve`' : 'deleted'}: only ${owner} had it (deleted since the merge base)`,
      left: false,
      heads,
      between: [],
      ...(isKept ? {} : { lost: { commit: here, sql: null } }),
    });
  }
  return found;
}
