import { anySide, type ConflictRow, conflictBytes, conflictRows, rowsThatFit } from '../dolt/rows/conflict-rows.ts';
import {
  byCommit,
  clearConflicts,
  resolveByCommit,
  resolveConflicts,
  takeTheirs,
} from '../dolt/rows/resolve-conflicts.ts';
import { rewriteRows } from '../dolt/rows/rewrite-rows.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { auditColumnsOf } from './audit-columns.ts';
import { type CellResolution, type Choice, type Clock, chooseRow, isDerived, isOnlyDerived } from './choose-row.ts';
import { isOnlyDeleted, type RowConflict, readRowConflicts } from './classify.ts';
import { type ConflictingRow, type Histories, readClock } from './clock/read-clock.ts';
import { depends } from './corrections/several-bases.ts';
import { type DocumentMerge, planDocument } from './document-merge.ts';
import { widenToFamilies } from './families.ts';
import type { Merging } from './merging.ts';
import { otherSide, type Side, takeReport } from './merging.ts';
import { readableTable, readConflicts } from './readable-table.ts';
import type { ResolvedRow } from './resolved-row.ts';
import { shortenedCells } from './resolved-row.ts';
import type { TablePolicy } from './table-policy.ts';

/** Rows that are read, decided and resolved together; bounds memory for any number of conflicts. */
export const PAGE_ROWS = 1_000;

export interface ResolvedTable {
  readonly reported: readonly ResolvedRow[];
  /** Rows that one side deleted and that survived, with the side that kept them. */
  readonly survivors: readonly { readonly key: ResolvedRow['key']; readonly side: Side }[];
  /** Rows that were added under a key that another row has now, with the side that has them. */
  readonly losers: readonly { readonly key: Cells; readonly side: Side }[];
}

/** A table with rows in conflict, and how to resolve them. */
interface TableToResolve {
  readonly shape: TableShape;
  readonly strategy: CellResolution;
  readonly histories: Histories;
}

/** Resolves every row in conflict of one table. */
export async function resolveTable(sql: Sql, merging: Merging, table: TableToResolve): Promise<ResolvedTable> {
  const { shape } = table;
  const { budget } = merging;
  const policy = merging.policyOf(shape.name);
  const reported: ResolvedRow[] = [];
  const survivors: ResolvedTable['survivors'][number][] = [];
  const losers: ResolvedTable['losers'][number][] = [];
  const audit = auditColumnsOf(shape, await merging.pending.uniqueColumns(shape.name), policy);
  const resolveAll = async (rows: readonly ConflictRow[]): Promise<readonly [ConflictRow, Choice][]> => {
    const chosen = await choosePage(sql, merging, { ...table, audit, rows });
    for (const { row, rowConflict, choice } of chosen) {
      for (const resolved of reportedRows(shape, policy, { row, rowConflict, choice })) {
        takeReport(budget, resolved);
        reported.push(resolved);
      }
      const survivor = survivorOf(rowConflict, choice);
      if (survivor !== null) survivors.push({ key: anySide(row, shape), side: survivor });
      const loser = policy.kind === 'cells' ? loserOf(rowConflict, choice) : null;
      if (loser !== null) losers.push({ key: anySide(row, shape), side: loser });
    }
    return chosen.map(({ row, choice }) => [row, choice]);
  };
  const open = await readableTable(sql, shape);
  const ambiguous = merging.ambiguous.get(shape.name);
  const isReadByCommit = open.conflicts.length > 0;
  const byCommitOnly = isReadByCommit
    ? await readConflicts(sql, shape, open, { ambiguous, budget: budget.rows })
    : (ambiguous?.conflicts ?? []);
  if (byCommitOnly.length > 0) {
    const chosen = await resolveAll(byCommitOnly);
    const resolutions = chosen.map(([row, { take, set }]) => byCommit(row, { take, set }));
    await resolveByCommit(sql, shape, resolutions, merging.pending);
  }
  if (isReadByCommit) {
    await clearConflicts(sql, shape.name);
    return { reported, survivors, losers };
  }
  // Their deletions under `theirs` are taken together at the end: that fires no trigger.
  const without = table.strategy === 'theirs' ? ({ without: 'their-deletions' } as const) : {};
  for (;;) {
    const limit = await rowsThatFit(sql, shape.name, { limit: PAGE_ROWS, ...without });
    const rows = await conflictRows(sql, shape.name, { limit, ...without });
    if (rows.length === 0) break;
    const chosen = await budget.rows.lend(() => resolveAll(rows));
    const deleted = chosen.flatMap(([row, { take }]) => (take === 'deletion' ? [anySide(row, shape)] : []));
    const deletions = deleted.map((key) => ({ key, take: 'deletion', set: [] }) as const);
    await rewriteRows(sql, shape, open, deletions, merging.pending);
    // The conflict of a deleted row is resolved like one that keeps our row.
    const resolutions = chosen.map(([{ id }, { take, set }]) => ({ id, take: take === 'deletion' ? [] : take, set }));
    await resolveConflicts(sql, shape, resolutions, merging.pending);
  }
  // Every other row is resolved, so these are all.
  const deletions = table.strategy === 'theirs' ? await conflictRows(sql, shape.name) : [];
  for (const row of deletions) budget.rows.take(conflictBytes(row));
  if (deletions.length > 0) {
    await resolveAll(deletions);
    await takeTheirs(sql, shape, merging.pending);
  }
  return { reported, survivors, losers };
}

