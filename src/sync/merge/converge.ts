import type { MergeReport } from '../../contract/result.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { createBranch } from '../../dolt/sql/heads.ts';
import { isAncestor, reachableOnlyFrom } from '../../dolt/sql/history.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type Fold, type FoldStep, fitsOurs, foldHeads, type RejectedHead, type StrategyHead } from './fold.ts';
import { isLimit, type MergeLimits } from './limits.ts';

export interface Converged {
  /** The commit that contains all heads that could be merged; our head if there is nothing to merge. */
  readonly target: string;
  /** A local branch that points at the target, to push from. */
  readonly branch: string;
  /** Heads that were rejected. */
  readonly dropped: ReadonlyMap<string, RejectedHead>;
  /** Resolutions, merge by merge. */
  readonly steps: readonly FoldStep[];
  readonly merge: MergeReport;
  /** The merge commits behind the target that this call made. */
  readonly made: readonly string[];
}

interface Heads {
  /** Our head. */
  readonly ours: string;
  /** The heads of the peers that may be merged, in the order of their names; ours may be among them. */
  readonly theirs: readonly StrategyHead[];
  /** A branch at our head. */
  readonly branch: string;
  /** The limits of each merge in time and size. */
  readonly limits: MergeLimits;
  readonly rules: DatabaseRules;
}

const NO_MERGE: MergeReport = { protocol: 2, deterministic: true, because: null, commits: 0 };

/** The report of a merge whose head was rejected because of a limit. */
export function limited(merge: MergeReport): MergeReport {
  return { ...merge, deterministic: false, because: merge.because ?? 'limit' };
}

/**
 * Merges heads as far as possible: drops heads that another contains, fast-forwards to a single head, and folds
 * several. A head that cannot be merged is rejected with every head that contains it, and the fold restarts without
 * them. No local branch moves.
 * @param scratch makes a name for a temporary branch
 */
export async function converge(engine: Engine, heads: Heads, scratch: () => string): Promise<Converged> {
  const { ours, limits, rules } = heads;
  const { database } = engine;
  const dropped = new Map<string, RejectedHead>();
  for (;;) {
    const left = heads.theirs.filter(({ head }) => !dropped.has(head));
    const newest = left.flatMap(({ head, strategy }) => (strategy === 'newest' ? [head] : []));
    const minimal = await minimalHeads(database, [ours, ...newest]);
    const others = left.filter(({ strategy }) => strategy !== 'newest');
    const [only, second] = minimal;
    if (second === undefined && (await noneNew(database, only ?? ours, others))) {
      return withoutMerge(database, { ...heads, target: only ?? ours, dropped, scratch });
    }
    const branch = scratch();
    const fold = await foldHeads(engine, { ours, newest: minimal, others, branch, limits, rules });
    if (fold.kind === 'folded') {
      for (const [head, why] of fold.dropped) dropped.set(head, why);
      const merge = reportOf(fold, dropped);
      return { target: fold.head, branch, dropped, steps: fold.steps, merge, made: fold.made };
    }
    for (const [head, why] of await rejectHeads(engine, { ours, fold, scratch, limits, rules })) {
      const all = left.map((one) => one.head);
      for (const containing of await headsContaining(database, all, head)) dropped.set(containing, why);
    }
  }
}

async function noneNew(database: Database, head: string, others: readonly StrategyHead[]): Promise<boolean> {
  for (const other of others) if (!(await isAncestor(database, other.head, head))) return false;
  return true;
}

/** All heads are in one of them, so that nothing is merged. */
async function withoutMerge(
  database: Database,
  at: Heads & {
    readonly target: string;
    readonly dropped: ReadonlyMap<string, RejectedHead>;
    readonly scratch: () => string;
  },
): Promise<Converged> {
  const { target, dropped } = at;
  const merge = passedLimit(dropped) ? limited(NO_MERGE) : NO_MERGE;
  const found = { target, dropped, steps: [], merge, made: [] };
  if (target === at.ours) return { ...found, branch: at.branch };
  const branch = at.scratch();
  await createBranch(database, { name: branch, at: target });
  return { ...found, branch };
}

