import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { inParts } from '../../core/lists.ts';
import { changedKeys } from '../../dolt/rows/changed-keys.ts';
import { rowsChecksum } from '../../dolt/rows/content.ts';
import { type Condition, hasKey, keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { holdsWords } from '../../dolt/schema/full-text.ts';
import { tableChanges, tableHashes, WORKING } from '../../dolt/schema/table-changes.ts';
import { createTableAt } from '../../dolt/schema/table-definitions.ts';
import {
  columnNamesAt,
  hasTriggers,
  ordinaryColumns,
  type TableShape,
  tableNames,
  tableShape,
} from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { differences } from '../../dolt/sql/differences.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { verifyConstraints } from '../../dolt/sql/violations.ts';
import { scratchName } from './scratch.ts';

/** With more uncommitted rows than this, they are not set aside: each one would be compared. */
const MAX_ROWS = 10_000;
const KEYS_PER_STATEMENT = 500;

/** Rows of one table that differ from HEAD and are not committed. */
export interface UncommittedRows {
  readonly shape: TableShape;
  /** Keys of rows that were added or changed. */
  readonly written: readonly Cells[];
  /** Keys of rows that were removed. */
  readonly removed: readonly Cells[];
}

const statusRow = z.object({ staged: z.coerce.number(), status: z.string() });

/**
 * The uncommitted rows of a table of the session's branch.
 * @returns the rows, or why they cannot be set aside
 */
export async function readUncommitted(sql: Sql, table: string): Promise<UncommittedRows | string> {
  const statuses = await sql.rows(statusRow, 'SELECT staged, status FROM dolt_status WHERE table_name = ?', [table]);
  if (statuses.some(({ staged }) => staged === 1)) return 'its changes are staged';
  const changes = (await tableChanges(sql, 'HEAD', 'WORKING')).filter(({ from, to }) => from === table || to === table);
  const changed = statuses.some(({ status }) => status !== 'modified') || changes.some((one) => one.from !== one.to);
  if (changed || changes.some((one) => one.definitionChanged || !one.comparable)) return 'its definition changed';
  const shape = await tableShape(sql, table);
  if (shape.key.length === 0) return 'it has no primary key';
  if (shape.columns.some(({ name }) => /^(?:to_|from_|diff_type$)/i.test(name)))
    return 'its columns hide those of dolt_diff';
  if (await hasTriggers(sql, table)) return 'it has triggers';
  const rows = await differingKeys(sql, shape, { from: 'HEAD', to: 'WORKING' });
  if (rows.written.length + rows.removed.length > MAX_ROWS) return `more than ${MAX_ROWS} of its rows have changes`;
  return { shape, ...rows };
}

/** Why a range of commits conflicts with uncommitted rows; null if it only changes other rows. */
export async function findOverlap(
  sql: Sql,
  { shape, written, removed }: UncommittedRows,
  range: { readonly from: string; readonly to: string },
): Promise<string | null> {
  if ((await columnNamesAt(sql, shape.name, range.to)).size === 0) return 'it does not exist there';
  if ((await definitionAt(sql, shape.name, range.from)) !== (await definitionAt(sql, shape.name, range.to)))
    return 'its definition is changed there';
  const rows = await differingAmong(sql, shape, { ...range, keys: [...written, ...removed] });
  return rows.length > 0 ? 'the same rows are changed there' : null;
}

/**
 * Tests on a temporary branch whether uncommitted rows fit a commit: unique keys, foreign keys, checks.
 * @param move.branch the branch whose working set holds the rows
 * @returns the table that does not fit, or null
 */
export async function findUnfitTable(
  database: Database,
  rows: readonly UncommittedRows[],
  move: { readonly branch: string; readonly to: string },
): Promise<string | null> {
  const name = scratchName();
  await createBranch(database, { name, at: move.to });
  return database.session(async (sql) => {
    await sql.run('SET autocommit = 0');
    await checkout(sql, name);
    for (const one of rows) {
      try {
        await writeRows(sql, one, workingSet(database, move.branch, one));
      } catch (thrown) {
        if (!(thrown instanceof Failure) || thrown.code === 'engine-lost') throw thrown;
        return one.shape.name;
      }
    }
    const [broken] = await verifyConstraints(sql);
    return broken?.table ?? null;
  });
}

/**
 * Finds a table with more uncommitted changes than the rows that Dolt lists, which would be lost: a row that was replaced
 * by one whose values are equal under their collations is not listed (Dolt 2.3.0, measured).
 * @param move.from the head of the branch
 */
export async function findUnlisted(
  database: Database,
  rows: readonly UncommittedRows[],
  move: { readonly branch: string; readonly from: string },
): Promise<string | null> {
  const name = scratchName();
  await createBranch(database, { name, at: move.from });
  return database.session(async (sql) => {
    await checkout(sql, move.branch);
    const here = await tableHashes(sql, WORKING);
    await sql.run('SET autocommit = 0');
    await checkout(sql, name);
    for (const one of rows) await writeRows(sql, one, workingSet(database, move.branch, one));
    const written = await tableHashes(sql, WORKING);
    for (const one of rows) {
      const { name: table } = one.shape;
      if (here.get(table) === written.get(table)) continue;
      // The hash depends on the counter of AUTO_INCREMENT too, which Dolt raises to that of any branch.
      const at = { table, commit: move.from };
      const before = await rowsChecksum(sql, at, workingSet(database, move.branch, one));
      const after = await rowsChecksum(sql, at, { text: quoted(table), values: [] });
      if (before.checksum !== after.checksum) return table;
    }
    return null;
  });
}

/** The table in the working set of a branch. */
export function workingSet({ name }: Database, branch: string, { shape }: UncommittedRows): Condition {
  return { text: `${quoted(`${name}/${branch}`)}.${quoted(shape.name)}`, values: [] };
}

/**
 * @param of.kept the commit that keeps the rows; they were compared with its parent
 * @returns the tables with rows that could not be written back
 */
export async function writeBack(
  sql: Sql,
  { kept, branch }: { readonly kept: string; readonly branch: string },
): Promise<string[]> {
  await checkout(sql, branch);
  const present = await tableNames(sql);
  const left: string[] = [];
  for (const { to: table } of await tableChanges(sql, `${kept}~1`, kept)) {
    // The words of a FULLTEXT index follow the rows.
    if (table === null || holdsWords(table)) continue;
    const isSame =
      present.includes(table) && (await definitionAt(sql, table, kept)) === (await definitionAt(sql, table, null));
    if (!isSame || !(await writeTableBack(sql, table, kept))) left.push(table);
  }
  return left;
}

/** @returns whether all rows are as they were set aside */
async function writeTableBack(sql: Sql, table: string, kept: string): Promise<boolean> {
  const shape = await tableShape(sql, table);
  const rows = await differingKeys(sql, shape, { from: `${kept}~1`, to: kept });
  const taken = await changedSince(sql, shape, { kept, keys: [...rows.written, ...rows.removed] });
  const free = (keys: readonly Cells[]) => keys.filter((key) => !taken.has(keyText(shape, key)));
  const restorable = { shape, written: free(rows.written), removed: free(rows.removed) };
  await writeRows(sql, restorable, { text: `${quoted(table)} AS OF ?`, values: [kept] });
  const keys = [...restorable.written, ...restorable.removed];
  const differing = await differingAmong(sql, shape, { from: kept, to: 'WORKING', keys });
  return taken.size === 0 && differing.length === 0;
}

/** Keys of rows that were committed or changed after they were set aside, unless to the same values. */
async function changedSince(
  sql: Sql,
  shape: TableShape,
  { kept, keys }: { readonly kept: string; readonly keys: readonly Cells[] },
): Promise<ReadonlySet<string>> {
  const texts = (rows: readonly Cells[]) => rows.map((row) => keyText(shape, row));
  const committed = await differingAmong(sql, shape, { from: `${kept}~1`, to: 'HEAD', keys });
  const uncommitted = texts(await differingAmong(sql, shape, { from: 'HEAD', to: 'WORKING', keys }));
  const different = new Set(texts(await differingAmong(sql, shape, { from: kept, to: 'WORKING', keys })));
  return new Set([...texts(committed), ...uncommitted].filter((key) => different.has(key)));
}

/** Writes rows as in another version of the table. Foreign keys are not checked, so nothing cascades. */
export async function writeRows(
  sql: Sql,
  { shape, written, removed }: UncommittedRows,
  source: Condition,
): Promise<void> {
  const columns = ordinaryColumns(shape).map(quoted).join(', ');
  await sql.run('SET foreign_key_checks = 0');
  for (const keys of inParts([...written, ...removed], KEYS_PER_STATEMENT)) {
    const where = hasKey(shape, keys);
    await sql.run(`DELETE FROM ${quoted(shape.name)} WHERE ${where.text}`, where.values);
  }
  for (const keys of inParts(written, KEYS_PER_STATEMENT)) {
    const where = hasKey(shape, keys);
    await sql.run(
      `INSERT INTO ${quoted(shape.name)} (${columns}) SELECT ${columns} FROM ${source.text} WHERE ${where.text}`,
      [...source.values, ...where.values],
    );
  }
  await sql.run('SET foreign_key_checks = 1');
}

interface Range {
  readonly from: string;
  readonly to: string;
}

async function differingKeys(
  sql: Sql,
  shape: TableShape,
  range: Range,
): Promise<Pick<UncommittedRows, 'written' | 'removed'>> {
  const columns = shape.key.flatMap((name) => [quoted(`to_${name}`), quoted(`from_${name}`)]);
  const { text, values } = await differences(sql, range, shape.name);
  const statement = `SELECT ${columns.join(', ')}, diff_type FROM ${text} LIMIT ${MAX_ROWS + 1}`;
  const rows = await sql.rows(cellsSchema, statement, values);
  const of = (prefix: string, isRemoved: boolean): Cells[] =>
    rows.filter((row) => (row['diff_type'] === 'removed') === isRemoved).map((row) => keyOf(shape, row, prefix));
  return { written: of('to_', false), removed: of('from_', true) };
}

async function differingAmong(
  sql: Sql,
  shape: TableShape,
  { from, to, keys }: Range & { readonly keys: readonly Cells[] },
): Promise<Cells[]> {
  const columns = ordinaryColumns(shape);
  return await changedKeys(sql, shape, { from: { at: from, columns }, to: { at: to, columns }, keys, byDigest: true });
}

/** A table's CREATE TABLE at a commit, or in the session's branch if null, without its counter. */
async function definitionAt(sql: Sql, table: string, commit: string | null): Promise<string> {
  return (await createTableAt(sql, table, commit)).replace(/ AUTO_INCREMENT=\d+/, '');
}
