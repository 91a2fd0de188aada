import type { Budget } from '../../core/budget.ts';
import { parsedJson } from '../../core/json.ts';
import { inParts } from '../../core/lists.ts';
import { type ConflictRow, conflictBytes, tablesInConflict } from '../../dolt/rows/conflict-rows.ts';
import { nameAt, type OpenMergeTable, openMergeTable } from '../../dolt/rows/open-merge-table.ts';
import { type Rewrite, rewriteRows } from '../../dolt/rows/rewrite-rows.ts';
import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { COMMITS, pagesThatFit, rowsAtCommit, rowsChangedByBoth } from '../../dolt/rows/rows-at-commits.ts';
import { typeOfColumn } from '../../dolt/schema/readability.ts';
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

type Correction = Pick<Merging, 'pending' | 'ambiguous'> & { readonly budget?: Budget | undefined };

/**
 * Corrects the open merge where Dolt merged a JSON document that both sides changed, without a conflict and not by the
 * rules. Dolt 2.3.0 overlooks conflicts beside a key "", gives an array elements back that one side removed, loses the
 * first element of an empty one, drops changes below a key with a backslash or a control character, and can make the text
 * invalid there (measured). A document without a conflict is written; an invalid one in conflict becomes ours.
 * @returns the ambiguous rows, with those whose documents are in conflict
 * @throws Failure `constraint-violation` if a correction would fire a trigger; `dolt-defect` if Dolt shows rows in
 * conflict wrongly
 */
export async function correctDocuments(
  sql: Sql,
  heads: Pick<Merging, 'base' | 'ours' | 'theirs'>,
  correction: Correction,
): Promise<AmbiguousRows> {
  const found = new Map(correction.ambiguous);
  for (const { table: name } of await tablesOfBoth(sql, heads)) {
    const table = await documentTable(sql, name);
    if (table === null) continue;
    const added = await correctTable(sql, table, correction);
    if (added.keys.length === 0) continue;
    const known = found.get(name) ?? NONE;
    const keys = [...known.keys, ...added.keys];
    found.set(name, { conflicts: [...known.conflicts, ...added.conflicts], keys });
    if (table.isListed && isShownWrongly(table)) await clearIfNone(sql, { ...table, keys });
  }
  return found;
}

const NONE: AmbiguousTable = { conflicts: [], keys: [] };

interface DocumentTable {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
  /** The JSON columns of all versions. */
  readonly documents: readonly string[];
  /** Whether Dolt lists rows in conflict. */
  readonly isListed: boolean;
}

/** A table with a key and JSON columns; null for any other. */
async function documentTable(sql: Sql, name: string): Promise<DocumentTable | null> {
  const shape = await tableShape(sql, name);
  const columns = shape.columns.filter(({ type, generated }) => type === 'json' && generated === null);
  if (shape.key.length === 0 || columns.length === 0) return null;
  const isListed = (await tablesInConflict(sql)).includes(name);
  const open = isListed ? await readableTable(sql, shape) : await openMergeTable(sql, name);
  const documents = columns.flatMap((column) => {
    const types = COMMITS.map((commit) => {
      const [definition, then] = [open[commit], nameAt(open, commit, column.name)];
      return definition === null || then === null ? '' : typeOfColumn(definition, then);
    });
    return types.every((type) => type === 'json') ? [column.name] : [];
  });
  return documents.length === 0 ? null : { shape, open, documents, isListed };
}

/** Whether Dolt's conflicts of a table cannot be read by key. */
function isShownWrongly({ open }: DocumentTable): boolean {
  return open.conflicts.length > 0;
}

/**
 * Writes the documents without a conflict.
 * @returns the rows in conflict. If Dolt shows its conflicts wrongly, all compared rows are among the keys.
 */
