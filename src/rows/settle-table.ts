import { anySide, type ConflictRow, conflictRows } from '../dolt/conflict-rows.ts';
import { settleConflicts, takeTheirs } from '../dolt/settle-conflicts.ts';
import type { Sql } from '../dolt/sql.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import { type Choice, type Clock, chooseRow, type Settling } from './choose-row.ts';
import type { Contest } from './contest.ts';
import type { Merging } from './merging.ts';
import { type ContestedRow, readClock } from './read-clock.ts';
import { readContests } from './read-contests.ts';
import type { Side } from './side.ts';
import type { TablePolicy } from './table-policy.ts';
import type { ToldRow } from './told-row.ts';

/** Rows read, decided and settled together: memory has a bound, however many are in conflict. */
const PAGE = 1_000;

export interface SettledTable {
  readonly told: readonly ToldRow[];
  /** Rows that one side deleted and that outlived it, with the side that kept them. */
  readonly survivors: readonly { readonly key: ToldRow['key']; readonly side: Side }[];
}

/** Settles every row in conflict of one table. */
export async function settleTable(
  sql: Sql,
  merging: Merging,
  table: { readonly shape: TableShape; readonly strategy: Settling },
): Promise<SettledTable> {
  const { shape } = table;
  const told: ToldRow[] = [];
  const survivors: SettledTable['survivors'][number][] = [];
  const settle = async (rows: readonly ConflictRow[]): Promise<readonly [ConflictRow, Choice][]> => {
    const chosen = await choosePage(sql, merging, { ...table, rows });
    for (const { row, contest, choice } of chosen) {
      told.push(toldOf(shape, { row, contest, choice }));
      const survivor = survivorOf(contest, choice);
      if (survivor !== null) survivors.push({ key: anySide(row, shape), side: survivor });
    }
    return chosen.map(({ row, choice }) => [row, choice]);
  };
  // Their deletions under `theirs` are taken at the end, all at once: a row is deleted in no other way.
  const without = table.strategy === 'theirs' ? ({ without: 'their-deletions' } as const) : {};
  for (;;) {
    const rows = await conflictRows(sql, shape.name, { limit: PAGE, ...without });
    if (rows.length === 0) break;
    const chosen = await settle(rows);
    await settleConflicts(
      sql,
      shape,
      chosen.flatMap(([{ id }, { take }]) => (take === 'deletion' ? [] : [{ id, take }])),
    );
  }
  const deletions = table.strategy === 'theirs' ? await conflictRows(sql, shape.name) : [];
  if (deletions.length > 0) {
    await settle(deletions);
    await takeTheirs(sql, shape.name);
  }
  return { told, survivors };
}

interface Page {
  readonly shape: TableShape;
  readonly strategy: Settling;
  readonly rows: readonly ConflictRow[];
}

interface Chosen extends ContestedRow {
  readonly choice: Choice;
}

async function choosePage(sql: Sql, merging: Merging, page: Page): Promise<Chosen[]> {
  const { shape, strategy } = page;
  const contests = await readContests(sql, shape, { rows: page.rows, onto: merging.ours });
  const contested = page.rows.flatMap((row, index): ContestedRow[] => {
    const contest = contests[index];
    return contest === undefined ? [] : [{ row, contest }];
  });
  const policy = merging.policyOf(shape.name);
  const timed = strategy === 'newest' ? contested.filter(({ contest }) => needsTimes(contest, policy)) : [];
  const clockOf = timed.length === 0 ? () => NO_CLOCK : await readClock(sql, merging, { shape, rows: timed });
  return contested.map(({ row, contest }) => {
    const rules = { strategy, policy, columns: shape.columns, clock: clockOf(row) };
    return { row, contest, choice: chooseRow(row, contest, rules) };
  });
}

const NO_CLOCK: Clock = { cell: () => '', created: () => '' };

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

function toldOf(shape: TableShape, { row, contest, choice }: Chosen): ToldRow {
  return {
    kind: KINDS[contest.kind],
    table: shape.name,
    key: anySide(row, shape),
    columns: contest.contested,
    base: row.base,
    ours: row.ours,
    theirs: row.theirs,
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
