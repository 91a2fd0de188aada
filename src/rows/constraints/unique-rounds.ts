import type { Cells } from '../../dolt/sql/cell.ts';

/**
 * How a row got its value of a unique key. 0: a row of the base with its value there · 1: a row of the base that took
 * another value · 2: a row added since.
 */
export type Rank = 0 | 1 | 2;

/** A row among others with the same value of a unique key. */
export interface Claimant {
  /** The row's primary key as one text. */
  readonly id: string;
  readonly row: Cells;
  readonly rank: Rank;
  /** When a row of the base took the value, or when an added row was created; see instant.ts. Empty for rank 0. */
  readonly time: string;
}

/** Rows that have one value of a unique key. */
export interface Claim {
  /** Name of the unique key. */
  readonly key: string;
  readonly claimants: readonly Claimant[];
}

/** A row that loses its value. */
export interface Yielded {
  readonly key: string;
  readonly winner: Claimant;
  readonly loser: Claimant;
}

/** Decisions of one round: rows of the base that get their base values back, and added rows that are removed. */
export interface Round {
  readonly givenBack: readonly Yielded[];
  readonly removed: readonly Yielded[];
}

/** Why unique keys cannot be resolved. */
export interface UnresolvedKeys {
  readonly key: string;
  readonly rows: readonly [Claimant, Claimant];
  readonly why: 'two rows of the base' | 'twice';
}

/** The rows of a table while its unique keys are resolved. */
export interface ConflictingTable {
  /** The groups of two or more rows that share a value now. */
  claims(): Promise<readonly Claim[]>;
  /** Restores the base values of rows in one unique key. */
  giveBack(key: string, rows: readonly Claimant[]): Promise<void>;
  /** Removes added rows. */
  remove(rows: readonly Claimant[]): Promise<void>;
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
    const claims = await table.claims();
    if (claims.length === 0) return rounds;
    const round = decideRound(claims, before, compare);
    if ('why' in round) return round;
    for (const key of new Set(round.givenBack.map((one) => one.key))) {
      const yielded = round.givenBack.filter((one) => one.key === key);
      for (const { loser } of yielded) before.add(yieldId(key, loser));
      await table.giveBack(
        key,
        yielded.map(({ loser }) => loser),
      );
    }
    await table.remove(round.removed.map(({ loser }) => loser));
    rounds.push(round);
  }
}

/**
 * Decides one round.
 * @param before the rows that lost in earlier rounds, as `yieldId` names them
 */
export function decideRound(
  claims: readonly Claim[],
  before: ReadonlySet<string>,
  compare: ConflictingTable['compare'],
): Round | UnresolvedKeys {
  const givenBack: Yielded[] = [];
  const removed = new Map<string, Yielded>();
  for (const { key, claimants } of claims) {
    const [winner, ...losers] = claimants.toSorted((a, b) => compareClaimants(a, b, compare));
    if (winner === undefined) continue;
    for (const loser of losers) {
      if (loser.rank === 0) return { key, rows: [winner, loser], why: 'two rows of the base' };
      if (loser.rank === 2) {
        if (!removed.has(loser.id)) removed.set(loser.id, { key, winner, loser });
      } else if (before.has(yieldId(key, loser))) {
        return { key, rows: [winner, loser], why: 'twice' };
      } else {
        givenBack.push({ key, winner, loser });
      }
    }
  }
  return { givenBack, removed: [...removed.values()] };
}

export function yieldId(key: string, { id }: Claimant): string {
  return JSON.stringify([key, id]);
}

/** The order of precedence for a value: by rank, then the earlier time, then the smaller primary key. */
export function compareClaimants(a: Claimant, b: Claimant, compare: ConflictingTable['compare']): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return compare(a.row, b.row);
}
