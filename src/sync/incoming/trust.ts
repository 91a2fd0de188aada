import { z } from 'zod';
import { parsePathPattern } from '../../config/endpoint/path-pattern.ts';
import type { BlockedRow } from '../../contract/result.ts';
import { Failure } from '../../core/failure.ts';
import { counted, plain } from '../../core/text.ts';
import {
  countDifferingRows,
  differingKeys,
  differingRows,
  type RowChoice,
  SHOWN_ROWS,
} from '../../dolt/rows/differing-rows.ts';
import { bareType, columnsAt, isText, keyNames } from '../../dolt/schema/columns.ts';
import { type TableChange, tableChanges } from '../../dolt/schema/table-changes.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { differences } from '../../dolt/sql/differences.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { nothingDone, type Verdict } from './check-incoming.ts';
import { type ChangedRow, keysSince, rowsSinceBases, rowsUnlikeOurs, unchangedTables } from './several-bases.ts';

/** The column in which bd records the system that a row came from. */
const COLUMN = 'source_system';

/**
 * Why a peer may not change any row of a table: no row says which system it came from; the table is new, gone or
 * redefined; or its rows cannot be distinguished.
 */
type ReadOnly = 'no system' | 'definition' | 'no key';

/** The incoming changes that the `trust` of a peer does not allow, table by table. */
export interface Untrusted {
  readonly table: string;
  /** The number of rows, or why no row may change. */
  readonly count: number | ReadOnly;
  readonly rows: readonly BlockedRow[];
}

interface Range {
  readonly from: string;
  readonly to: string;
}

const systemRow = z.object({ before: z.string().nullable(), after: z.string().nullable() });

/**
 * The rows that a head adds, changes or deletes although they came from a system, or would say so, that no pattern
 * names. A row that says nothing has the empty text. A table that was redefined counts as a whole.
 */
export async function untrustedChanges(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  patterns: readonly string[],
): Promise<Untrusted[]> {
  const [base, ...further] = await mergeBases(sql, heads.ours, heads.theirs);
  if (base === undefined) return [];
  if (further.length === 0) return await untrustedSince(sql, { from: base, to: heads.theirs }, patterns, heads);
  const bases = [base, ...further];
  const isUnchanged = await unchangedTables(sql, heads, bases);
  return await untrustedSinceAll(sql, heads, {
    bases,
    patterns,
    isUnchanged,
    wholeTable: async (_, { reason }) => reason,
    changedRows: rowsSinceBases,
  });
}

/**
 * As `untrustedChanges`, for a head that replaces ours. Only rows count that differ from ours and that the peer changed; a
 * rewritten history changes many rows to what they are here. A table that was redefined since counts as it differs from
 * ours: both sides may have made the same migration, in different commits.
 * @param since the last commits that our branch may not lose; none: every difference from ours counts
 */
export async function untrustedReplacement(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  { since, patterns }: { readonly since: readonly string[]; readonly patterns: readonly string[] },
): Promise<Untrusted[]> {
  if (since.every((commit) => commit === heads.ours)) {
    return await untrustedSince(sql, { from: heads.ours, to: heads.theirs }, patterns);
  }
  const tables = await comparedWithOurs(sql, heads, patterns);
  return await untrustedSinceAll(sql, heads, { bases: since, patterns, ...tables, changedRows: rowsUnlikeOurs });
}

/** How the tables of a head that are read-only since a commit differ from ours: both sides may have changed them alike. */
interface ComparedTables {
  readonly isUnchanged: (table: string) => boolean;
  /** The part that counts of a table that differs. */
  readonly wholeTable: (
    table: string,
    since: { readonly base: string; readonly reason: ReadOnly },
  ) => Promise<Suspected>;
}

async function comparedWithOurs(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  patterns: readonly string[],
): Promise<ComparedTables> {
  const changes = await tableChanges(sql, heads.ours, heads.theirs);
  const [here, there] = [changes.map(({ from }) => from), changes.map(({ to }) => to)];
  const unlikeOurs = await suspectKeys(sql, { from: heads.ours, to: heads.theirs }, patterns);
  return {
    isUnchanged: (table) => !here.includes(table) && !there.includes(table),
    // The head lacks any other table that differs.
    wholeTable: async (table, { base, reason }) => {
      const keys = there.includes(table) ? (unlikeOurs.get(table) ?? []) : reason;
      return typeof keys === 'string' ? keys : await keysSince(sql, heads, { base, table, keys });
    },
  };
}

