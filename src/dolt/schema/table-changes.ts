import { z } from 'zod';
import { Failure, toFailure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { atRevision } from '../sql/at-revision.ts';
import { rowsDiffer } from '../sql/differences.ts';
import { folded } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { columnsAt, keyNames } from './columns.ts';
import { type Item, tableItems } from './create-table.ts';
import { matchesPattern } from './ignored-tables.ts';
import { apart, type Ends, isTable, type Names, namesOf, namesRow, summaryOf } from './listed-changes.ts';
import { hiddenRows, nonlocalPatterns } from './nonlocal-tables.ts';
import { createTableAt } from './table-definitions.ts';
import { tableNames } from './table-shape.ts';

/** One table that differs between two commits. */
export interface TableChange {
  /** Its name in the first commit; null if it is new. */
  readonly from: string | null;
  /** Its name in the second commit; null if it was dropped. */
  readonly to: string | null;
  readonly dataChanged: boolean;
  /** Whether Dolt's schema of it differs. */
  readonly definitionChanged: boolean;
  /** Whether the definition differs as users see it: without tags of columns and the counter of AUTO_INCREMENT. */
  readonly redefined: boolean;
  /** False if the primary key changed, so that rows of the two commits do not correspond. */
  readonly comparable: boolean;
  /** Whether only `dolt_diff` shows the changed rows: `dolt_diff_stat` counts none. */
  readonly recreated: boolean;
  /** False if the tables differ but neither their rows nor their definitions do. */
  readonly explained: boolean;
}

/**
 * The tables that differ between two revisions, each once. On Dolt 2.3.0, `dolt_diff_summary` omits a table whose
 * primary key changed, that was replaced under the same name, or that got another column tag. `dolt_schema_diff` lists
 * only some of these, so the hashes of all tables are compared as well.
 */
export const tableChanges = remembered(2, async (sql, from: string, to: string): Promise<readonly TableChange[]> => {
  const range = { from, to };
  const summary = await summaryOf(sql, from, to);
  const schemas = await schemaDifference(sql, from, to);
  const changes: TableChange[] = [];
  for (const row of summary.filter(isTable).flatMap(apart)) {
    const change = namesOf(row);
    const redefined = schemas.some((other) => pair(other) === pair(row));
    const known = { ...change, redefined, comparable: true, recreated: false, explained: true };
    if (row.data_change || change.from === null || change.to === null) {
      changes.push({ ...known, dataChanged: row.data_change, definitionChanged: row.schema_change });
    } else {
      const dataChanged = await rowsDiffer(sql, range, change.to);
      changes.push({ ...known, dataChanged, definitionChanged: row.schema_change, recreated: dataChanged });
    }
  }
  const unlisted = schemas.filter((one) => isTable(one) && !summary.some((other) => pair(other) === pair(one)));
  for (const row of unlisted.flatMap(apart)) changes.push(await unlistedChange(sql, range, namesOf(row)));
  // No function hashes what is staged.
  if (from === STAGED || to === STAGED) return changes;
  const [before, after] = [await tableHashes(sql, from), await tableHashes(sql, to)];
  const reportedBefore = new Set(changes.map((change) => change.from));
  const reportedAfter = new Set(changes.map((change) => change.to));
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(name) === after.get(name)) continue;
    const change = {
      from: before.has(name) && !reportedBefore.has(name) ? name : null,
      to: after.has(name) && !reportedAfter.has(name) ? name : null,
    };
    if (change.from !== null || change.to !== null) changes.push(await unlistedChange(sql, range, change));
  }
  return changes.filter((change) => change.from !== null || change.to !== null);
});

/** Whether two commits give new tables another character set or collation. */
export async function changesCollation(sql: Sql, from: string, to: string): Promise<boolean> {
  return (await schemaDifference(sql, from, to)).some((row) => !isTable(row));
}

/** The tables whose definitions differ, by their names in both revisions; an empty name: the table is not there. */
export const schemaDifference = remembered(
  2,
  async (sql, from: string, to: string): Promise<readonly Names[]> =>
    await sql.rows(namesRow, 'SELECT from_table_name, to_table_name FROM dolt_schema_diff(?, ?)', [from, to]),
);

interface Range {
  readonly from: string;
  readonly to: string;
}

