import type { ConflictStrategy } from '../contract/vocabulary.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { groupBy } from '../core/lists.ts';
import { tablesInConflict } from '../dolt/rows/conflict-rows.ts';
import { movedRows } from '../dolt/rows/moved-rows.ts';
import { PendingRows } from '../dolt/rows/pending-rows.ts';
import { keyText } from '../dolt/rows/row-key.ts';
import { columnNamesAt, ordinaryColumns, type TableShape, tableNames, tableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { commitInfo, mergeBase } from '../dolt/sql/history.ts';
import { isDoltTable } from '../dolt/sql/identifier.ts';
import { commitMerge, undoMerge } from '../dolt/sql/merge.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { forgetViolations, violations } from '../dolt/sql/violations.ts';
import { checkMerged, checkSides, openWithSchema, withDefaultHint } from './check-schema.ts';
import type { CellResolution } from './choose-row.ts';
import { loseDependants, withDependants } from './constraints/dependants.ts';
import { resolveConstraints, resolveRows } from './constraints/resolve-constraints.ts';
import { sharedDependants } from './constraints/shared-dependants.ts';
import { refuseSilentLosses } from './constraints/silent-losses.ts';
import { brokenConstraints, requireAllRows } from './constraints/verify-merge.ts';
import { correctAmbiguousRows, namedRows, tablesToResolve } from './corrections/ambiguous-rows.ts';
import { correctDocuments } from './corrections/documents.ts';
import { keysByBase } from './corrections/row-bases.ts';
import { correctWrongCells, refuseWrongCells } from './corrections/wrong-cells.ts';
import { type MergeFailure, rowConflict, SAME_OF_DOLT, violated, withoutStack } from './merge-failure.ts';
import { type Merging, mergeBudget, otherSide, type Side, takeReport } from './merging.ts';
import { lostSide, type ResolvedRow } from './resolved-row.ts';
import { type DatabaseRules, originColumns, tablePolicies } from './table-policy.ts';
import { undoneRows } from './undone-rows.ts';

interface HeadToMerge {
  /** Name of the database. */
  readonly database: string;
  /** The commit of the session's branch, and the one to merge onto it. */
  readonly onto: string;
  readonly head: string;
  readonly strategy: ConflictStrategy;
  /** Whether `head` is our head; only affects how a refusal is reported. */
  readonly swapped: boolean;
  /** Maximum size of the report of its rows. */
  readonly reportBytes: number;
  readonly rules: DatabaseRules;
}

/** A committed merge, or an aborted one. */
export type Merged =
  | { readonly kind: 'merged'; readonly commit: string; readonly rows: readonly ResolvedRow[] }
  | { readonly kind: 'refused'; readonly mergeFailure: MergeFailure };

/**
 * Merges one head onto the session's branch, resolves what the strategy may resolve, and commits once; or changes
 * nothing. Every merge takes the same steps, also a clean one: schema, rows in conflict, unique keys and foreign keys
 * until nothing changes, verification. Never throws because of the data.
 */
export async function mergeHead(sql: Sql, merge: HeadToMerge): Promise<Merged> {
  const pending = new PendingRows(sql);
  try {
    const resolved = await resolveMerge(sql, merge, pending);
    if (!Array.isArray(resolved)) return await refuse(sql, pending, resolved);
    return { kind: 'merged', commit: await commitMerge(sql, { ours: merge.onto, theirs: merge.head }), rows: resolved };
  } catch (thrown) {
    return refuse(sql, pending, { failure: withDefaultHint(withoutStack(toFailure(thrown))), rows: [] });
  }
}

async function refuse(sql: Sql, pending: PendingRows, mergeFailure: MergeFailure): Promise<Merged> {
  await undoMerge(sql);
  await pending.clear();
  return { kind: 'refused', mergeFailure };
}

/**
 * Leaves the merge open, ready to be committed.
 * @returns what was done, or why it is impossible
 */
async function resolveMerge(sql: Sql, merge: HeadToMerge, pending: PendingRows): Promise<ResolvedRow[] | MergeFailure> {
  const { database, onto, head, strategy, swapped, rules } = merge;
  const budget = mergeBudget(merge.reportBytes);
  const base = await mergeBase(sql, onto, head);
  if (base === null) throw new Failure('unrelated', `${onto} and ${head} share no commit`);
  const heads = { database, ours: onto, theirs: head, base };
  const sides = await checkSides(sql, heads, swapped);
  const dates = [(await commitInfo(sql, onto)).date, (await commitInfo(sql, head)).date];
  await openWithSchema(sql, heads, sides, { date: dates.sort().at(-1) ?? '', swapped });

  const listed = await tablesInConflict(sql);
  const own = listed.filter((table) => isDoltTable(table));
  if (own.length > 0) {
    const message = `both sides changed ${own.join(', ')}, which no strategy can resolve`;
    return { failure: new Failure('conflict', message, { hint: SAME_OF_DOLT }), rows: [] };
  }
  await checkMerged(sql, heads, sides, swapped);
  await requireAllRows(sql);

  const names = await tableNames(sql);
  const several = await correctAmbiguousRows(sql, heads, { pending, budget: budget.rows });
  const ambiguous = await correctDocuments(sql, heads, { pending, budget: budget.rows, ambiguous: several });
  await correctWrongCells(sql, heads, { pending, ambiguous });
  const tables = await tablesToResolve(sql, ambiguous, listed);
  const merging = { ...heads, pending, budget, ambiguous, policyOf: tablePolicies(rules, names) };
  const resolved =
    strategy === 'manual'
      ? await readUndone(sql, merging, tables)
      : await resolveAll(sql, merging, { tables, strategy });
  if (!Array.isArray(resolved)) return resolved;
  const named = [...resolved, ...namedRows(ambiguous)];
  await refuseSilentLosses(sql, heads, named);
  await refuseWrongCells(sql, heads, named);
  const shared = await sharedDependants(sql, merging, resolved);
  if (rules.recognises(names)) await rules.derive(sql, heads);
  return [...resolved, ...shared];
}

/** Under `manual` the conflicts are read for a person. Without any, rows with conflicts in computed columns are resolved. */
async function readUndone(
  sql: Sql,
  merging: Merging,
  tables: readonly string[],
): Promise<ResolvedRow[] | MergeFailure> {
  const { rows, computed } = await undoneRows(sql, tables, merging);
  if (rows.length > 0) return { failure: rowConflict(rows, 'the strategy of this peer is manual'), rows };
  if (computed.length > 0) {
    const resolved = await resolveRows(sql, merging, { tables: computed, strategy: 'newest' });
    if ('failure' in resolved) return resolved;
  }
  for (const table of merging.pending.tables()) {
    await merging.pending.pull(table);
    await merging.pending.write(table);
  }
  const found = await violations(sql);
  const broken = found.length > 0 ? found : await brokenConstraints(sql, merging);
  return broken.length === 0 ? [] : { failure: violated(broken, 'the merge would break constraints'), rows };
}

async function resolveAll(
  sql: Sql,
  merging: Merging,
  conflicts: { readonly tables: readonly string[]; readonly strategy: CellResolution },
): Promise<ResolvedRow[] | MergeFailure> {
  const resolved = await resolveRows(sql, merging, conflicts);
  if ('failure' in resolved) return resolved;
  // An explicit strategy has decided; only `newest` leaves rows for a person.
  const left = conflicts.strategy === 'newest';
  const dependants = (await loseDependants(sql, merging, resolved.losers)).map((row) => ({ ...row, left }));
  // Violations that Dolt found before the rows were resolved are checked again afterwards.
  await forgetViolations(sql);
  const constraints = await resolveConstraints(sql, merging, { strategy: conflicts.strategy, removed: dependants });
  if (!Array.isArray(constraints)) return constraints;
  for (const row of [...dependants, ...constraints]) takeReport(merging.budget, row);
  const reported = [...withDependants(resolved.rows, dependants), ...constraints];
  return conflicts.strategy === 'newest' ? await markRenamed(sql, merging, reported) : reported;
}

/**
 * Finds renamed rows among those that survived a deletion: the side that deleted the row added one with equal contents
 * under another key. If both rows are in the merge, a person has to check them.
 * @param reported the results of a merge
 * @returns the same, with these rows as `renamed`
 */
async function markRenamed(sql: Sql, merging: Merging, reported: readonly ResolvedRow[]): Promise<ResolvedRow[]> {
  const outlived = reported.flatMap((row) => {
    const keeper = survivingSide(row);
    return keeper === null ? [] : [{ row, keeper }];
  });
  const renamed = new Map<ResolvedRow, ResolvedRow>();
  for (const group of groupBy(outlived, ({ row, keeper }) => JSON.stringify([row.table, keeper])).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { table } = first.row;
    const to = merging[otherSide(first.keeper)];
    if ((await columnNamesAt(sql, table, to)).size === 0) continue;
    const shape = await tableShape(sql, table);
    const read = { shape, columns: ordinaryColumns(shape) };
    const origin = originColumns(merging.policyOf(table));
    const keys = new Map<string, Cells>();
    for (const [from, own] of await keysByBase(
      sql,
      merging,
      read,
      group.map(({ row }) => row.key),
    )) {
      if ((await columnNamesAt(sql, table, from)).size === 0) continue;
      const before = new Set(own.map((key) => keyText(shape, key)));
      for (const one of (await movedRows(sql, { from, to }, table, origin)).moved) {
        const id = keyText(shape, one.from);
        if (before.has(id)) keys.set(id, one.to);
      }
    }
    for (const { row, keeper } of group) {
      const otherKey = keys.get(keyText(shape, row.key));
      if (otherKey === undefined || isRemoved(otherKey, otherSide(keeper), shape, reported)) continue;
      // A restored row has no changes of its own.
      const columns = row.kind === 'restored' ? [] : row.columns;
      renamed.set(row, { ...row, kind: 'renamed', columns, otherKey, left: true, from: keeper });
    }
  }
  return reported.map((row) => renamed.get(row) ?? row);
}

/** Whether a merge lacks a row that a side added, as beside a unique key that both rows have; it is reported apart. */
function isRemoved(key: Cells, side: Side, shape: TableShape, reported: readonly ResolvedRow[]): boolean {
  const id = keyText(shape, key);
  return reported.some((row) => {
    const { kind, table } = row;
    if (table !== shape.name || keyText(shape, row.key) !== id) return false;
    return kind === 'duplicate' || kind === 'dependant' || (kind === 'id-collision' && lostSide(row) === side);
  });
}

/** The side of a row that the other side deleted and that is in the merge; null for any other row. */
function survivingSide({ kind, ours, theirs, wins }: ResolvedRow): Side | null {
  if (kind === 'deleted') return wins[0]?.reason === 'changed' ? wins[0].side : null;
  if (kind !== 'restored') return null;
  return ours === null && theirs !== null ? 'theirs' : theirs === null && ours !== null ? 'ours' : null;
}
