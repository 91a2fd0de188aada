import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { type Defect, defectsText, shifts, type TableDefinition } from '../schema/readability.ts';
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
    if (defects.length === 0) continue;
    const versions = { base: await tableDefinitionAt(sql, table, base), ours: here, theirs: other };
    if (!(await mayMisplace(sql, table, versions, heads))) continue;
    if (await changeSameRow(sql, await tableShape(sql, table), versions, heads)) throw misplaced(table, defects);
  }
}

function misplaced(table: string, defects: readonly Defect[]): Failure {
  return new Failure(
    'dolt-defect',
    `both sides changed the same rows of ${table}, and this Dolt would lose conflicts because of ${defectsText(defects)}`,
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

async function changeSameRow(sql: Sql, shape: TableShape, versions: Versions, heads: Heads): Promise<boolean> {
  const changed = (await rowDiffs(sql, { from: heads.base, to: heads.theirs }, shape.name)).flatMap(({ from, to }) => {
    const cells = to ?? from;
    return cells === null ? [] : [keyOf(shape, cells)];
  });
  const { base, ours, theirs } = versions;
  if (base === null) return changed.length > 0;
  const at = (version: TableDefinition, commit: string) => ({ at: commit, columns: storedColumns(version) });
  const here = at(ours, heads.ours);
  const both = await changedKeys(sql, shape, { from: at(base, heads.base), to: here, keys: changed });
  return (await changedKeys(sql, shape, { from: here, to: at(theirs, heads.theirs), keys: both })).length > 0;
}