interface Page extends TableToResolve {
  readonly audit: ReadonlySet<string>;
  readonly rows: readonly ConflictRow[];
}

interface Chosen extends ConflictingRow {
  readonly choice: Choice;
}

async function choosePage(sql: Sql, merging: Merging, page: Page): Promise<Chosen[]> {
  const { shape, strategy, audit, histories } = page;
  const policy = merging.policyOf(shape.name);
  const rowConflicts = await readRowConflicts(sql, shape, { rows: page.rows, onto: merging.ours });
  const conflicting = page.rows.flatMap((row, index): ConflictingRow[] => {
    const found = rowConflicts[index];
    if (found === undefined) return [];
    const rowConflict = widenToFamilies(row, found, { shape, policy });
    return [{ row, rowConflict, documents: documentsOf(shape, { row, rowConflict, strategy }) }];
  });
  const timed = strategy === 'newest' ? conflicting.filter(({ rowConflict }) => needsTimes(rowConflict, policy)) : [];
  const clockOf =
    timed.length === 0 ? () => NO_CLOCK : await readClock(sql, merging, { shape, histories, policy, rows: timed });
  return conflicting.map(({ row, rowConflict, documents }) => {
    const rules = { strategy, policy, shape, audit, documents, clock: clockOf(row) };
    return { row, rowConflict, documents, choice: chooseRow(row, rowConflict, rules) };
  });
}

const NO_CLOCK: Clock = { cell: () => '', path: () => '', created: () => '' };

/** The documents of a row that are merged key by key: under `newest`, if both sides changed the row. */
function documentsOf(
  shape: TableShape,
  of: { readonly row: ConflictRow; readonly rowConflict: RowConflict; readonly strategy: CellResolution },
): Map<string, DocumentMerge> {
  const { row, rowConflict, strategy } = of;
  if (strategy !== 'newest' || rowConflict.kind !== 'changed') return new Map();
  return new Map(
    shape.columns.flatMap(({ name, type }): [string, DocumentMerge][] => {
      if (type !== 'json' || !rowConflict.conflicting.includes(name)) return [];
      const [base, ours, theirs] = [row.base?.[name], row.ours?.[name] ?? null, row.theirs?.[name] ?? null];
      // Their keys would be lost with the document of one side.
      if (row.isAmbiguous && base === undefined && planDocument('{}', ours, theirs) !== null)
        throw depends(`a key of a JSON document of ${shape.name} is in the merge`);
      const plan = planDocument(base ?? null, ours, theirs);
      return plan === null ? [] : [[name, plan]];
    }),
  );
}

function needsTimes(rowConflict: RowConflict, policy: TablePolicy): boolean {
  if (rowConflict.kind === 'changed' || rowConflict.kind === 'added') {
    return policy.kind !== 'maximum' || rowConflict.conflicting.some((column) => column !== policy.column);
  }
  return false;
}

const KINDS = {
  changed: 'changed',
  added: 'id-collision',
  'deleted-by-ours': 'deleted',
  'deleted-by-theirs': 'deleted',
} as const satisfies Record<RowConflict['kind'], ResolvedRow['kind']>;

/**
 * The report of a row: without derived columns, and not at all if nothing else is in conflict. Columns that a person
 * must confirm are apart from the others.
 */
function reportedRows(
  shape: TableShape,
  policy: TablePolicy,
  { row, rowConflict, choice }: Omit<Chosen, 'documents'>,
): ResolvedRow[] {
  const { confirm } = choice;
  const columns = rowConflict.conflicting.filter((name) => !isDerived(name, policy));
  const isMerged = rowConflict.kind === 'changed' && rowConflict.conflicting.length === 0;
  if (isMerged || isOnlyDerived(rowConflict, policy) || isOnlyDeleted(row)) return [];
  const resolved: ResolvedRow = {
    // Settings have no identity of their own: two of one name are two values of it.
    kind: policy.kind === 'whole' && rowConflict.kind === 'added' ? 'changed' : KINDS[rowConflict.kind],
    table: shape.name,
    key: anySide(row, shape),
    columns,
    base: shortenedCells(row.base),
    ours: shortenedCells(row.ours),
    theirs: shortenedCells(row.theirs),
    wins: choice.wins.filter(({ column }) => column === null || !isDerived(column, policy)),
    left: choice.left && confirm === undefined,
  };
  if (confirm === undefined) return [resolved];
  const toConfirm = (column: string | null): boolean => column === null || confirm.columns.includes(column);
  const decided = columns.filter((name) => !toConfirm(name));
  const winsToConfirm = resolved.wins.filter((win) => toConfirm(win.column));
  const otherWins = resolved.wins.filter((win) => !toConfirm(win.column));
  return [
    ...(decided.length === 0 ? [] : [{ ...resolved, columns: decided, wins: otherWins }]),
    { ...resolved, columns: [...confirm.columns], wins: winsToConfirm, left: true, from: confirm.lost },
  ];
}

/** The side of a row that survived a deletion. */
function survivorOf(rowConflict: RowConflict, choice: Choice): Side | null {
  if (rowConflict.kind === 'deleted-by-ours') return choice.take === 'row' ? 'theirs' : null;
  if (rowConflict.kind === 'deleted-by-theirs') return choice.take === 'deletion' ? null : 'ours';
  return null;
}

/** Of two rows that were added under one key, the side whose whole row is lost. */
function loserOf(rowConflict: RowConflict, { wins }: Choice): Side | null {
  const [win] = wins;
  return rowConflict.kind === 'added' && win?.column === null ? otherSide(win.side) : null;
}
