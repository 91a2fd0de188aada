import type { RunResult } from '../../contract/result.ts';
import { groupBy } from '../../core/lists.ts';
import type { Leg, Legs } from './merge-legs.ts';

/**
 * Puts together the results that belong together: legs of one fan-out name the same selection of peers and the same branch;
 * other results have the same primary and the same folder. A leg without a result is named.
 */
export function groupLegs(all: readonly Leg[]): readonly Legs[] {
  return [...groupBy(all, ({ result }) => identityOf(result)).values()]
    .flatMap(byBranch)
    .flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const legs = [first, ...others].toSorted((one, other) => numberOf(one) - numberOf(other));
      const [earliest = first, ...later] = legs;
      return [{ legs: [earliest, ...later] as const, missing: missingOf(legs) }];
    });
}

function identityOf({ command, dryRun, branch, selection, peers, database, folder }: RunResult): string {
  if (selection !== undefined) return JSON.stringify([command, dryRun === true, selection]);
  const primary = peers.find(({ role }) => role === 'primary')?.endpoint ?? null;
  return JSON.stringify([command, dryRun === true, branch, primary, folder ?? database]);
}

/**
 * Several databases may have the same peers and branches of their own. A leg that opened no database knows no branch: it
 * belongs to the only one there is, and to none if there are several.
 */
function byBranch(legs: readonly Leg[]): readonly (readonly Leg[])[] {
  const branches = groupBy(legs, ({ result }) => result.branch);
  return branches.size === 2 && branches.has(null) ? [legs] : [...branches.values()];
}

function missingOf(legs: readonly Leg[]): readonly string[] {
  const found = new Set(legs.flatMap(({ result }) => result.shard ?? []));
  const counts = new Set([...found].flatMap((shard) => shard.split('/')[1] ?? []));
  return [...counts].flatMap((count) =>
    Array.from({ length: Number(count) }, (_, index) => `${index + 1}/${count}`).filter((shard) => !found.has(shard)),
  );
}

function numberOf({ result }: Leg): number {
  return Number(result.shard?.split('/')[0] ?? 0);
}
