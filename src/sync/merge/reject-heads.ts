import type { Engine } from '../../dolt/server/engines.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type Fold, fitsOurs, type RejectedHead } from './fold.ts';
import { isLimit, type MergeLimits } from './limits.ts';

interface Stopped {
  readonly ours: string;
  readonly fold: Extract<Fold, { kind: 'refused' }>;
  /** Why heads do not merge with ours alone, or null if they do; each is tried once. */
  readonly clashes: Map<string, RejectedHead | null>;
  readonly scratch: () => string;
  readonly limits: MergeLimits;
  readonly rules: DatabaseRules;
}

interface Rejected {
  readonly heads: ReadonlyMap<string, RejectedHead>;
  /** The heads that had been merged before, if only they keep it out; else none. */
  readonly beside: readonly string[];
}

/**
 * Finds the heads that made a fold stop: those that do not merge with ours alone either. If each does, it is the last
 * one in hash order.
 */
export async function rejectHeads(engine: Engine, stopped: Stopped): Promise<Rejected> {
  const { ours, fold } = stopped;
  const before = [...fold.merged, fold.head].filter((head) => head !== ours);
  const last = before.pop() ?? fold.head;
  if (before.length === 0) return { heads: new Map([[last, fold.mergeFailure]]), beside: [] };
  const failed = { ours, refused: fold.head, merged: fold.merged, byLimit: isLimit(fold.mergeFailure.failure) };
  for (const together of suspects(failed)) {
    const clashing = new Map<string, RejectedHead>();
    for (const head of together) {
      const why = await clashWithOurs(engine, stopped, head);
      if (why !== null) clashing.set(head, why);
    }
    if (clashing.size > 0) return { heads: clashing, beside: [] };
  }
  return { heads: new Map([[last, fold.mergeFailure]]), beside: before };
}

async function clashWithOurs(engine: Engine, stopped: Stopped, head: string): Promise<RejectedHead | null> {
  const { ours, clashes, limits, rules } = stopped;
  const known = clashes.get(head);
  if (known !== undefined) return known;
  // A head that contains ours needs no merge.
  const contains = await isAncestor(engine.database, ours, head);
  const why = contains ? null : await fitsOurs(engine, { ours, head, branch: stopped.scratch(), limits, rules });
  clashes.set(head, why);
  return why;
}

/** A fold that stopped, by hashes. */
interface FailedFold {
  readonly ours: string;
  /** The head that could not be merged. */
  readonly refused: string;
  /** The heads that had been merged before it, in hash order. */
  readonly merged: readonly string[];
  /** Whether the merge passed a limit; trying a head may then take as long. */
  readonly byLimit: boolean;
}

/**
 * The heads to merge with ours alone, in groups: a group is tried only if no head of the groups before it failed. Heads
 * that were merged together with ours are not tried again, except after a limit.
 */
export function suspects({ ours, refused, merged, byLimit }: FailedFold): readonly (readonly string[])[] {
  if (byLimit) return [...merged, refused].filter((head) => head !== ours).map((head) => [head]);
  if (refused === ours) return [merged];
  return merged.includes(ours) ? [[refused]] : [[refused], merged];
}
