import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { defectsText, shifts, type TableDefinition, typeOfColumn } from '../schema/readability.ts';
import { tableChanges } from '../schema/table-changes.ts';
import { type TableShape, tableShape } from '../schema/table-shape.ts';
import { atRevision } from '../sql/at-revision.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { changedKeys } from './changed-keys.ts';
import { rowDiffs } from './differing-rows.ts';
import { tableDefinitionAt } from './open-merge-table.ts';
import { keyOf } from './row-key.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

interface Versions {
  readonly base: TableDefinition | null;
  readonly ours: TableDefinition;
  readonly theirs: TableDefinition;
}

const fieldRow = z.object({ Field: z.string() });

/**
 * Refuses tables in which Dolt merges the cells of a row by the wrong column. It counts stored columns only, and takes
 * the type of the column at that position among all columns, also VIRTUAL and hidden ones (2.3.0, measured). Then a
 * conflict is lost without an error, or a value is converted to another type. Rows of one side alone are not affected.
 * @throws Failure `dolt-defect` if both sides changed the same row of such a table
 */
export async function refuseMisplacedColumns(sql: Sql, heads: Heads): Promise<void> {
  const { base, ours, theirs } = heads;
  const namesOf = async (to: string) => (await tableChanges(sql, base, to)).flatMap((change) => change.to ?? []);
  const there = new Set(await namesOf(theirs));
  for (const table of (await namesOf(ours)).filter((name) => there.has(name))) {
    const [here, other] = [await tableDefinitionAt(sql, table, ours), await tableDefinitionAt(sql, table, theirs)];
    if (here === null || other === null || here.key.length === 0) continue;
    const defects = [...new Map([...shifts(here), ...shifts(other)].map((one) => [one.name, one])).values()];
    const versions = { base: await tableDefinitionAt(sql, table, base), ours: here, theirs: other };
    if ([versions.base ?? here, other].some(({ key }) => !isDeepStrictEqual(key, here.key))) continue;
    const isAnyRow = defects.length > 0 && (await mayMisplace(sql, table, versions, heads));
    if (!isAnyRow && !hasOtherTypes(versions)) continue;
    if (!(await changeSameRow(sql, versions, heads, await tableShape(sql, table), isAnyRow))) continue;
    throw misplaced(table, isAnyRow ? defectsText(defects) : 'columns that one side added or dropped');
  }
}

function misplaced(table: string, cause: string): Failure {
  return new Failure(
    'dolt-defect',
    `both sides changed the same rows of ${table}, and this Dolt would lose conflicts because of ${cause}`,
    {
      hint: `Give the rows of ${table} that both sides changed the same values on both sides, commit, then run again. To avoid this, put VIRTUAL columns after all others, and create functional indexes after all columns.`,
    },
  );
}

/** Whether the merged table may have a VIRTUAL or hidden column before a stored one. */
async function mayMisplace(sql: Sql, table: string, { ours, theirs }: Versions, heads: Heads): Promise<boolean> {
  // A stored column that one side adds may come after a hidden column of the other side.
  const [here, there] = [storedColumns(ours), storedColumns(theirs)];
  if (here.length !== there.length || here.some((name) => !there.includes(name))) return true;
  return (
    (await isMisplaced(sql, table, { ...ours, at: heads.ours })) ||
    (await isMisplaced(sql, table, { ...theirs, at: heads.theirs }))
  );
}

/**
 * Whether a column has the position of one with another type on the other side. Dolt compares a row that one side
 * deleted as that type, so it may miss that the other side changed the row (2.3.0, measured).
 */
function hasOtherTypes({ ours, theirs }: Versions): boolean {
  const typesOf = (version: TableDefinition) =>
    version.columns.flatMap((name) =>
      version.key.includes(name) ? [] : [{ name, type: typeOfColumn(version, name) }],
    );
  const [here, there] = [typesOf(ours), typesOf(theirs)];
  return here.some(({ name, type }, index) => {
    const other = there[index];
    const isShared = theirs.columns.includes(name) && other !== undefined;
    return isShared && other.name !== name && type !== other.type;
  });
}

function storedColumns({ columns, virtualColumns }: TableDefinition): string[] {
  return columns.filter((name) => !virtualColumns.includes(name));
}

async function isMisplaced(
  sql: Sql,
  table: string,
  version: TableDefinition & { readonly at: string },
): Promise<boolean> {
  const { columns, virtualColumns, functionalIndexes, key, at } = version;
  // Only the conflicts show the place of a hidden column.
  const order = functionalIndexes.length === 0 ? columns : await allColumnsAt(sql, table, at);
  const values = order.filter((name) => !key.includes(name));
  const isStored = (name: string): boolean => columns.includes(name) && !virtualColumns.includes(name);
  const first = values.findIndex((name) => !isStored(name));
  return first !== -1 && values.slice(first).some(isStored);
}

/** All columns of a table in their order, with the hidden ones. */
async function allColumnsAt(sql: Sql, table: string, commit: string): Promise<string[]> {
  const rows = await atRevision(sql, commit, (session) =>
    session.rows(fieldRow, `DESCRIBE ${quoted(`dolt_conflicts_${table}`)}`),
  );
  const ours = rows.flatMap(({ Field }) => (Field.startsWith('our_') ? [Field.slice('our_'.length)] : []));
  // The last one is Dolt's own `our_diff_type`.
  return ours.slice(0, -1);
}

/** @param isAnyRow false: only rows that one side deleted and the other changed count */
async function changeSameRow(
  sql: Sql,
  { base, ours, theirs }: Versions,
  heads: Heads,
  shape: TableShape,
  isAnyRow: boolean,
): Promise<boolean> {
  const changed = (await rowDiffs(sql, { from: heads.base, to: heads.theirs }, shape.name)).flatMap(({ from, to }) => {
    const cells = to ?? from;
    return cells === null ? [] : [keyOf(shape, cells)];
  });
  if (base === null) return isAnyRow && changed.length > 0;
  const at = (version: TableDefinition, commit: string) => ({ at: commit, columns: storedColumns(version) });
  const here = at(ours, heads.ours);
  const there = at(theirs, heads.theirs);
  const before = at(base, heads.base);
  const both = await changedKeys(sql, shape, { from: before, to: here, keys: changed });
  if (isAnyRow) return (await changedKeys(sql, shape, { from: here, to: there, keys: both })).length > 0;
  // Dolt lists every row of a side that gave columns other places.
  const keys = await changedKeys(sql, shape, { from: before, to: there, keys: both });
  const sides = { from: { at: heads.ours, columns: shape.key }, to: { at: heads.theirs, columns: shape.key } };
  return (await changedKeys(sql, shape, { ...sides, keys })).length > 0;
}
