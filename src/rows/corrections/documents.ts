import type { Budget } from '../../core/budget.ts';
import { inParts } from '../../core/lists.ts';
import {
  type ConflictRow,
  conflictBytes,
  mayHoldLarge,
  PAGE_BYTES,
  tablesInConflict,
} from '../../dolt/rows/conflict-rows.ts';
import { rowDiffs } from '../../dolt/rows/differing-rows.ts';
import { nameAt, type OpenMergeTable, openMergeTable, shapeAt } from '../../dolt/rows/open-merge-table.ts';
import { type Rewrite, rewriteRows } from '../../dolt/rows/rewrite-rows.ts';
import { hasKey, keyOf, keyOfText, keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKey } from '../../dolt/rows/stored-rows.ts';
import { hasShadowedDiff, typeOfColumn } from '../../dolt/schema/readability.ts';
import { ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { rowConflictOf } from '../classify.ts';
import { tablesOfBoth } from '../constraints/silent-losses.ts';
import { planDocument } from '../document-merge.ts';
import type { Merging } from '../merging.ts';
import { readableTable } from '../readable-table.ts';
import { isSameValue } from '../same-value.ts';
import { type AmbiguousRows, type AmbiguousTable, clearIfNone } from './ambiguous-rows.ts';

const KEYS_PER_STATEMENT = 200;
const COMMITS = ['base', 'ours', 'theirs'] as const;
type Commit = (typeof COMMITS)[number];

/**
 * Corrects the open merge where Dolt merged a JSON document that both sides changed without a conflict, and not by the
 * rules. Dolt 2.3.0 overlooks conflicts beside a key "", returns removed elements to an array, loses the first element of
 * an empty one, and drops changes below a key with a backslash or a control character (measured). Rows whose documents
 * have no conflict by the rules are written.
 * @returns the ambiguous rows with those whose documents have one
 * @throws Failure `constraint-violation` if a correction would fire a trigger; `dolt-defect` if the rows in conflict of a
 * table cannot be read
 */
export async function correctDocuments(
  sql: Sql,
  heads: Pick<Merging, 'base' | 'ours' | 'theirs'>,
  merge: Pick<Merging, 'pending' | 'ambiguous'> & { readonly budget?: Budget | undefined },
): Promise<AmbiguousRows> {
  const found = new Map(merge.ambiguous);
  for (const { table: name } of await tablesOfBoth(sql, heads)) {
    const table = await documentTable(sql, name);
    if (table === null) continue;
    const { shape, open, isListed } = table;
    const known = merge.ambiguous.get(name) ?? { conflicts: [], keys: [] };
    const added = await correctTable(sql, table, { ...merge, known });
    const keys = [...known.keys, ...added.keys];
    if (added.keys.length > 0) found.set(name, { conflicts: [...known.conflicts, ...added.conflicts], keys });
    if (added.keys.length > 0 && isListed && isShownWrongly(open)) await clearIfNone(sql, { shape, open, keys });
  }
  return found;
}

interface DocumentTable {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
  /** The JSON columns of all versions. */
  readonly documents: readonly string[];
  /** Whether Dolt has rows of it in conflict. */
  readonly isListed: boolean;
}

/** A table with a key and JSON columns; null for any other. */
async function documentTable(sql: Sql, name: string): Promise<DocumentTable | null> {
  const shape = await tableShape(sql, name);
  const names = shape.columns.flatMap((column) =>
    column.type === 'json' && column.generated === null ? [column.name] : [],
  );
  if (shape.key.length === 0 || names.length === 0) return null;
  const isListed = (await tablesInConflict(sql)).includes(name);
  const open = isListed ? await readableTable(sql, shape) : await openMergeTable(sql, name);
  const isDocument = (column: string, commit: Commit): boolean => {
    const [definition, then] = [open[commit], nameAt(open, commit, column)];
    return definition !== null && then !== null && typeOfColumn(definition, then) === 'json';
  };
  const documents = names.filter((column) => COMMITS.every((commit) => isDocument(column, commit)));
  return documents.length === 0 ? null : { shape, open, documents, isListed };
}

function isShownWrongly({ conflicts }: OpenMergeTable): boolean {
  return conflicts.length > 0;
}

/** Writes the rows of one table without a conflict, and returns those that `AmbiguousTable` has to name. */
async function correctTable(
  sql: Sql,
  table: DocumentTable,
  {
    pending,
    budget,
    known,
  }: Pick<Merging, 'pending'> & {
    readonly budget?: Budget | undefined;
    readonly known: AmbiguousTable;
  },
): Promise<AmbiguousTable> {
  const { shape, open } = table;
  const conflicts: ConflictRow[] = [];
  const keys: Cells[] = [];
  const apart = new Set(known.keys.map((key) => keyText(shape, key)));
  const compared = (await comparedRows(sql, table)).filter((id) => !apart.has(id));
  for (const part of inParts(compared, KEYS_PER_STATEMENT)) {
    for (const page of await pagesOf(sql, table, part)) {
      const rewrites: Rewrite[] = [];
      const [base, ours, theirs] = [
        await rowsAt(sql, table, page, 'base'),
        await rowsAt(sql, table, page, 'ours'),
        await rowsAt(sql, table, page, 'theirs'),
      ];
      for (const [id, merged] of await rowsAt(sql, table, page)) {
        const sides = { base: base.get(id) ?? null, ours: ours.get(id) ?? null, theirs: theirs.get(id) ?? null };
        const row = { id, ...sides, isAmbiguous: true } as const;
        const decision = decide(table, row, merged);
        if (decision === 'by-dolt') continue;
        const key = keyOfText(shape, id);
        keys.push(key);
        if (decision === 'conflict') {
          budget?.take(conflictBytes(row));
          conflicts.push(row);
        } else if (decision !== 'merged') rewrites.push({ key, ...decision });
      }
      await rewriteRows(sql, shape, open, rewrites, pending);
    }
  }
  return { conflicts, keys };
}

/** The rows whose documents both sides changed, by the text of their key; without Dolt's conflicts, if they can be read. */
async function comparedRows(sql: Sql, table: DocumentTable): Promise<string[]> {
  const { shape, open, isListed } = table;
  const ours = await changedRows(sql, table, 'ours');
  const theirs = ours.size === 0 ? ours : await changedRows(sql, table, 'theirs');
  const keys = [...ours].filter((key) => theirs.has(key));
  if (keys.length === 0 || !isListed || isShownWrongly(open)) return keys;
  const columns = shape.key.map((name) => quoted(`base_${name}`)).join(', ');
  const rows = await sql.rows(cellsSchema, `SELECT ${columns} FROM ${quoted(`dolt_conflicts_${shape.name}`)}`);
  const inConflict = new Set(rows.map((row) => keyText(shape, keyOf(shape, row, 'base_'))));
  return keys.filter((key) => !inConflict.has(key));
}

/** The rows whose documents a side changed, by the text of the key that they had. */
async function changedRows(
  sql: Sql,
  { shape, open, documents }: DocumentTable,
  side: 'ours' | 'theirs',
): Promise<ReadonlySet<string>> {
  const before = shapeAt(shape, open, 'base');
  const pairs = documents.map(
    (name) => [nameAt(open, 'base', name) ?? name, nameAt(open, side, name) ?? name] as const,
  );
  if (hasShadowedDiff([...before.key, ...pairs.flat()])) {
    const diffs = await rowDiffs(sql, { from: open.heads.base, to: open.heads[side] }, shape.name);
    return new Set(
      diffs.flatMap(({ from, to }) =>
        from !== null && to !== null && pairs.some(([old, now]) => from[old] !== to[now])
          ? [keyText(before, from)]
          : [],
      ),
    );
  }
  const keys = before.key.map((name) => quoted(`from_${name}`)).join(', ');
  const changed = pairs.map(([old, now]) => `NOT (${quoted(`from_${old}`)} <=> ${quoted(`to_${now}`)})`).join(' OR ');
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${keys} FROM dolt_diff(?, ?, ?) WHERE diff_type = 'modified' AND (${changed})`,
    [open.heads.base, open.heads[side], shape.name],
  );
  return new Set(rows.map((row) => keyText(before, keyOf(before, row, 'from_'))));
}

/** Splits keys so that all versions of their rows fit into memory together. */
async function pagesOf(sql: Sql, { shape, open }: DocumentTable, keys: readonly string[]): Promise<string[][]> {
  const bytes = new Map<string, number>();
  for (const commit of COMMITS) {
    const then = shapeAt(shape, open, commit);
    const large = then.columns.filter((column) => mayHoldLarge([column]));
    const sum = large.map(({ name }) => `COALESCE(LENGTH(${quoted(name)}), 0)`).join(' + ');
    const where = hasKey(
      then,
      keys.map((key) => keyOfText(then, key)),
    );
    const rows = await sql.rows(
      cellsSchema,
      `SELECT ${then.key.map(quoted).join(', ')}, ${sum} AS dolt_federation_bytes FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`,
      [open.heads[commit], ...where.values],
    );
    for (const row of rows) {
      const id = keyText(then, row);
      bytes.set(id, (bytes.get(id) ?? 0) + Number(row['dolt_federation_bytes'] ?? 0));
    }
  }
  const pages: string[][] = [];
  let left = 0;
  for (const key of keys) {
    left -= bytes.get(key) ?? 0;
    const page = pages.at(-1);
    if (page !== undefined && left >= 0) page.push(key);
    else {
      pages.push([key]);
      left = PAGE_BYTES - (bytes.get(key) ?? 0);
    }
  }
  return pages;
}

/** Rows of a commit, or of the open merge, by the given texts of their keys, with the names that columns have now. */
async function rowsAt(
  sql: Sql,
  { shape, open }: DocumentTable,
  keys: readonly string[],
  side?: Commit,
): Promise<Map<string, Cells>> {
  const then = side === undefined ? shape : shapeAt(shape, open, side);
  const commit = side && open.heads[side];
  const read = (wanted: readonly string[]): Promise<Cells[]> =>
    rowsByKey(sql, then, { keys: wanted.map((key) => keyOfText(then, key)), commit });
  const rows = new Map((await read(keys)).map((row) => [keyText(then, row), row]));
  const found = new Map<string, Cells>();
  for (const key of keys) {
    // Another spelling of the key is the same key under its collation.
    const row = rows.get(key) ?? (await read([key]))[0];
    if (row !== undefined) found.set(key, side === undefined ? row : cellsNow(row, { shape, open, side }));
  }
  return found;
}

function cellsNow(
  row: Cells,
  { shape, open, side }: Pick<DocumentTable, 'shape' | 'open'> & { readonly side: Commit },
): Cells {
  return Object.fromEntries(
    shape.columns.flatMap(({ name }) => {
      const then = nameAt(open, side, name);
      return then === null ? [] : [[name, row[then] ?? null]];
    }),
  );
}

type Decision = Pick<Rewrite, 'take' | 'set'> | 'conflict' | 'merged' | 'by-dolt';

/**
 * What the rules say about a row.
 * @param merged the row that Dolt has
 * @returns `merged` if Dolt has that row, `by-dolt` if no document of it has changes of both sides
 */
function decide({ shape, open, documents, isListed }: DocumentTable, row: ConflictRow, merged: Cells): Decision {
  const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  const newHere = new Set(columns.filter((name) => nameAt(open, 'ours', name) === null));
  const { conflicting, theirs } = rowConflictOf(row, columns, newHere);
  const changed = conflicting.filter((name) => documents.includes(name));
  const others = conflicting.filter((name) => !documents.includes(name));
  if (changed.length === 0) return 'by-dolt';
  const plans = changed.flatMap((column) => {
    const plan = planDocument(row.base?.[column] ?? null, row.ours?.[column] ?? null, row.theirs?.[column] ?? null);
    return plan === null || plan.clashes.length > 0 ? [] : [{ column, text: plan.merged(() => 'ours') }];
  });
  if (plans.length < changed.length || (isListed && isShownWrongly(open) && others.length > 0)) return 'conflict';
  if (plans.every(({ column, text }) => isSameValue(text, merged[column] ?? null, 'json')))
    return isShownWrongly(open) ? 'merged' : 'by-dolt';
  // Columns without a conflict whose texts differ are equal under their collation. Dolt has chosen one.
  const chosen = others.filter((name) => merged[name] === row.theirs?.[name]);
  return {
    take: [...theirs, ...chosen],
    set: plans.map(({ column, text }) => ({ column, value: { value: text } })),
  };
}
