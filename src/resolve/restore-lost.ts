import { isDeepStrictEqual } from 'node:util';
import { shortDigest } from '../core/digest.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { groupBy } from '../core/lists.ts';
import { counted, shownValue } from '../core/text.ts';
import type { Identity } from '../dolt/identity.ts';
import { rowsByKey } from '../dolt/rows/stored-rows.ts';
import { hasTriggers, ordinaryColumns, tableNames } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { checkout, createBranch } from '../dolt/sql/heads.ts';
import { commitsAmong, commitsNamed } from '../dolt/sql/history.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { changedTables, commitIfAny } from '../dolt/sql/working-set.ts';
import { firesTriggers } from '../rows/constraints/restore.ts';
import { isSameValue } from '../rows/same-value.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { scratchName } from '../sync/merge/scratch.ts';
import { type LostRow, rowText, type Values } from './conflicts-file.ts';
import { decisionOf } from './lost-choices.ts';
import { readLost } from './lost-rows.ts';
import { type Entry, isGone, keyRules, noStatement, type Restoration, restorations } from './restore-statements.ts';
import { lostName } from './store-conflicts.ts';

/** The commit names its rows, so that no run restores a row twice: after a kill, or with the same file again. */
const SUBJECT = 'federation: restore ';
const ROWS = 'rows: ';

/** How each lost row would be restored; null if it cannot be. */
export async function readRestorations(
  database: Database,
  branch: string,
  lost: readonly LostRow[],
  rules: DatabaseRules,
): Promise<ReadonlyMap<LostRow, Restoration | null>> {
  return await database.session(async (sql) => {
    await checkout(sql, branch);
    const rows = await readLost(sql, lost);
    const found = new Map<LostRow, Restoration | null>();
    const keys = await keyRules(sql, rules);
    for (const [entry, restoration] of await restorations(sql, [...rows.keys()], keys)) {
      const row = rows.get(entry);
      if (row !== undefined) found.set(row, restoration);
    }
    return found;
  });
}

interface Restoring {
  readonly lost: readonly LostRow[];
  readonly rules: DatabaseRules;
  /** Who commits them. */
  readonly author: () => Promise<Identity>;
}

export interface RestoredRows {
  /** The new commit; the old one if no row is restored, or all have the chosen values already. */
  readonly head: string;
  /** How many rows were written. */
  readonly written: number;
}

/**
 * Restores the lost rows that are chosen for it in one commit. No local branch moves: a temporary branch keeps the
 * commit until a fast-forward.
 * @param head the commit to start from
 * @throws Failure `conflicts-stale` if a row was restored before, `conflicts-file-invalid` if one cannot be restored as
 * chosen, `constraint-violation` if that would fire a trigger, any error of `author`
 */
export async function restoreLost(
  database: Database,
  head: string,
  { lost, rules, author }: Restoring,
): Promise<RestoredRows> {
  const wanted = lost.filter((row) => isRestored(row, lost));
  if (wanted.length === 0) return { head, written: 0 };
  const by = await author();
  const branch = scratchName();
  await createBranch(database, { name: branch, at: head });
  return await database.session(async (sql) => {
    await checkout(sql, branch);
    const rows = await readLost(sql, wanted);
    const read = new Set(rows.values());
    const unread = wanted.find((row) => !read.has(row));
    if (unread !== undefined)
      throw invalid(
        unread,
        `${unread.head} or the table is not in this database any more, or the key of the table has another name`,
      );
    await refuseRestored(sql, head, wanted);
    const own = new Map([...rows].flatMap(([entry, row]) => valuesOf(entry, row)));
    const keys = await keyRules(sql, rules);
    let written = 0;
    const all = await restorations(sql, [...rows.keys()], keys, own);
    for (const [entry, restoration] of all) {
      const row = rows.get(entry);
      if (row !== undefined && (await restore(sql, { entry, row, restoration }))) written += 1;
    }
    // A counter can be one of the restored rows.
    if (keys !== null)
      for (const [entry, restoration] of all) await countRestored(sql, keys.children, { entry, restoration });
    if (written > 0 && rules.recognises(await tableNames(sql)))
      await rules.derive(sql, { base: head, ours: head, theirs: head });
    const subject = `${SUBJECT}${counted(written, 'row')} that a merge lacked`;
    // None if all rows have these values already, as after a correction by hand.
    const made = await commitIfAny(sql, `${subject}\n${ROWS}${wanted.map(digestOf).join(' ')}`, by);
    const left = await changedTables(sql, made ?? head, 'WORKING');
    const missed = wanted.find(({ table }) => left.includes(table));
    if (missed !== undefined) throw invalid(missed, 'dolt_ignore keeps the table out of commits');
    return { head: made ?? head, written };
  });
}

function isRestored(row: LostRow, all: readonly LostRow[]): boolean {
  const decision = decisionOf(row, all);
  return decision !== null && decision !== 'drop';
}

