import type { Sql } from '../dolt/sql.ts';
import { forgetViolations } from '../dolt/violations.ts';
import type { Settling } from './choose-row.ts';
import { loseDependants } from './dependants.ts';
import type { Merging } from './merging.ts';
import { type Obstacle, violated } from './obstacle.ts';
import { settleOrphans } from './orphans.ts';
import { settleUniqueKeys } from './settle-unique.ts';
import type { ToldRow } from './told-row.ts';
import { brokenConstraints, mixedTables } from './verify-merge.ts';

/** Rounds of one merge; each but the first settles what verifying the one before found. */
const MAX_ROUNDS = 6;

/**
 * Settles the unique keys and the foreign keys of the open merge until all constraints hold.
 * @param known.removed rows that the merge removed before
 * @returns what was done, or why it cannot be
 * @throws Failure `constraint-violation` where that would fire a trigger, or unique keys cannot be settled
 */
export async function settleConstraints(
  sql: Sql,
  merging: Merging,
  known: { readonly strategy: Settling; readonly removed: readonly ToldRow[] },
): Promise<ToldRow[] | Obstacle> {
  const told: ToldRow[] = [];
  for (let round = 1; ; round += 1) {
    const tables = new Set([...(await mixedTables(sql, merging)), ...merging.pending.tables()]);
    for (const table of [...tables].sort()) {
      const settled = await settleUniqueKeys(sql, merging, table);
      told.push(...settled.told);
      if (settled.losers.length === 0) continue;
      told.push(...(await loseDependants(sql, merging, settled.losers)));
    }
    // Rows that a later table let wait are written in the next round.
    const waits = merging.pending.tables().length > 0;
    if (waits && round < MAX_ROUNDS) continue;
    const broken = await brokenConstraints(sql, merging);
    if (broken.length === 0 && !waits) return told;
    const orphans = broken.filter(({ type }) => type === 'foreign key');
    const refused: Obstacle = { failure: violated(broken, 'the merge would break constraints'), rows: [] };
    if (orphans.length < broken.length || round === MAX_ROUNDS) return refused;
    await forgetViolations(sql);
    const settled = await settleOrphans(sql, merging, {
      orphans,
      lost: [...known.removed, ...told].filter(isGone),
      restore: known.strategy === 'newest',
    });
    if (settled.told.length === 0) return refused;
    told.push(...settled.told);
    if (settled.losers.length === 0) continue;
    told.push(...(await loseDependants(sql, merging, settled.losers)));
  }
}

/** Whether a row was removed and may not come back. */
function isGone({ kind }: ToldRow): boolean {
  return kind === 'dependant' || kind === 'duplicate';
}
