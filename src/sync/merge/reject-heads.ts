import type { Engine } from '../../dolt/server/engines.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type Fold, fitsOurs, foldHeads, type RejectedHead } from './fold.ts';
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
  /** The heads that keep it out, if it merges with ours alone; else none. */
  readonly beside: readonly string[];
}

/**
 * Finds the heads that made a fold stop: those that do not merge with ours alone either. If each does, it is the last
 * one, in hash order, of a few heads that fail together; without those that do not matter, no head waits for others.
 */
export async function rejectHeads(engine: Engine, stopped: Stopped): Promise<Rejected> {
  const { ours, fold } = stopped;
  const all = [...fold.merged, fold.head];
  const isAlone = all.filter((head) => head !== ours).length === 1;
  const byLimit = isLimit(fold.mergeFailure.failure);
  if (isAlone) return lastOf({ heads: all, why: fold.mergeFailure }, ours);
  for (const together of suspects({ ours, refused: fold.head, merged: fold.merged, byLimit })) {
    const clashing = new Map<string, RejectedHead>();
    for (const head of together) {
      const why = await clashWithOurs(engine, stopped, head);
      if (why !== null) clashing.set(head, why);
    }
    if (clashing.size > 0) return { heads: clashing, beside: [] };
  }
  const failed: FailedHeads<RejectedHead> = { heads: all, why: fold.mergeFailure };
  // After a limit, each further fold may take as long.
  if (byLimit) return lastOf(failed, ours);
  let passedLimit: RejectedHead | null = null;
  const tried = async (heads: readonly string[]): Promise<RejectedHead | null> => {
    if (passedLimit !== null) return passedLimit;
    const why = await whyNotTogether(engine, stopped, heads);
    if (why !== null && isLimit(why.failure)) passedLimit = why;
    return why;
  };
  return lastOf(await failTogether(failed, tried), ours);
}

function lastOf({ heads, why }: FailedHeads<RejectedHead>, ours: string): Rejected {
  const ofPeers = heads.filter((head) => head !== ours);
  const last = ofPeers.at(-1) ?? ours;
  return { heads: new Map([[last, why]]), beside: ofPeers.slice(0, -1) };
}

async function whyNotTogether(
  engine: Engine,
  { ours, scratch, limits, rules }: Stopped,
  heads: readonly string[],
): Promise<RejectedHead | null> {
  const fold = await foldHeads(engine, { ours, newest: heads, others: [], branch: scratch(), limits, rules });
  return fold.kind === 'folded' ? null : fold.mergeFailure;
}

/** Heads whose fold stops, in hash order, and why. */
interface FailedHeads<Why> {
  readonly heads: readonly string[];
  readonly why: Why;
}

/**
 * Finds a few heads that fail without the others. Each head of the result is found by halving those before it, so that
 * the number of folds grows with the logarithm of the number of heads.
 * @param all the last one is part of the result, because the others were folded without it
 * @param tried why heads do not fold, or null if they do
 */
export async function failTogether<Why>(
  all: FailedHeads<Why>,
  tried: (heads: readonly string[]) => Promise<Why | null>,
): Promise<FailedHeads<Why>> {
  let failed = all;
  let needed = all.heads.slice(-1);
  let others = all.heads.slice(0, -1);
  for (;;) {
    // The first `few` of the others do not fail with the needed ones, the first `enough` do.
    let [few, enough] = [0, others.length];
    while (enough - few > 1) {
      const half = Math.floor((few + enough) / 2);
      const heads = [...others.slice(0, half), ...needed];
      const why = await tried(heads);
      if (why === null) few = half;
      else {
        enough = half;
        failed = { heads, why };
      }
    }
    needed = [...others.slice(enough - 1, enough), ...needed];
    others = others.slice(0, enough - 1);
    if (others.length === 0) return failed;
    const why = needed.length < 2 ? null : await tried(needed);
    if (why !== null) return { heads: needed, why };
  }
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