async function correctTable(
  sql: Sql,
  table: DocumentTable,
  { pending, ambiguous, budget }: Correction,
): Promise<AmbiguousTable> {
  const { shape, open, documents } = table;
  const changed = await rowsChangedByBoth(sql, table, documents);
  if (changed.length === 0) return NONE;
  const decided = new Set(await keysInConflict(sql, table));
  const known = ambiguous.get(shape.name) ?? NONE;
  const byBases = new Set(known.keys.map((key) => keyText(shape, key)));
  const undecided = new Set(known.conflicts.map(({ id }) => id));
  const [conflicts, keys]: [ConflictRow[], Cells[]] = [[], []];
  const compared = changed.filter((id) => !decided.has(id));
  let hasInvalid = false;
  for (const part of inParts(compared, KEYS_PER_STATEMENT)) {
    for (const page of await pagesThatFit(sql, table, part)) {
      const base = await rowsAtCommit(sql, table, page, 'base');
      const ours = await rowsAtCommit(sql, table, page, 'ours');
      const theirs = await rowsAtCommit(sql, table, page, 'theirs');
      const rewrites: Rewrite[] = [];
      for (const [id, merged] of await rowsAtCommit(sql, table, page)) {
        // Dolt may list the key as another side spells it.
        if (decided.has(keyText(shape, merged))) continue;
        const key = keyOf(shape, merged);
        const isInvalid = documents.some((name) => parsedJson(merged[name] ?? 'null') === undefined);
        hasInvalid ||= isInvalid;
        if (byBases.has(keyText(shape, merged))) {
          if (isInvalid && undecided.has(keyText(shape, merged))) rewrites.push({ key, take: 'ours', set: [] });
          continue;
        }
        const sides = { base: base.get(id) ?? null, ours: ours.get(id) ?? null, theirs: theirs.get(id) ?? null };
        const row: ConflictRow = { id, ...sides, isAmbiguous: true };
        const decision = decide(table, row, merged);
        if (decision === null) continue;
        if (decision === 'conflict' || isShownWrongly(table)) keys.push(key);
        if (decision === 'conflict') {
          budget?.take(conflictBytes(row));
          conflicts.push(row);
          // Ours may stay in the table until the row is decided: it is valid.
          if (isInvalid) rewrites.push({ key, take: 'ours', set: [] });
        } else if (decision !== 'merged') rewrites.push({ key, ...decision });
      }
      await rewriteRows(sql, shape, open, rewrites, pending);
    }
  }
  // Every statement that compares an invalid document fails, so the table must not keep the row until it is written.
  if (hasInvalid) await pending.pull(shape.name);
  return { conflicts, keys };
}

/** The texts of the keys that Dolt lists; none if it shows them wrongly. */
async function keysInConflict(sql: Sql, table: DocumentTable): Promise<string[]> {
  const { shape, isListed } = table;
  if (!isListed || isShownWrongly(table)) return [];
  const columns = shape.key.map((name) => quoted(`our_${name}`)).join(', ');
  const rows = await sql.rows(cellsSchema, `SELECT ${columns} FROM ${quoted(`dolt_conflicts_${shape.name}`)}`);
  return rows.map((row) => keyText(shape, keyOf(shape, row, 'our_')));
}

/**
 * Decides the documents of a row that both sides changed.
 * @param merged the row that Dolt made of the three versions
 * @returns how to write the row, `merged` if it is written so, or null if no document has changes of both sides
 */
function decide(
  table: DocumentTable,
  row: ConflictRow,
  merged: Cells,
): Pick<Rewrite, 'take' | 'set'> | 'conflict' | 'merged' | null {
  const { shape, open, documents, isListed } = table;
  const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  const newHere = new Set(columns.filter((name) => nameAt(open, 'ours', name) === null));
  const { conflicting, theirs } = rowConflictOf(row, columns, newHere);
  const changed = conflicting.filter((name) => documents.includes(name));
  const others = conflicting.filter((name) => !documents.includes(name));
  if (changed.length === 0) return null;
  // Otherwise Dolt has no conflict in other columns: their texts differ, and are equal under their collation.
  if (isListed && isShownWrongly(table) && others.length > 0) return 'conflict';
  const set = changed.flatMap((column) => {
    const plan = planDocument(row.base?.[column] ?? null, row.ours?.[column] ?? null, row.theirs?.[column] ?? null);
    return plan === null || plan.clashes.length > 0 ? [] : [{ column, value: { value: plan.merged(() => 'ours') } }];
  });
  if (set.length < changed.length) return 'conflict';
  const isSide = (name: string): boolean => {
    const side = theirs.includes(name) ? row.theirs : row.ours;
    return changed.includes(name) || others.includes(name) || merged[name] === side?.[name];
  };
  const isRight = set.every(({ column, value }) => isSameValue(value.value, merged[column] ?? null, 'json'));
  // No later check compares the other cells of such a row.
  if (isRight && columns.every(isSide)) return 'merged';
  return { take: [...theirs, ...others.filter((name) => merged[name] === row.theirs?.[name])], set };
}
