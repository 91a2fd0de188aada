import { Failure } from '../../core/failure.ts';
import { inParts } from '../../core/lists.ts';
import { plain } from '../../core/text.ts';
import { anySide } from '../../dolt/rows/conflict-rows.ts';
import { type OpenMergeTable, openMergeTable, renamedColumns } from '../../dolt/rows/open-merge-table.ts';
import { type Rewrite, rewriteRows } from '../../dolt/rows/rewrite-rows.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { type TableDefinition, typeOfColumn } from '../../dolt/schema/readability.ts';
import type { Rename } from '../../dolt/schema/table-definitions.ts';
import { ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { columnsOfMerge, resultOf } from '../classify.ts';
import { type NamedRow, tablesOfBoth } from '../constraints/silent-losses.ts';
import { requireValues } from '../constraints/verify-merge.ts';
import type { Merging } from '../merging.ts';
import { readConflicts } from '../readable-table.ts';

const KEYS_PER_STATEMENT = 200;

type Heads = Pick<Merging, 'base' | 'ours' | 'theirs'>;

/** More wrong rows of one table are refused. */
const MAX_CORRECTED = 10_000;

/**
 * Corrects the open merge where a cell that at most one side changed has another value. Dolt merges rows by the position
 * of their columns, which differ between the sides after a change of the definition, or beside a generated column; a NULL
 * of a JSON column becomes the document `null`; and if both sides gave an ENUM another type, it takes the numbers of the
 * base for values of the new type (2.3.0, measured). Only such tables are read, if both sides changed them,
 * and they are read whole by the engine.
 * @throws Failure `constraint-violation` if that would fire a trigger, or a NOT NULL column lacks values; `dolt-defect` if
 * too many rows are wrong
 */
export async function correctWrongCells(
  sql: Sql,
  heads: Heads,
  { pending, ambiguous }: Pick<Merging, 'pending' | 'ambiguous'>,
): Promise<void> {
  for (const table of await suspiciousTables(sql, heads)) {
    const { shape, open } = table;
    // Its rows at the three commits have other names for a cell: they are only checked.
    if (table.renamed.length > 0) continue;
    // Otherwise a VIRTUAL column without a value fails the statements below.
    await requireValues(sql, heads, shape.name);
    const rows = await wrongRows(sql, heads, { ...table, limit: MAX_CORRECTED + 1 });
    const [first] = rows;
    if (first === undefined) continue;
    if (rows.length > MAX_CORRECTED) throw wrongCells(shape, first);
    const of = { ambiguous: ambiguous.get(shape.name) };
    const inConflict = new Set(
      (await readConflicts(sql, shape, open, of)).map((row) => keyText(shape, anySide(row, shape))),
    );
    const known = new Set(of.ambiguous?.keys.map((key) => keyText(shape, key)));
    const wrong = rows.filter((key) => !inConflict.has(keyText(shape, key)) && !known.has(keyText(shape, key)));
    await rewriteRows(sql, shape, open, await corrections(sql, heads, { ...table, keys: wrong }), pending);
  }
}

/**
 * Refuses a merge that still has such a cell.
 * @param named the rows that the report names
 * @throws Failure `dolt-defect`
 */
export async function refuseWrongCells(sql: Sql, heads: Heads, named: readonly NamedRow[]): Promise<void> {
  for (const table of await suspiciousTables(sql, heads)) {
    const { shape } = table;
    const textOf = (key: Cells): string => keyText(shape, key);
    const known = named.filter((row) => row.table === shape.name);
    const reported = new Set(known.flatMap(({ key, otherKey = key }) => [textOf(key), textOf(otherKey)]));
    const rows = await wrongRows(sql, heads, { ...table, limit: reported.size + 1 });
    const wrong = rows.find((key) => !reported.has(textOf(key)));
    if (wrong === undefined) continue;
    throw wrongCells(shape, wrong);
  }
}

function wrongCells({ name }: TableShape, key: Cells): Failure {
  const without = plain(`this Dolt would give a row of ${name} a value that neither side has in that column`);
  return new Failure('dolt-defect', `${without}: ${plain(Object.values(key).join(', '))}`, {
    values: { least: 'keys', without },
    hint: `Make the same change to the definition of ${name} on the other side, commit, then run again. Nothing was merged from this peer.`,
  });
}

interface Suspicious {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
  readonly renamed: readonly Rename[];
}

/** The tables that both sides changed and whose rows Dolt may merge by the wrong columns. */
async function suspiciousTables(sql: Sql, heads: Heads): Promise<Suspicious[]> {
  const found: Suspicious[] = [];
  for (const { table } of await tablesOfBoth(sql, heads)) {
    const open = await openMergeTable(sql, table);
    const shape = await tableShape(sql, table);
    if (!mayMisplace(open, shape) || !hasSameKey(open)) continue;
    found.push({ shape, open, renamed: renamedColumns(open) });
  }
  return found;
}

/** The rows as at most one side changed them; without those that both changed. */
async function corrections(
  sql: Sql,
  heads: Heads,
  { shape, open, keys }: Suspicious & { readonly keys: readonly Cells[] },
): Promise<Rewrite[]> {
  const compared = columnsOfMerge(shape, open.ours);
  const found: Rewrite[] = [];
  for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
    const at = (commit: string) => rowsByKeyText(sql, shape, { keys: part, commit });
    const [base, ours, theirs] = [await at(heads.base), await at(heads.ours), await at(heads.theirs)];
    for (const key of part) {
      const id = keyText(shape, key);
      const row = { id, base: base.get(id) ?? null, ours: ours.get(id) ?? null, theirs: theirs.get(id) ?? null };
      const take = resultOf(row, compared);
      if (take !== null) found.push({ key, take, set: [] });
    }
  }
  return found;
}

