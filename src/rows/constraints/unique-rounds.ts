import type { Cells } from '../../dolt/sql/cell.ts';

/**
 * How a row got its value of a unique key. 0: a row of the base with its value there · 1: a row of the base that took
 * another value · 2: a row added since.
 */
export type Rank = 0 | 1 | 2;

/** A row among others with the same value of a unique key. */
export interface CollidingRow {
  /** The row's primary key as one text. */
  readonly id: string;
  readonly row: Cells;
  readonly rank: Rank;
  /** When a row of the base took the value, or when an added row was created; see instant.ts. Empty for rank 0. */
  readonly time: string;
}

/** Rows that have one value of a unique key. */
export interface Collision {
  /** Name of the unique key. */
  readonly key: string;
  readonly colliding: readonly CollidingRow[];
}

/** A row that loses its value. */
export interface DisplacedRow {
  readonly key: string;
  readonly winner: CollidingRow;
  readonly loser: CollidingRow;
}

/** Decisions of one round: rows of the base that get their base values back, and added rows that are removed. */
export interface Round {
  readonly reverted: readonly DisplacedRow[];
  readonly removed: readonly DisplacedRow[];
}

/** Why unique keys cannot be resolved. */
export interface UnresolvedKeys {
  readonly key: string;
  readonly rows: readonly [CollidingRow, CollidingRow];
  readonly why: 'two rows of the base' | 'twice';
}

/** The rows of a table while its unique keys are resolved. */
export interface ConflictingTable {
  /** The groups of two or more rows that share a value now. */
  collisions(): Promise<readonly Collision[]>;
  /** Restores the base values of rows in one unique key. */
  revert(key: string, rows: readonly CollidingRow[]): Promise<void>;
  /** Removes added rows. */
  remove(rows: readonly CollidingRow[]): Promise<void>;
  /** The order of two rows by their primary keys. */
  compare(a: Cells, b: Cells): number;
}

/**
 * Resolves all unique keys of a table, in rounds. In each group the best claim keeps the value, and all others lose it
 * at the end of the round: a row of the base gets its base values back, an added row is removed. A row loses at most
 * once per key, so this terminates. Rows of the base are never removed.
 */
export async function resolveRounds(table: ConflictingTable): Promise<readonly Round[] | UnresolvedKeys> {
  const rounds: Round[] = [];
  const before = new Set<string>();
  const compare = (a: Cells, b: Cells): number => table.compare(a, b);
  for (;;) {
    const collisions = await table.collisions();
    if (collisions.length === 0) return rounds;
    const round = decideRound(collisions, before, compare);
    if ('why' in round) return round;
    for (const key of new Set(round.reverted.map((one) => one.key))) {
      const displaced = round.reverted.filter((one) => one.key === key);
      for (const { loser } of displaced) before.add(displacedId(key, loser));
      await table.revert(
        key,
        displaced.map(({ loser }) => loser),
      );
    }
    for (const { key, loser } of round.removed) before.add(displacedId(key, loser));
    await table.remove(round.removed.map(({ loser }) => loser));
    rounds.push(round);
  }
}

/**
 * Decides one round.
 * @param before the rows that lost in earlier rounds, as `displacedId` names them
 */
export function decideRound(
  collisions: readonly Collision[],
  before: ReadonlySet<string>,
  compare: ConflictingTable['compare'],
): Round | UnresolvedKeys {
  const reverted: DisplacedRow[] = [];
  const removed = new Map<string, DisplacedRow>();
  for (const { key, colliding } of collisions) {
    const [winner, ...losers] = colliding.toSorted((a, b) => comparePrecedence(a, b, compare));
    if (winner === undefined) continue;
    for (const loser of losers) {
      if (loser.rank === 0) return { key, rows: [winner, loser], why: 'two rows of the base' };
      if (before.has(displacedId(key, loser))) return { key, rows: [winner, loser], why: 'twice' };
      if (loser.rank !== 2) reverted.push({ key, winner, loser });
      else if (!removed.has(loser.id)) removed.set(loser.id, { key, winner, loser });
    }
  }
  return { reverted, removed: [...removed.values()] };
}

export function displacedId(key: string, { id }: CollidingRow): string {
  return JSON.stringify([key, id]);
}

/** The order of precedence for a value: by rank, then the earlier time, then the smaller primary key. */
export function comparePrecedence(a: CollidingRow, b: CollidingRow, compare: ConflictingTable['compare']): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return compare(a.row, b.row);
}
