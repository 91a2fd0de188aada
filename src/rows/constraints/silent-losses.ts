import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { digestOf } from '../../dolt/rows/moved-rows.ts';
import { type OpenMergeTable, openMergeTable } from '../../dolt/rows/open-merge-table.ts';
import { hasShadowedDiff, type TableDefinition } from '../../dolt/schema/readability.ts';
import { type TableChange, tableChanges } from '../../dolt/schema/table-changes.ts';
import { tableNames, tableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { differenceCounts, differences, isComparable, type Source } from '../../dolt/sql/differences.ts';
import { isDoltTable, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Merging } from '../merging.ts';
import { otherSide, SIDES } from '../merging.ts';
import type { ResolvedRow } from '../resolved-row.ts';

type Heads = Pick<Merging, 'base' | 'ours' | 'theirs'>;
/** A row that a merge may remove, because its report names it. */
export type NamedRow = Pick<ResolvedRow, 'table' | 'key' | 'otherKey'>;

const digestRow = z.object({ digest: z.string() });
const statRow = z.object({ rows_deleted: z.coerce.number().int() });

const REPORT =
  'Please report it. If one side changed the definition of the table, run the same ALTER TABLE on the other side, commit, then run again.';

/**
 * Refuses a merge that lacks a row of one side although the other side did not delete it and no report names it. No known
 * merge does so: this is the last check against defects of Dolt and of ours. It reads the rows that the two sides changed,
 * only of tables that both changed.
 * @throws Failure `dolt-defect`
 */
export async function refuseSilentLosses(sql: Sql, heads: Heads, named: readonly NamedRow[]): Promise<void> {
  for (const { table, countable: isCounted } of await tablesOfBoth(sql, heads)) {
    const open = await openMergeTable(sql, table);
    const columns = (await areComparable(sql, heads, table)) ? comparedColumns(open) : null;
    if (columns === null) continue;
    const known = named.filter((row) => row.table === table).flatMap(({ key, otherKey = key }) => [key, otherKey]);
    const compared = { table, columns, known, countable: isCounted };
    const message = plain(`the merge would lose a row of ${table} that neither side deleted`);
    if (open.merged.key.length === 0) {
      if (await losesCopy(sql, heads, compared)) throw new Failure('dolt-defect', message, { hint: REPORT });
      continue;
    }
    const lost = await lostRow(sql, heads, compared);
    if (lost === null) continue;
    throw new Failure('dolt-defect', `${message}: ${plain(Object.values(lost).join(', '))}`, {
      values: { least: 'keys', without: message },
      hint: REPORT,
    });
  }
}

/** A table of the merge that both sides changed. */
interface TableOfBoth {
  readonly table: string;
  /** Whether `dolt_diff_stat` can count its rows. */
  readonly countable: boolean;
}

export async function tablesOfBoth(sql: Sql, heads: Heads): Promise<TableOfBoth[]> {
  const present = new Set(await tableNames(sql));
  const changed = async (to: string): Promise<ReadonlyMap<string, boolean>> => {
    const changes = await tableChanges(sql, heads.base, to);
    return new Map(
      changes.flatMap((one) =>
        one.to === null || !one.comparable || isDoltTable(one.to) ? [] : [[one.to, isCountable(one)]],
      ),
    );
  };
  const [ours, theirs] = [await changed(heads.ours), await changed(heads.theirs)];
  return [...ours].flatMap(([table, isOursCountable]) => {
    const isTheirsCountable = theirs.get(table);
    if (isTheirsCountable === undefined || !present.has(table)) return [];
    return [{ table, countable: isOursCountable && isTheirsCountable }];
  });
}

/** Whether `dolt_diff_stat` can count rows: not if columns of the key got other tags (Dolt 2.3.0: `primary key set changed`). */
function isCountable({ recreated, definitionChanged, explained }: TableChange): boolean {
  return !recreated && !definitionChanged && explained;
}

function versionsOf({ base, ours, theirs, merged }: OpenMergeTable): readonly TableDefinition[] {
  return [base, ours, theirs, merged].flatMap((version) => version ?? []);
}

/** Whether Dolt can compare a table of the open merge with both sides, and these with their base. */
async function areComparable(sql: Sql, heads: Heads, table: string): Promise<boolean> {
  for (const side of SIDES) {
    if (!(await isComparable(sql, { from: heads[side], to: 'WORKING' }, table))) return false;
    if (!(await isComparable(sql, { from: heads.base, to: heads[side] }, table))) return false;
  }
  return true;
}

/** The columns by which a row is known: its key, or all of a keyless table; null if the versions cannot be compared by them. */
function comparedColumns(open: OpenMergeTable): readonly string[] | null {
  if (open.ours === null || open.theirs === null) return null;
  const { key, columns } = open.merged;
  const isKeyless = key.length === 0;
  const isSame = versionsOf(open).every(
    (one) => JSON.stringify(one.key) === JSON.stringify(key) && (!isKeyless || isEqual(one, open.merged)),
  );
  const compared = isKeyless ? columns : key;
  return isSame && !hasShadowedDiff(compared) ? compared : null;
}

function isEqual(one: TableDefinition, other: TableDefinition): boolean {
  return JSON.stringify(one.columnTexts) === JSON.stringify(other.columnTexts);
}

interface Compared {
  readonly table: string;
  readonly columns: readonly string[];
  /** The rows that the report names. */
  readonly known: readonly Cells[];
  readonly countable: boolean;
}

/** The key of one row that is gone without a reason, null if there is none. */
async function lostRow(
  sql: Sql,
  heads: Heads,
  { table, columns: keys, known, countable }: Compared,
): Promise<Cells | null> {
  const names = keys.map((_, index) => `k${index}`);
  const selected = keys.map((name, index) => `${quoted(`from_${name}`)} AS k${index}`).join(', ');
  const removed = ({ text }: Source): string => `(SELECT ${selected} FROM ${text} WHERE diff_type = 'removed')`;
  const joined = names.map((name) => `gone.${name} = deleted.${name}`).join(' AND ');
  const textOf = (cells: Cells, columns: readonly string[]): string =>
    JSON.stringify(columns.map((name) => cells[name]));
  const reported = new Set(known.map((cells) => textOf(cells, keys)));
  for (const side of SIDES) {
    // Much cheaper than the rows.
    if (countable && (await countRemoved(sql, heads[side], table)) === 0) continue;
    const gone = await differences(sql, { from: heads[side], to: 'WORKING' }, table);
    const deleted = await differences(sql, { from: heads.base, to: heads[otherSide(side)] }, table);
    const rows = await sql.rows(
      cellsSchema,
      `SELECT gone.* FROM ${removed(gone)} gone LEFT JOIN ${removed(deleted)} deleted ON ${joined} WHERE deleted.k0 IS NULL LIMIT ${reported.size + 1}`,
      [...gone.values, ...deleted.values],
    );
    const lost = rows.find((row) => !reported.has(textOf(row, names)));
    if (lost !== undefined) return lost;
  }
  return null;
}

/** More rows than these are not compared. */
const MAX_COPIES = 10_000;

/**
 * Whether more copies of a row of a keyless table are gone than the other side deleted. Its rows in conflict stop every
 * merge but that of `resolve`, where a person decides about all of them.
 */
async function losesCopy(sql: Sql, heads: Heads, compared: Compared): Promise<boolean> {
  const { table, known, countable } = compared;
  if (known.length > 0) return false;
  const { columns } = await tableShape(sql, table);
  const removed = async (from: string, to: string): Promise<string[]> => {
    const { text, values } = await differences(sql, { from, to }, table);
    const source = `FROM ${text} WHERE diff_type = 'removed' LIMIT ${MAX_COPIES + 1}`;
    const rows = await sql.rows(digestRow, `SELECT ${digestOf(columns, 'from_')} AS digest ${source}`, values);
    return rows.map(({ digest }) => digest);
  };
  for (const side of SIDES) {
    if (countable && (await countRemoved(sql, heads[side], table)) === 0) continue;
    const gone = await removed(heads[side], 'WORKING');
    if (gone.length === 0 || gone.length > MAX_COPIES) continue;
    const deleted = await removed(heads.base, heads[otherSide(side)]);
    if (deleted.length > MAX_COPIES) continue;
    const copies = new Map<string, number>();
    for (const row of deleted) copies.set(row, (copies.get(row) ?? 0) + 1);
    for (const row of gone) copies.set(row, (copies.get(row) ?? 0) - 1);
    if ([...copies.values()].some((count) => count < 0)) return true;
  }
  return false;
}

/** @returns null if Dolt cannot count them */
async function countRemoved(sql: Sql, from: string, table: string): Promise<number | null> {
  const counts = await differenceCounts(sql, { from, to: 'WORKING' }, table);
  if (counts === null) return null;
  const [stat] = await sql.rows(statRow, `SELECT rows_deleted FROM ${counts.text}`, counts.values);
  return stat?.rows_deleted ?? 0;
}
