import type { Cells } from '../dolt/cell.ts';
import { anySide, type ConflictRow, conflictRows, rowsThatFit } from '../dolt/conflict-rows.ts';
import { clearConflicts, resolveByCommit, settleConflicts, takeTheirs } from '../dolt/settle-conflicts.ts';
import type { Sql } from '../dolt/sql.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import { auditColumnsOf } from './audit-columns.ts';
import { type Choice, type Clock, chooseRow, type Settling } from './choose-row.ts';
import type { Contest } from './contest.ts';
import { type DocumentMerge, planDocument } from './document-merge.ts';
import { takeReport } from './merge-budget.ts';
import type { Merging } from './merging.ts';
import { type ContestedRow, type Histories, readClock } from './read-clock.ts';
import { readContests } from './read-contests.ts';
import { readableTable, readConflicts } from './readable-table.ts';
import { shortenedCells } from './shortened.ts';
import { otherSide, type Side } from './side.ts';
import type { TablePolicy } from './table-policy.ts';
import type { ToldRow } from './told-row.ts';

/** Rows read, decided and settled together: memory has a bound, however many are in conflict. */
export const PAGE_ROWS = 1_000;

export interface SettledTable {
  readonly told: readonly ToldRow[];
  /** Rows that one side deleted and that outlived it, with the side that kept them. */
  readonly survivors: readonly { readonly key: ToldRow['key']; readonly side: Side }[];
  /** Rows that were added under a key that another row has now, with the side that has them. */
  readonly losers: readonly { readonly key: Cells; readonly side: Side }[];
}

/** A table with rows in conflict, and how they are settled. */
interface TableToSettle {
  readonly shape: TableShape;
  readonly strategy: Settling;
  readonly histories: Histories;
}

/** Settles every row in conflict of one table. */
export async function settleTable(sql: Sql, merging: Merging, table: TableToSettle): Promise<SettledTable> {
  const { shape } = table;
  const { budget } = merging;
  const policyKind = merging.policyOf(shape.name).kind;
  const told: ToldRow[] = [];
  const survivors: SettledTable['survivors'][number][] = [];
  const losers: SettledTable['losers'][number][] = [];
  const audit = auditColumnsOf(shape, await merging.pending.uniqueColumns(shape.name), merging.policyOf(shape.name));
  const settle = async (rows: readonly ConflictRow[]): Promise<readonly [ConflictRow, Choice][]> => {
    const chosen = await choosePage(sql, merging, { ...table, audit, rows });
    for (const { row, contest, choice } of chosen) {
      const reported = toldOf(shape, { row, contest, choice });
      takeReport(budget, reported);
      told.push(reported);
      const survivor = survivorOf(contest, choice);
      if (survivor !== null) survivors.push({ key: anySide(row, shape), side: survivor });
      const loser = policyKind === 'cells' ? loserOf(contest, choice) : null;
      if (loser !== null) losers.push({ key: anySide(row, shape), side: loser });
    }
    return chosen.map(({ row, choice }) => [row, choice]);
  };
  const open = await readableTable(sql, shape);
  if (open.conflicts.length > 0) {
    const chosen = await settle(await readConflicts(sql, shape, open, budget.rows));
    await resolveByCommit(
      sql,
      shape,
      chosen.map(([{ id }, { take, set }]) => ({ id, take, set })),
      merging.pending,
    );
    await clearConflicts(sql, shape.name);
    return { told, survivors, losers };
  }
  // Their deletions under `theirs` are taken at the end, all at once: a row is deleted in no other way.
  const without = table.strategy === 'theirs' ? ({ without: 'their-deletions' } as const) : {};
  for (;;) {
    const limit = await rowsThatFit(sql, shape.name, { limit: PAGE_ROWS, ...without });
    const rows = await conflictRows(sql, shape.name, { limit, ...without });
    if (rows.length === 0) break;
    const chosen = await budget.rows.lend(() => settle(rows));
    await settleConflicts(
      sql,
      shape,
      chosen.flatMap(([{ id }, { take, set }]) => (take === 'deletion' ? [] : [{ id, take, set }])),
      merging.pending,
    );
  }
  // Every other row is settled, so that these are all.
  const deletions = table.strategy === 'theirs' ? await readConflicts(sql, shape, open, budget.rows) : [];
  if (deletions.length > 0) {
    await settle(deletions);
    await takeTheirs(sql, shape, merging.pending);
  }
  return { told, survivors, losers };
}

