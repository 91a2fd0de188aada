import { isDeepStrictEqual } from 'node:util';
import { SHOWN_ROWS } from '../../dolt/rows/differing-rows.ts';
import {
  type Clause,
  countRows,
  differs,
  firstRows,
  keysOfRows,
  type RowsByName,
  rowsByName,
} from '../../dolt/rows/rows-by-name.ts';
import { bareType, columnsAt, keyNames } from '../../dolt/schema/columns.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { type SteeringRows, type TablesOfHeads, tableNamed } from './incoming-changes.ts';
import { rowsSinceBases, unchangedTables } from './several-bases.ts';

/** Columns that bd writes on its own. */
const TIMES = ['last_sync', 'created_at', 'updated_at'];

/** Tables of a beads database by which bd finds other databases, and its settings. */
const ADDRESS_TABLES = ['federation_peers', 'routes'];
const SETTINGS = 'config';
const STATUSES = 'custom_statuses';

/**
 * Rows of a beads database that define where bd connects to, with which credentials, or what it shows, and that a head
 * changes. Rows of `config` count unless their key is known to be harmless and their value is not an address. Statuses count
 * if bd hides their issues; a row can have the name of a status of bd. The contents of the
 * tables under their names are compared, because no row differs if a peer renames a table or a column into place. With
 * several merge bases they are compared with ours, because seen from one base, a row that another one changed is back
 * unchanged. Rows that equal the merge of all bases then do not count.
 */
export async function readSteering(
  sql: Sql,
  heads: { readonly base: string; readonly ours: string; readonly theirs: string },
  tables: TablesOfHeads,
): Promise<SteeringRows[]> {
  const found: SteeringRows[] = [];
  // A head that replaces ours is compared with ours in any case.
  const isReplacing = heads.base === heads.ours;
  const bases = isReplacing ? [] : await mergeBases(sql, heads.ours, heads.theirs);
  const isUnchanged = bases.length < 2 ? null : await unchangedTables(sql, heads, bases);
  for (const name of [SETTINGS, STATUSES, ...ADDRESS_TABLES]) {
    const table = tableNamed(tables.theirs, name);
    if (table === null) continue;
    const hash = tables.theirs.get(table);
    const isSame = isUnchanged === null ? hashOf(tables.base, name) === hash : isUnchanged(table);
    if (isSame || hashOf(tables.ours, name) === hash) continue;
    const [from, before] = isUnchanged === null ? [heads.base, tables.base] : [heads.ours, tables.ours];
    const pair = await rowsByName(sql, { from, to: heads.theirs }, { from: tableNamed(before, name), to: table });
    const rows = { table, keys: pair.keys, ...changesOf(name, pair) };
    const count = await countChanged(sql, rows);
    const others = async (): Promise<SteeringRows['rows'] | null> => {
      if (isReplacing || count > MOST_ROWS) return null;
      if (isUnchanged !== null) return await sinceBases(sql, heads, bases, rows);
      return await unlikeOurs(sql, heads, rows, { name, before: tableNamed(tables.ours, name) });
    };
    const since = await others();
    if (since !== null) found.push({ table, count: since.length, rows: since.slice(0, SHOWN_ROWS) });
    else found.push({ table, count, rows: await firstOf(sql, rows) });
  }
  return found.filter(({ count }) => count > 0);
}

/** More rows are compared with one commit only. */
const MOST_ROWS = 1_000;

async function countChanged(sql: Sql, { sent, removed }: ChangedRows): Promise<number> {
  return (await countRows(sql, sent)) + (removed === null ? 0 : await countRows(sql, removed));
}

/** The changed rows that are not as in our table, of which `before` is the name; null if the rows cannot be distinguished. */
async function unlikeOurs(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  rows: ChangedRows,
  { name, before }: { readonly name: string; readonly before: string | null },
): Promise<SteeringRows['rows'] | null> {
  const { table } = rows;
  const pair = await rowsByName(sql, { from: heads.ours, to: heads.theirs }, { from: before, to: table });
  const unlike = { table, keys: pair.keys, ...changesOf(name, pair) };
  const names = keyNames(await columnsAt(sql, table, heads.theirs));
  if (names.length === 0 || before === null || (await countChanged(sql, unlike)) > MOST_ROWS) return null;
  const differing = new Set((await changedKeys(sql, unlike, names)).map((key) => JSON.stringify(key)));
  const changed = await changedKeys(sql, rows, names);
  return changed
    .filter((key) => differing.has(JSON.stringify(key)))
    .map((key) => ({ table, key, column: null, value: null }));
}

async function changedKeys(
  sql: Sql,
  { keys, sent, removed }: ChangedRows,
  names: readonly string[],
): Promise<readonly Cells[]> {
  return [
    ...(await keysOfRows(sql, sent, { keys, side: 'to', names })),
    ...(removed === null ? [] : await keysOfRows(sql, removed, { keys, side: 'from', names })),
  ];
}

