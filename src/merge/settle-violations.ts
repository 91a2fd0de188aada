import type { Sql } from '../dolt/sql.ts';
import { type Violation, verifyConstraints, violations } from '../dolt/violations.ts';
import type { Settling } from './choose-row.ts';
import { type Removed, settleDuplicates } from './duplicates.ts';
import type { Merging } from './merging.ts';
import { violated } from './obstacle.ts';
import { restoreParents } from './orphans.ts';
import { restoreChildren } from './restore.ts';
import type { ToldRow } from './told-row.ts';

/** Each round settles what the last one brought up; chains of references this deep are not expected. */
const MAX_ROUNDS = 50;

/**
 * Settles broken constraints until none is left: duplicates under a unique key, and, under `newest`, rows whose parent
 * the other side deleted.
 * @throws Failure `constraint-violation` for everything else
 */
export async function settleViolations(sql: Sql, merging: Merging, strategy: Settling): Promise<ToldRow[]> {
  const told: ToldRow[] = [];
  const removed: Removed[] = [];
  for (let round = 0; ; round += 1) {
    await verifyConstraints(sql);
    const broken = await violations(sql);
    if (broken.length === 0) return told;
    const duplicates = broken.filter(({ type }) => type === 'unique index');
    const orphans = strategy === 'newest' ? broken.filter(({ type }) => type === 'foreign key') : [];
    requireSettleable(broken, duplicates.length + orphans.length);
    if (round === MAX_ROUNDS) throw violated(broken, 'the merged rows break constraints however they are settled');
    const unique = await settleDuplicates(sql, merging, duplicates);
    told.push(...unique.told);
    removed.push(...unique.removed);
    // Removing a duplicate can settle an orphan: look again before bringing rows back.
    if (duplicates.length > 0) continue;
    const parents = await restoreParents(sql, merging, { orphans, removed });
    told.push(...parents.told, ...(await restoreChildren(sql, merging, parents.survivors)));
  }
}

function requireSettleable(broken: readonly Violation[], settleable: number): void {
  if (settleable < broken.length) throw violated(broken, 'the merge would break constraints');
}