/** A change that the summary does not list. */
async function unlistedChange(sql: Sql, range: Range, change: Ends): Promise<TableChange> {
  const { from, to } = change;
  const whole = { ...change, dataChanged: true, definitionChanged: true, redefined: true };
  const known = { recreated: false, explained: true };
  if (from === null || to === null) return { ...whole, ...known, comparable: true };
  if ((await keyAt(sql, from, range.from)) !== (await keyAt(sql, to, range.to)))
    return { ...whole, ...known, comparable: false };
  const dataChanged = await rowsDiffer(sql, range, to);
  const [text, text2] = [await createTableAt(sql, from, range.from), await createTableAt(sql, to, range.to)];
  const definitionChanged = textOf(tableItems(text)) !== textOf(tableItems(text2));
  // The counter changes if a row was added and deleted again.
  const explained = dataChanged || definitionChanged || text !== text2;
  const found = { ...change, dataChanged, definitionChanged, redefined: definitionChanged };
  return { ...found, comparable: true, recreated: dataChanged, explained };
}

async function keyAt(sql: Sql, table: string, revision: string): Promise<string> {
  return JSON.stringify(keyNames(await columnsAt(sql, table, revision)));
}

function textOf(items: readonly Item[]): string {
  return JSON.stringify(items.map(({ kind, name, text }) => [kind, name, text]));
}

function pair(row: Names): string {
  return JSON.stringify([row.from_table_name, row.to_table_name]);
}

const hashRow = z.object({ name: z.string(), hash: z.string() });

/** The revision name of the session's working set. */
export const WORKING = 'WORKING';
/** The revision name of the session's staged tables. */
export const STAGED = 'STAGED';

const HASHES =
  "SELECT table_name AS name, dolt_hashof_table(table_name) AS hash FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'";

/**
 * The hashes of all tables at a commit, or of the working set, by name. Equal hashes mean equal rows and definitions.
 * Dolt's own tables are not included.
 * @throws Failure `schema-conflict` for two tables whose names differ only in case
 */
export async function tableHashes(sql: Sql, revision: string): Promise<ReadonlyMap<string, string>> {
  return revision === WORKING ? await read(sql) : await hashesAt(sql, revision);
}

const hashesAt = remembered(1, async (sql, commit: string) => {
  const hashes = await atRevision(sql, commit, read);
  const option = [...hashes.keys()].find((name) => name.startsWith(OPTION));
  if (option !== undefined) throw misread(option, 'an option');
  return hashes;
});

async function allHashes(sql: Sql): Promise<z.infer<typeof hashRow>[]> {
  const patterns = await nonlocalPatterns(sql);
  if (patterns.length > 0) return await withoutNonlocal(sql, patterns);
  try {
    return await sql.rows(hashRow, HASHES);
  } catch (thrown) {
    const failure = toFailure(thrown);
    throw (failure.code === 'unknown' ? await hiddenRows(sql) : null) ?? failure;
  }
}

/**
 * The hashes one by one, without tables that `dolt_nonlocal_tables` lends from another branch: Dolt 2.3.0 lists such a table
 * and cannot hash it (measured).
 */
async function withoutNonlocal(sql: Sql, patterns: readonly string[]): Promise<z.infer<typeof hashRow>[]> {
  const found: z.infer<typeof hashRow>[] = [];
  for (const name of await tableNames(sql)) {
    const isLent = patterns.some((pattern) => matchesPattern(folded(pattern), folded(name)));
    try {
      found.push(...(await sql.rows(hashRow, 'SELECT ? AS name, dolt_hashof_table(?) AS hash', [name, name])));
    } catch (thrown) {
      if (!isLent) throw thrown;
    }
  }
  return found;
}

/** `DOLT_CHECKOUT` and `DOLT_CONFLICTS_RESOLVE` take it for all tables; uncommitted rows of others would be lost (2.3.0, measured). */
const EVERY_TABLE = '.';
/** `dolt_diff` takes such a name for an option, so that nothing can compare the rows of the table (2.3.0, measured). */
const OPTION = '-';

function misread(table: string, meaning: string): Failure {
  const message = `Dolt takes the table name \`${plain(table)}\` for ${meaning}`;
  return new Failure('schema-conflict', message, {
    hint: 'Rename the table on the side that has it, commit, then run again. No `accept` allows this.',
  });
}

async function read(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const rows = await allHashes(sql);
  if (rows.some(({ name }) => name === EVERY_TABLE)) throw misread(EVERY_TABLE, 'every table');
  const seen = new Set<string>();
  const twice = rows.map(({ name }) => folded(name)).find((name) => seen.size === seen.add(name).size);
  if (twice === undefined) return new Map(rows.map(({ name, hash }) => [name, hash]));
  // Every statement reads one of them, so that no check sees the other (Dolt 2.3.0, measured).
  throw new Failure('schema-conflict', `two tables have the name ${twice} in different cases`, {
    hint: 'Rename or drop one of them on the side that has it, commit, then run again.',
  });
}