function mayMisplace({ base, ours, theirs }: OpenMergeTable, { columns }: TableShape): boolean {
  const texts = [base, ours, theirs].map((version) => JSON.stringify(version?.columnTexts ?? null));
  const isHidden = [base, ours, theirs].some((version) => (version?.functionalIndexes.length ?? 0) > 0);
  return new Set(texts).size > 1 || isHidden || columns.some(({ generated }) => generated !== null);
}

function hasSameKey({ base, ours, theirs, merged }: OpenMergeTable): boolean {
  const keys = [base ?? merged, ours, theirs, merged].map((version) => JSON.stringify(version?.key ?? []));
  return merged.key.length > 0 && new Set(keys).size === 1;
}

/** The keys of the rows with such a cell. */
async function wrongRows(
  sql: Sql,
  heads: Heads,
  { shape, open, renamed, limit }: Suspicious & { readonly limit: number },
): Promise<Cells[]> {
  const { key, name } = shape;
  // The sides have such a column under two names.
  const isRenamed = (column: string): boolean => renamed.some(({ to }) => to === column);
  const compared = ordinaryColumns(shape).filter((column) => !key.includes(column) && !isRenamed(column));
  const conditions = compared.flatMap((column) => wrongCell(column, open));
  if (conditions.length === 0) return [];
  const from = [`${quoted(name)} m`];
  const parameters: string[] = [];
  for (const [alias, commit, version] of [
    ['b', heads.base, open.base],
    ['o', heads.ours, open.ours],
    ['t', heads.theirs, open.theirs],
  ] as const) {
    if (version === null) continue;
    const joined = key.map((column) => `${alias}.${quoted(column)} = m.${quoted(column)}`).join(' AND ');
    from.push(`LEFT JOIN (SELECT * FROM ${quoted(name)} AS OF ?) ${alias} ON ${joined}`);
    parameters.push(commit);
  }
  const selected = key.map((column) => `m.${quoted(column)}`).join(', ');
  const condition = conditions.join(' OR ');
  return await sql.rows(
    cellsSchema,
    `SELECT ${selected} FROM ${from.join(' ')} WHERE ${condition} LIMIT ${limit}`,
    parameters,
  );
}

const LIST = /^enum\b/i;
const TEXT = /^(?:(?:var)?char|(?:tiny|medium|long)?text)\b/i;

/** Whether the values of a type are texts, or those of an ENUM. An ALTER keeps the numbers of a SET, which Dolt merges. */
function isTextOrList(type: string): boolean {
  return LIST.test(type) || TEXT.test(type);
}

/** The condition that a column has a value that neither side gave it, as a list of at most one. */
function wrongCell(column: string, { base, ours, theirs, merged }: OpenMergeTable): string[] {
  const versions = [base, ours, theirs, merged].flatMap((version) => version ?? []);
  const holders = versions.filter(({ columns }) => columns.includes(column));
  const types = new Set(holders.map((version) => typeOfColumn(version, column)));
  // A value of another type can be equal and look different.
  if (types.size > 1 && ![...types].every(isTextOrList)) return [];
  const has = (version: TableDefinition | null): boolean => version?.columns.includes(column) === true;
  const textOf = (alias: string, version: TableDefinition | null): string => {
    const value = `${alias}.${quoted(column)}`;
    // Two lists can have one value under different numbers, and different values under one.
    const isList = types.size > 1 && version !== null && LIST.test(typeOfColumn(version, column));
    return isList ? `CAST(${value} AS CHAR)` : value;
  };
  const [m, b] = [textOf('m', merged), textOf('b', base)];
  const [o, t] = [textOf('o', ours), textOf('t', theirs)];
  const isIn = (alias: string): string => `${alias}.${quoted(merged.key[0] ?? '')} IS NOT NULL`;
  if (has(ours) && has(theirs)) {
    const before = has(base) ? b : 'NULL';
    return [`NOT (${m} <=> CASE WHEN ${o} <=> ${before} THEN ${t} WHEN ${t} <=> ${before} THEN ${o} ELSE ${m} END)`];
  }
  if (has(base)) return [];
  if (has(ours)) return [`(${isIn('o')} AND NOT (${m} <=> ${o}))`];
  return has(theirs) ? [`(${isIn('t')} AND NOT (${m} <=> ${t}))`] : [];
}
