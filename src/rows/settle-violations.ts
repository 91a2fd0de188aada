import type { Sql } from '../dolt/sql.ts';
import { forgetViolations, type Violation, violations } from '../dolt/violations.ts';
import type { Settling } from './choose-row.ts';
import { type Removed, settleDuplicates } from './duplicates.ts';
import type { Merging } from './merging.ts';
import { restoreParents } from './orphans.ts';
import type { ToldRow } from './told-row.ts';

/** Whether a broken constraint can be settled: a duplicate always, and under `newest` a row whose parent was deleted. */
export function isSettleable({ type }: Violation, strategy: Settling): boolean {
  return type === 'unique index' || (type === 'foreign key' && strategy === 'newest');
}

/**
 * Settles the broken constraints that the merge itself found, and then those that verifying earlier attempts brought up,
 * attempt by attempt. What cannot be settled is passed over: verifying again will find it.
 * @throws Failure `constraint-violation` where settling would fire a trigger
 */
export async function settleViolations(
  sql: Sql,
  merging: Merging,
  known: { readonly strategy: Settling; readonly earlier: readonly (readonly Violation[])[] },
): Promise<ToldRow[]> {
  const found = await violations(sql);
  await forgetViolations(sql);
  const told: ToldRow[] = [];
  const removed: Removed[] = [];
  for (const broken of [found, ...known.earlier]) {
    const settleable = broken.filter((one) => isSettleable(one, known.strategy));
    const unique = await settleDuplicates(
      sql,
      merging,
      settleable.filter(({ type }) => type === 'unique index'),
    );
    told.push(...unique.told);
    removed.push(...unique.removed);
    const orphans = settleable.filter(({ type }) => type === 'foreign key');
    told.push(...(await restoreParents(sql, merging, { orphans, removed })));
  }
  return told;
}