/** More rows are compared with the merge base only. */
const MOST_ROWS = 1_000;

/**
 * @param heads for rows and tables that ours has as the head has them, which do not count; absent: the range begins at ours
 */
async function untrustedSince(
  sql: Sql,
  range: Range,
  patterns: readonly string[],
  heads?: { readonly ours: string; readonly theirs: string },
): Promise<Untrusted[]> {
  const found: Untrusted[] = [];
  const suspects = await suspectsSince(sql, range, patterns);
  const isAnyWhole = suspects.some(({ choice }) => typeof choice === 'string');
  const compared = heads === undefined || !isAnyWhole ? null : await comparedWithOurs(sql, heads, patterns);
  for (const { table, choice } of suspects) {
    if (typeof choice === 'string') {
      if (compared?.isUnchanged(table) === true) continue;
      const since = { base: range.from, reason: choice };
      const keys = compared === null ? choice : await compared.wholeTable(table, since);
      if (typeof keys === 'string') found.push({ table, count: keys, rows: [] });
      else if (heads !== undefined) found.push(...untrustedRow(table, await rowsUnlikeOurs(sql, heads, table, keys)));
    } else {
      const count = await countDifferingRows(sql, range, choice);
      const keys = heads === undefined || count > MOST_ROWS ? null : await differingKeys(sql, range, choice);
      if (heads === undefined || keys === null)
        found.push({ table, count, rows: await differingRows(sql, range, choice) });
      else found.push(...untrustedRow(table, await rowsUnlikeOurs(sql, heads, table, keys)));
    }
  }
  return found;
}

/** @returns nothing without rows */
function untrustedRow(table: string, changed: readonly ChangedRow[]): Untrusted[] {
  const rows = changed.map(({ key, row }) => ({ table, key, column: COLUMN, value: row?.[COLUMN] ?? null }));
  return rows.length === 0 ? [] : [{ table, count: rows.length, rows: rows.slice(0, SHOWN_ROWS) }];
}