/** Whether a head was rejected because of a limit; another machine may have merged it. */
function passedLimit(dropped: ReadonlyMap<string, RejectedHead>): boolean {
  return [...dropped.values()].some(({ failure }) => isLimit(failure));
}

function reportOf(
  { made, strategyMerges, committerFixed }: Extract<Fold, { kind: 'folded' }>,
  dropped: ReadonlyMap<string, RejectedHead>,
): MergeReport {
  const limit = passedLimit(dropped) ? 'limit' : null;
  const because = strategyMerges > 0 ? 'strategy' : made.length > 0 && !committerFixed ? 'committer' : limit;
  return { protocol: 2, deterministic: because === null, because, commits: made.length };
}

type Refused = Extract<Fold, { kind: 'refused' }>;

interface Stopped {
  readonly ours: string;
  readonly fold: Refused;
  readonly scratch: () => string;
  readonly limits: MergeLimits;
  readonly rules: DatabaseRules;
}

async function rejectHeads(engine: Engine, stopped: Stopped): Promise<Map<string, RejectedHead>> {
  const { ours, fold } = stopped;
  if (isLimit(fold.mergeFailure.failure)) return await passedALimit(engine, stopped);
  const clashes = new Map<string, RejectedHead>();
  if (fold.head === ours && fold.merged.length > 1) {
    for (const head of fold.merged) {
      const alone = await fitsOurs(engine, { ...stopped, head, branch: stopped.scratch() });
      if (alone !== null) clashes.set(head, alone);
    }
  }
  const drop = headsToReject({ ours, refused: fold.head, merged: fold.merged, clashWithOurs: [...clashes.keys()] });
  return new Map(drop.map((head) => [head, clashes.get(head) ?? fold.mergeFailure]));
}

/**
 * Finds the head that made a merge pass a limit: the first in hash order that does not merge with ours alone either,
 * else the last one.
 */
async function passedALimit(engine: Engine, stopped: Stopped): Promise<Map<string, RejectedHead>> {
  const { ours, fold } = stopped;
  const heads = [...fold.merged, fold.head].filter((head) => head !== ours).sort();
  const last = heads.at(-1) ?? fold.head;
  if (heads.length > 1) {
    for (const head of heads) {
      // A head that contains ours needs no merge.
      if (await isAncestor(engine.database, ours, head)) continue;
      const alone = await fitsOurs(engine, { ...stopped, head, branch: stopped.scratch() });
      if (alone !== null) return new Map([[head, alone]]);
    }
  }
  return new Map([[last, fold.mergeFailure]]);
}

/** A fold that stopped, by hashes. */
interface FailedFold {
  readonly ours: string;
  /** The head that could not be merged. */
  readonly refused: string;
  /** The heads that had been merged before it, in order. */
  readonly merged: readonly string[];
  /** Those of `merged` that cannot be merged with ours alone either; only set if `refused` is ours. */
  readonly clashWithOurs: readonly string[];
}

/**
 * Which heads to reject. Never ours: if ours is the one that did not merge, the heads that conflict with it alone are
 * rejected. If there are none, the one merged last before ours is rejected.
 */
export function headsToReject(fold: FailedFold): string[] {
  if (fold.refused !== fold.ours) return [fold.refused];
  if (fold.clashWithOurs.length > 0) return [...fold.clashWithOurs];
  return fold.merged.slice(-1);
}

/** The heads that no other one contains, each once, in hash order. */
async function minimalHeads(sql: Sql, heads: readonly string[]): Promise<string[]> {
  const distinct = [...new Set(heads)].sort();
  if (distinct.length < 2) return distinct;
  const needed = await Promise.all(
    distinct.map((head) =>
      reachableOnlyFrom(
        sql,
        head,
        distinct.filter((other) => other !== head),
      ),
    ),
  );
  return distinct.filter((_, index) => needed[index]);
}

/** Those of the heads that contain a commit. */
async function headsContaining(sql: Sql, heads: readonly string[], commit: string): Promise<string[]> {
  const contains = await Promise.all(heads.map((head) => isAncestor(sql, commit, head)));
  return heads.filter((_, index) => contains[index]);
}