/** The changed rows that are not as the merge of all bases would have them; null if a commit lacks the table or a column. */
async function sinceBases(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
  bases: readonly string[],
  rows: ChangedRows,
): Promise<SteeringRows['rows'] | null> {
  const { table, removed } = rows;
  const columns = await columnsAt(sql, table, heads.theirs);
  const names = keyNames(columns);
  // Keys of other types can have several texts.
  if (removed === null || columns.some((one) => one.primary && bareType(one) !== 'varchar')) return null;
  for (const commit of [heads.ours, ...bases]) {
    const isThere = (await tableNamesAt(sql, commit)).includes(table);
    if (!isThere || !isDeepStrictEqual(await columnsAt(sql, table, commit), columns)) return null;
  }
  const since = await rowsSinceBases(sql, heads, table, await changedKeys(sql, rows, names));
  return since.map(({ key }) => ({ table, key, column: null, value: null }));
}

function hashOf(tables: TablesOfHeads['base'], name: string): string | undefined {
  return tables.get(tableNamed(tables, name) ?? '');
}

interface ChangedRows {
  readonly table: string;
  readonly keys: RowsByName['keys'];
  readonly sent: Clause;
  readonly removed: Clause | null;
}

function changesOf(name: string, pair: RowsByName): Pick<ChangedRows, 'sent' | 'removed'> {
  switch (name) {
    case SETTINGS:
      return changedSettings(pair);
    case STATUSES:
      return hidingStatuses(pair);
    default:
      return changedAddresses(pair);
  }
}

function hidingStatuses(pair: RowsByName): Pick<ChangedRows, 'sent' | 'removed'> {
  const [name, category] = [pair.column('name'), pair.column('category')];
  if (name === null || category === null) return changedAddresses(pair);
  const hides = `LOWER(${category.to}) IN ('done', 'frozen')`;
  return {
    sent: { text: `${pair.sent.text} WHERE ${differs([name, category])} AND ${hides}`, values: pair.sent.values },
    removed: null,
  };
}

function changedSettings(pair: RowsByName): Pick<ChangedRows, 'sent' | 'removed'> {
  const [key, value] = [pair.column('key'), pair.column('value')];
  // Without these names bd reads no setting from the table.
  if (key === null || value === null) return changedAddresses(pair);
  const [is, was] = [maySteer(key.to, value.to), maySteer(key.from, value.from)];
  return {
    sent: {
      text: `${pair.sent.text} WHERE ${differs([key, value])} AND (${is.text} OR ${was.text})`,
      values: [...pair.sent.values, ...is.values, ...was.values],
    },
    removed: and(pair.removed, was),
  };
}

/** A setting that may steer a program: a key that is not known to be harmless, an address, or a status that hides issues. */
function maySteer(key: string, value: string): Clause {
  const [known, stored] = [namesOneOf(key, HARMLESS_SETTINGS), namesOneOf(key, [STORED_BY_USERS])];
  return {
    text: `(NOT ${known.text} OR ((${value} LIKE '%://%' OR ${value} LIKE '%:done%' OR ${value} LIKE '%:frozen%') AND NOT ${stored.text}))`,
    values: [...known.values, ...stored.values],
  };
}

function changedAddresses(pair: RowsByName): Pick<ChangedRows, 'sent' | 'removed'> {
  const compared = pair.columns.filter(({ name }) => !TIMES.includes(name));
  return {
    sent: { text: `${pair.sent.text} WHERE ${differs(compared)}`, values: pair.sent.values },
    removed: pair.removed,
  };
}

function and(clause: Clause | null, condition: Clause): Clause | null {
  if (clause === null) return null;
  return {
    text: `${clause.text} AND ${condition.text}`,
    values: [...clause.values, ...condition.values],
  };
}

async function firstOf(sql: Sql, { table, keys, sent, removed }: ChangedRows): Promise<SteeringRows['rows']> {
  const gone = removed === null ? [] : await firstRows(sql, removed, { table, keys, side: 'from' });
  return [...(await firstRows(sql, sent, { table, keys, side: 'to' })), ...gone].slice(0, SHOWN_ROWS);
}

/** LIKE patterns for the names of settings that hold credentials. */
export const SECRET_WORDS = [
  '%token%',
  '%secret%',
  '%password%',
  '%passwd%',
  '%credential%',
  '%apikey%',
  '%api_key%',
  '%private_key%',
  '%access_key%',
];

/** LIKE pattern for keys that users fill with texts of their own (`bd kv set`). */
const STORED_BY_USERS = 'kv.%';

/**
 * LIKE patterns for the keys of settings that hide, redirect, stop and start nothing (bd 1.3.0, read in its source). Others
 * may: a tracker's `github.repo` in this table takes precedence over bd's environment, `types.infra` hides issues, without
 * `issue_prefix` bd creates none, and `compact_tier1_days` decides which issues `bd compact` shortens.
 */
const HARMLESS_SETTINGS = [STORED_BY_USERS, 'allowed_prefixes', 'types.custom', 'status.custom', 'schema_version'];

/** An SQL condition: a name matches one of the patterns, in any case. */
export function namesOneOf(
  name: string,
  patterns: readonly string[],
): { readonly text: string; readonly values: readonly string[] } {
  return { text: `(${patterns.map(() => `LOWER(${name}) LIKE ?`).join(' OR ')})`, values: patterns };
}