interface Page extends TableToSettle {
  readonly audit: ReadonlySet<string>;
  readonly rows: readonly ConflictRow[];
}

interface Chosen extends ContestedRow {
  readonly choice: Choice;
}

async function choosePage(sql: Sql, merging: Merging, page: Page): Promise<Chosen[]> {
  const { shape, strategy, audit, histories } = page;
  const contests = await readContests(sql, shape, { rows: page.rows, onto: merging.ours });
  const contested = page.rows.flatMap((row, index): ContestedRow[] => {
    const contest = contests[index];
    return contest === undefined ? [] : [{ row, contest, documents: documentsOf(shape, { row, contest, strategy }) }];
  });
  const policy = merging.policyOf(shape.name);
  const timed = strategy === 'newest' ? contested.filter(({ contest }) => needsTimes(contest, policy)) : [];
  const clockOf =
    timed.length === 0 ? () => NO_CLOCK : await readClock(sql, merging, { shape, histories, rows: timed });
  return contested.map(({ row, contest, documents }) => {
    const rules = { strategy, policy, shape, audit, documents, clock: clockOf(row) };
    return { row, contest, documents, choice: chooseRow(row, contest, rules) };
  });
}

const NO_CLOCK: Clock = { cell: () => '', path: () => '', created: () => '' };

/** The documents of a row that are merged key by key: under `newest`, where both sides changed the row. */
function documentsOf(
  shape: TableShape,
  of: { readonly row: ConflictRow; readonly contest: Contest; readonly strategy: Settling },
): Map<string, DocumentMerge> {
  const { row, contest, strategy } = of;
  if (strategy !== 'newest' || contest.kind !== 'changed') return new Map();
  return new Map(
    shape.columns.flatMap(({ name, type }): [string, DocumentMerge][] => {
      if (type !== 'json' || !contest.contested.includes(name)) return [];
      const plan = planDocument(row.base?.[name] ?? null, row.ours?.[name] ?? null, row.theirs?.[name] ?? null);
      return plan === null ? [] : [[name, plan]];
    }),
  );
}

function needsTimes(contest: Contest, policy: TablePolicy): boolean {
  if (contest.kind === 'changed' || contest.kind === 'added') {
    return policy.kind !== 'maximum' || contest.contested.some((column) => column !== policy.column);
  }
  return false;
}

const KINDS = {
  changed: 'changed',
  added: 'id-collision',
  'deleted-by-ours': 'deleted',
  'deleted-by-theirs': 'deleted',
} as const satisfies Record<Contest['kind'], ToldRow['kind']>;

function toldOf(shape: TableShape, { row, contest, choice }: Omit<Chosen, 'documents'>): ToldRow {
  return {
    kind: KINDS[contest.kind],
    table: shape.name,
    key: anySide(row, shape),
    columns: contest.contested,
    base: shortenedCells(row.base),
    ours: shortenedCells(row.ours),
    theirs: shortenedCells(row.theirs),
    wins: choice.wins,
    left: choice.left,
  };
}

/** A row that outlived a deletion, and the side that has it. */
function survivorOf(contest: Contest, choice: Choice): Side | null {
  if (contest.kind === 'deleted-by-ours') return choice.take === 'row' ? 'theirs' : null;
  if (contest.kind === 'deleted-by-theirs') return choice.take === 'deletion' ? null : 'ours';
  return null;
}

/** Of two rows that were added under one key, the side whose row is gone as a whole. */
function loserOf(contest: Contest, { wins }: Choice): Side | null {
  const [win] = wins;
  return contest.kind === 'added' && win?.column === null ? otherSide(win.side) : null;
}