/** @throws Failure `conflicts-stale` if a commit restored one of the rows after it was lost */
async function refuseRestored(sql: Sql, head: string, wanted: readonly LostRow[]): Promise<void> {
  for (const [from, rows] of groupBy(wanted, (row) => row.head)) {
    for (const { hash, message } of await commitsNamed(sql, { from, to: head }, SUBJECT)) {
      const [, line = ''] = message.split('\n');
      const done = new Set(line.startsWith(ROWS) ? line.slice(ROWS.length).split(' ') : []);
      const row = rows.find((one) => done.has(digestOf(one)));
      if (row === undefined) continue;
      throw new Failure('conflicts-stale', `commit ${hash} has already restored the lost row ${textOf(row)}`, {
        location: row.at,
        hint: 'Write `drop` for this row, and for rows that depend on it. Then run resolve again.',
      });
    }
  }
}

/**
 * The parents of a merge stay in the history of its branch. A row of another commit is of another branch, of a head that
 * was refused, or of a history that was given up.
 * @throws Failure `conflicts-file-invalid`
 */
export async function refuseForeignRows(sql: Sql, head: string, lost: readonly LostRow[]): Promise<void> {
  const wanted = lost.filter((row) => isRestored(row, lost));
  if (wanted.length === 0) return;
  const named = [...new Set(wanted.map((row) => row.head))];
  const known = await commitsAmong(sql, { from: null, to: head }, named);
  const row = wanted.find((one) => !known.includes(one.head));
  if (row !== undefined) throw invalid(row, `our branch does not contain ${row.head}`);
}

function digestOf(row: LostRow): string {
  return shortDigest(lostName(row), 16);
}

/** The values that a person chose for a row, by the id of its entry. */
function valuesOf(entry: Entry, row: LostRow): [id: string, values: Values][] {
  if (row.choose === null || typeof row.choose === 'string') return [];
  const values = row.choose.as;
  const allowed = isGone(entry.kind) ? ordinaryColumns(entry.shape) : (entry.columns ?? []);
  const unknown = Object.keys(values).find((column) => !allowed.includes(column));
  if (unknown !== undefined) throw invalid(row, `\`restore-as\` cannot set the column ${unknown}`);
  return [[entry.id, values]];
}

/** @returns whether the row has other values than before */
async function restore(
  sql: Sql,
  {
    entry,
    row,
    restoration,
  }: { readonly entry: Entry; readonly row: LostRow; readonly restoration: Restoration | null },
): Promise<boolean> {
  if (restoration === null) throw invalid(row, noStatement(row));
  if (await hasTriggers(sql, entry.shape.name)) throw firesTriggers(entry.shape.name, 'restoring');
  const before = await rowAt(sql, entry, restoration);
  await sql.run(restoration.sql).catch((thrown: unknown) => {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted' || failure.code === 'engine-lost') throw failure;
    throw invalid(row, failure.message);
  });
  const { shape } = entry;
  const stored = await rowAt(sql, entry, restoration);
  if (stored === undefined) throw invalid(row, 'the database stores another key than the chosen one');
  const chosen = row.choose === null || typeof row.choose === 'string' ? {} : row.choose.as;
  for (const { name, type } of shape.columns) {
    if (!Object.hasOwn(chosen, name) || isSameValue(chosen[name] ?? null, stored[name] ?? null, type)) continue;
    throw invalid(row, `the column ${name} would become ${shownValue(stored[name] ?? null)}`);
  }
  return !isDeepStrictEqual(stored, before);
}

/** The row under the key of a restored one, which Dolt may print in another form. */
async function rowAt(sql: Sql, { shape }: Entry, { key }: Restoration): Promise<Cells | undefined> {
  const found = await rowsByKey(sql, shape, { keys: [key] });
  const columns = shape.columns.filter(({ name }) => shape.key.includes(name));
  return found.find((one) =>
    columns.every(({ name, type }) => isSameValue(key[name] ?? null, one[name] ?? null, type)),
  );
}

/** Lets the program's rules count a row that was added again below its parent. */
async function countRestored(
  sql: Sql,
  children: DatabaseRules['children'],
  { entry, restoration }: { readonly entry: Entry; readonly restoration: Restoration | null },
): Promise<void> {
  const [column] = entry.shape.key;
  const key = column === undefined ? null : (restoration?.key[column] ?? null);
  if (key === null || entry.shape.name !== children.table || !isGone(entry.kind)) return;
  await children.added(sql, key);
}

function invalid(row: LostRow, why: string): Failure {
  return new Failure('conflicts-file-invalid', `the lost row ${textOf(row)} cannot be restored: ${why}`, {
    location: row.at,
    hint: 'Choose other values with {restore-as: …}, write `drop`, or leave it empty to decide later.',
  });
}

function textOf({ table, key = {} }: LostRow): string {
  return rowText({ table, key });
}
