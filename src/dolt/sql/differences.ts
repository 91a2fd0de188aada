import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import type { ForeignKey } from '../schema/foreign-keys.ts';
import { listedChanges } from '../schema/listed-changes.ts';
import {
  crashesDiff,
  crashesKeyCheck,
  type DiffedTable,
  shifts,
  type TableDefinition,
  tableDefinition,
} from '../schema/readability.ts';
import { createTableAt, tableNamesAt } from '../schema/table-definitions.ts';
import { folded, quoted } from './identifier.ts';
import type { Sql } from './sql.ts';

/**
 * Every statement of ours that lists or counts rows that differ between commits takes its source from here: for some tables
 * Dolt 2.3.0 ends the server, also that of a user. A test refuses the names of these sources in other files.
 */
export interface Source {
  /** The text after FROM. */
  readonly text: string;
  readonly values: readonly string[];
}

interface Range {
  readonly from: string;
  readonly to: string;
}

const anyRow = z.object({ n: z.coerce.number() });
const columnRow = z.object({ Field: z.string() });

/**
 * The rows of a table that differ between two revisions: `dolt_diff`.
 * @param table its name in the second revision, or in the first if it was dropped
 * @throws Failure `dolt-defect` if Dolt cannot compare them
 */
export async function differences(sql: Sql, range: Range, table: string): Promise<Source> {
  if (!(await isComparable(sql, range, table))) throw uncomparable(table);
  return { text: 'dolt_diff(?, ?, ?)', values: [range.from, range.to, table] };
}

/** Whether Dolt can compare the rows of a table between two revisions. */
export async function isComparable(sql: Sql, range: Range, table: string): Promise<boolean> {
  return !crashesDiff(await versionsOf(sql, range, table));
}

/** Whether any row of a table differs. Of a table without a primary key, Dolt counts rows without reading them. */
export async function rowsDiffer(sql: Sql, range: Range, table: string): Promise<boolean> {
  const source = (await isComparable(sql, range, table)) ? 'dolt_diff' : 'dolt_diff_stat';
  const statement = `SELECT 1 AS n FROM ${source}(?, ?, ?) LIMIT 1`;
  return (await sql.rows(anyRow, statement, [range.from, range.to, table])).length > 0;
}

/**
 * The numbers of the rows of a table that differ between two revisions: `dolt_diff_stat`. Null if it would end the engine: a
 * VIRTUAL or hidden column precedes others (Dolt 2.3.0, measured).
 */
export async function differenceCounts(sql: Sql, range: Range, table: string): Promise<Source | null> {
  if ((await versionsOf(sql, range, table)).some((version) => shifts(version).length > 0)) return null;
  return { text: 'dolt_diff_stat(?, ?, ?)', values: [range.from, range.to, table] };
}

/** A table at a head, whose name is a branch or a hash. */
interface TableOf {
  readonly database: string;
  readonly head: string;
  readonly table: string;
}

/**
 * The rows that the commits of a history wrote: `dolt_diff_<table>`.
 * @throws Failure `dolt-defect` if Dolt cannot compare them
 */
export async function tableHistory(sql: Sql, of: TableOf): Promise<string> {
  return await view(sql, 'dolt_diff', of);
}

/**
 * The rows that differ between the two commits that a condition names: `dolt_commit_diff_<table>`.
 * @throws Failure `dolt-defect` if Dolt cannot compare them
 */
export async function commitPairs(sql: Sql, of: TableOf): Promise<string> {
  return await view(sql, 'dolt_commit_diff', of);
}

async function view(sql: Sql, prefix: string, { database, head, table }: TableOf): Promise<string> {
  const now = await versionAt(sql, table, head);
  // Dolt compares no commit in which the table had another primary key, or none.
  if (now !== null && crashesDiff([now])) throw uncomparable(table);
  return `${quoted(`${database}/${head}`)}.${quoted(`${prefix}_${table}`)}`;
}

/**
 * Refuses foreign keys that Dolt cannot check. Of a table without rows, there is nothing to check.
 * @param keys those of the revision
 * @throws Failure `dolt-defect`
 */
export async function requireCheckable(sql: Sql, revision: string, keys: readonly ForeignKey[]): Promise<void> {
  for (const { table, columns } of keys) {
    const version = await versionAt(sql, table, revision);
    if (version === null || !crashesKeyCheck(version, columns) || !(await hasRows(sql, table, revision))) continue;
    const message = plain(
      `this Dolt cannot check the foreign keys of ${table}, which has no primary key and a VIRTUAL column or functional index before their columns`,
    );
    throw new Failure('dolt-defect', message, {
      hint: 'On the side that changed it, add a primary key to the table. Or drop the VIRTUAL column or index and create it again, so that it comes last. Commit, then run again.',
    });
  }
}

async function hasRows(sql: Sql, table: string, revision: string): Promise<boolean> {
  return (await sql.rows(anyRow, `SELECT 1 AS n FROM ${quoted(table)} AS OF ? LIMIT 1`, [revision])).length > 0;
}

interface Version extends TableDefinition, DiffedTable {}

/** The versions of a table that Dolt compares: it takes a table for the one of another name if their columns have the same tags. */
async function versionsOf(sql: Sql, range: Range, table: string): Promise<readonly Version[]> {
  const isNamed = (name: string | null): boolean => name !== null && folded(name) === folded(table);
  const changes = await listedChanges(sql, range.from, range.to);
  const change = changes.find(({ to }) => isNamed(to)) ?? changes.find(({ from }) => isNamed(from));
  const before = await versionAt(sql, change?.from ?? table, range.from);
  const after = await versionAt(sql, change?.to ?? table, range.to);
  return [before, after].flatMap((version) => version ?? []);
}

async function versionAt(sql: Sql, table: string, revision: string): Promise<Version | null> {
  const name = (await tableNamesAt(sql, revision)).find((one) => folded(one) === folded(table));
  if (name === undefined) return null;
  const definition = tableDefinition(await createTableAt(sql, name, revision));
  // No other statement lists the hidden columns, and only tables without a primary key need them.
  if (definition.key.length > 0) return { ...definition, allColumns: definition.columns };
  const shown = await sql.rows(columnRow, `SHOW EXTENDED COLUMNS FROM ${quoted(name)} AS OF ?`, [revision]);
  return { ...definition, allColumns: shown.map(({ Field }) => Field) };
}

function uncomparable(table: string): Failure {
  const message = plain(
    `this Dolt cannot compare the rows of ${table}, which has no primary key and a VIRTUAL column or functional index`,
  );
  return new Failure('dolt-defect', message, {
    hint: 'On the side that changed it, add a primary key to the table. Commit, then run again.',
  });
}