/** The same since one of several commits, without tables and rows that are as they should be. */
async function untrustedSinceAll(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  of: ComparedTables & {
    readonly bases: readonly string[];
    readonly patterns: readonly string[];
    readonly changedRows: typeof rowsSinceBases;
  },
): Promise<Untrusted[]> {
  const { bases, patterns, isUnchanged, wholeTable, changedRows } = of;
  const suspects = new Map<string, Suspected>();
  for (const base of bases) {
    for (const [table, since] of await suspectKeys(sql, { from: base, to: heads.theirs }, patterns)) {
      if (isUnchanged(table)) continue;
      const keys = typeof since === 'string' ? await wholeTable(table, { base, reason: since }) : since;
      const known = suspects.get(table) ?? [];
      suspects.set(table, typeof known === 'string' ? known : typeof keys === 'string' ? keys : [...known, ...keys]);
    }
  }
  const found: Untrusted[] = [];
  for (const [table, keys] of [...suspects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (typeof keys === 'string') found.push({ table, count: keys, rows: [] });
    else found.push(...untrustedRow(table, await changedRows(sql, heads, table, keys)));
  }
  return found;
}

/** The keys of the rows of a table that count, or why the whole table does. */
type Suspected = readonly Cells[] | ReadOnly;

/** The tables that a range changes. A table whose rows have no keys that can be read is read-only. */
async function suspectKeys(
  sql: Sql,
  range: Range,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, Suspected>> {
  const found = new Map<string, Suspected>();
  for (const { table, choice } of await suspectsSince(sql, range, patterns)) {
    const keys = typeof choice === 'string' ? choice : ((await differingKeys(sql, range, choice)) ?? 'no key');
    found.set(table, keys);
  }
  return found;
}

interface Suspect {
  readonly table: string;
  /** Its rows that count, or why the whole table does. */
  readonly choice: RowChoice | ReadOnly;
}

/** The tables that a range changes, and the rows that came from a system which no pattern names. */
async function suspectsSince(sql: Sql, range: Range, patterns: readonly string[]): Promise<Suspect[]> {
  if (range.from === range.to) return [];
  const isTrusted = trusting(patterns);
  const found: Suspect[] = [];
  for (const change of await tableChanges(sql, range.from, range.to)) {
    const table = change.to ?? change.from ?? '';
    const keys = await keysOrReason(sql, change, range);
    const choice = typeof keys === 'string' ? keys : await untrustedRows(sql, range, { table, keys, isTrusted });
    if (choice !== 'none') found.push({ table, choice });
  }
  return found;
}

function trusting(patterns: readonly string[]): (system: string) => boolean {
  const expressions = patterns.map((pattern) => parsePathPattern(pattern));
  return (system) => expressions.some((one) => one.test(system));
}

/** The key columns of a table whose rows say on both sides where they came from; why not, for any other table. */
async function keysOrReason(
  sql: Sql,
  { from, to, comparable, definitionChanged }: TableChange,
  range: Range,
): Promise<readonly string[] | ReadOnly> {
  const columns = await columnsAt(sql, to ?? from ?? '', to === null ? range.from : range.to);
  // Of another type, the column names no system.
  if (!columns.some((column) => column.name === COLUMN && isText(bareType(column)))) return 'no system';
  if (from === null || from !== to || !comparable || definitionChanged) return 'definition';
  const keys = keyNames(columns);
  return keys.length > 0 ? keys : 'no key';
}

async function untrustedRows(
  sql: Sql,
  range: Range,
  of: {
    readonly table: string;
    readonly keys: readonly string[];
    readonly isTrusted: (system: string) => boolean;
  },
): Promise<RowChoice | 'none'> {
  const { table, keys, isTrusted } = of;
  const [before, after] = [systemOf('from', 'added'), systemOf('to', 'removed')];
  const { text, values } = await differences(sql, range, table);
  const systems = await sql.rows(
    systemRow,
    `SELECT DISTINCT ${before} AS \`before\`, ${after} AS \`after\` FROM ${text}`,
    values,
  );
  const all = systems.flatMap((row) => [row.before, row.after]).filter((system) => system !== null);
  const refused = [...new Set(all)].filter((system) => !isTrusted(system));
  if (refused.length === 0) return 'none';
  const list = refused.map(() => '?').join(', ');
  const where = `(${before} IN (${list}) OR ${after} IN (${list}))`;
  return { table, keys, where, parameters: [...refused, ...refused], column: COLUMN };
}

/** The system of one side of a row; NULL if that side has no row. */
function systemOf(side: 'from' | 'to', absent: 'added' | 'removed'): string {
  return `CASE WHEN diff_type = '${absent}' THEN NULL ELSE COALESCE(${side}_${COLUMN}, '') END`;
}

const READ_ONLY: Readonly<Record<ReadOnly, (table: string) => string>> = {
  'no system': (table) => `changes ${table}, whose rows do not say which system they came from`,
  definition: (table) => `adds, drops or redefines the table ${table}, which its \`trust\` does not allow`,
  'no key': (table) => `changes ${table}, whose rows cannot be distinguished without a primary key`,
};

/** A verdict that also blocks what `trust` does not allow. No `accept` lifts that. */
export function withTrust(verdict: Verdict, untrusted: readonly Untrusted[], peer: string): Verdict {
  if (untrusted.length === 0) return verdict;
  const lines = untrusted.map(({ table, count }) =>
    typeof count === 'string'
      ? `${peer} ${READ_ONLY[count](plain(table))}`
      : `${peer} changes ${counted(count, 'row')} of ${plain(table)} from systems that its \`trust\` does not name`,
  );
  const end = verdict.failure?.message ?? nothingDone(peer);
  return {
    ...verdict,
    failure: new Failure('peer-untrusted', [...lines, end].join('\n')),
    held: [...untrusted.flatMap(({ rows }) => rows), ...verdict.held],
  };
}
