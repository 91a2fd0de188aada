import type { ErrorCode } from '../../contract/error-codes.ts';
import type { MergeReport } from '../../contract/result.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { branchHead } from '../../dolt/sql/heads.ts';
import { isAncestor, mergeBase, reachableOnlyFrom } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { checkPeers } from '../incoming/check-peers.ts';
import { othersLosses, ourLosses } from '../incoming/findings.ts';
import { readOthersLosses } from '../incoming/losses/others-losses.ts';
import { sharedCommits } from '../incoming/losses/shared-commits.ts';
import { recordReturned } from '../incoming/returned-rows.ts';
import { massLosses } from '../incoming/rows.ts';
import { movedMeanwhile } from '../moved-meanwhile.ts';
import type { PeerProgress } from '../peer-progress.ts';
import { refuseAtServer } from '../served/refuse-at-server.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { type Attributed, attributeAll } from './attribute.ts';
import { type Converged, converge, limited } from './converge.ts';
import { recordEquivalent } from './equivalent.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';
import { isUnresolved } from './is-unresolved.ts';
import { headsThatLose } from './losses.ts';
import { headsThatStay, whyUnmovable } from './movable.ts';
import { type EarlierConflicts, earlierConflicts, partsOfPublished, recordConflicts } from './report-conflicts.ts';
import { scratchName } from './scratch.ts';
import { headsThatTouch, type TouchedTables } from './uncommitted.ts';

/*
 * A peer's head is not merged, and waits for another run, for one of these reasons:
 *
 * 1. The check of incoming commits blocks it (`checkPeers`), or its peer failed before. It is not a candidate.
 * 2. Another head has equal contents (`recordEquivalent`). It becomes a candidate if that other head is not merged.
 * 3. It changes rows that are uncommitted here, or a table that cannot be set aside (`touched.waiting`).
 * 4. Our branch could not move to the merged result (`headsThatStay`).
 * 5. Its merge removes too many rows of ours or of another head (`headsWithLosses`).
 * 6. Reading its rows, to find the peers of conflicts, passes a limit (`limits.unreportable`).
 * 7. It does not merge: the fold rejects it (`converged.dropped`).
 * 8. A running server refuses to move our branch to the result (`refuseAtServer`). Then every new head waits.
 *
 * 1 to 3 are known before the merge. 4 to 6 and 8 follow from its result, so the merge is repeated without such a head. 7 is
 * repeated inside `converge`.
 */

/** The codes of an engine that ended, or was ended. */
const ENDED: readonly ErrorCode[] = ['engine-lost', 'disk-full', 'too-large'];

/** Merges the heads with which our branch can move to the result, also at a running server. */
export async function mergeHeads(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<Converged> {
  const earlier = earlierConflicts(local, allProgress);
  const merged = await mergeInEngines(context, local, { allProgress, earlier });
  const isRefused = await refuseAtServer(context, local, merged.target, { allProgress, earlier });
  return isRefused ? await mergeInEngines(context, local, { allProgress, earlier }) : merged;
}

interface Peers {
  readonly allProgress: readonly PeerProgress[];
  readonly earlier: EarlierConflicts;
}

/**
 * Merges in an engine without credentials. If that engine ends, the merge restarts in a new one. Restarts are bounded:
 * after each one, `limits` rejects the head that ended the engine, or checks heads one at a time to find it.
 */
async function mergeInEngines(context: SyncContext, local: LocalHead, peers: Peers): Promise<Converged> {
  const { engines, limits } = context;
  for (;;) {
    const { lost } = limits;
    try {
      return await engines.use(NO_CREDENTIALS, (engine) => mergeIn(context, local, engine, peers));
    } catch (thrown) {
      if (!ENDED.includes(toFailure(thrown).code) || limits.lost === lost) throw thrown;
      await engines.close();
    }
  }
}

/**
 * Merges the mergeable heads of the peers with ours. Resolutions and rejections are recorded in their
 * `PeerProgress`.
 * @returns the commit that contains them all; no local branch moves
 */
async function mergeIn(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  { allProgress, earlier }: Peers,
): Promise<Converged> {
  const { database } = engine;
  // Dolt would create it from the branch of a peer.
  if ((await branchHead(database, context.branch)) === null)
    throw movedMeanwhile(`another process removed ${context.branch} during this run`);
  await checkPeers(context, local, engine, allProgress);
  await recordEquivalent(
    database,
    allProgress.filter((progress) => progress.isMerged && progress.head !== null),
    local.ours,
  );
  const { candidates, converged, waiting, attributed } = await convergePeers(context, local, engine, allProgress);
  recordConflicts(candidates, allProgress, { earlier, attributed });
  for (const progress of candidates) {
    const { head, mergeRewritten } = progress;
    if (head === null) continue;
    // A head that waits can be in another one that need not.
    const isMerged = await isAncestor(database, head, converged.target);
    const why = isMerged ? undefined : (waiting.get(head) ?? converged.dropped.get(head));
    if (why !== undefined && progress.failure === null)
      progress.reject(why.failure, [...(earlier.get(progress) ?? []), ...why.conflicts]);
    if (head !== mergeRewritten || progress.rewritten === null) continue;
    const merge = why === undefined ? { target: converged.target } : await pendingMerge(database, local.ours, progress);
    if (merge !== null) await recordReturned(database, progress, { ours: local.ours, merge });
  }
  return converged;
}

/** A merge that a person can complete with `resolve`. */
async function pendingMerge(sql: Sql, ours: string, progress: PeerProgress): Promise<{ readonly base: string } | null> {
  const { head } = progress;
  const base = head !== null && isUnresolved(progress) ? await mergeBase(sql, ours, head) : null;
  return base === null ? null : { base };
}

interface ConvergedPeers extends MergeAttempt {
  /** The peers whose heads were merged, or tried. */
  readonly candidates: readonly PeerProgress[];
}

/**
 * Merges the heads of these peers. A head that is equivalent to a rejected one is merged itself: a peer that copies
 * another's rows must not keep that peer's head out.
 */
async function convergePeers(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  allProgress: readonly PeerProgress[],
): Promise<ConvergedPeers> {
  const candidates = allProgress.filter(
    (progress) =>
      progress.actions?.merge === true && progress.isMerged && progress.head !== null && progress.equivalentTo === null,
  );
  for (const progress of candidates) {
    if ((progress.behind ?? 0) > 0)
      context.onProgress({
        peer: progress.peer.name,
        step: 'merging',
        detail: `${counted(progress.behind ?? 0, 'commit')}`,
      });
  }
  const { database } = engine;
  const heads: string[] = [];
  for (const { head } of candidates)
    if (head !== null && (await reachableOnlyFrom(database, head, local.accepted))) heads.push(head);
  const touched = await headsThatTouch(context, local, database, heads);
  const deleting = candidates.flatMap(({ head, peer }) =>
    head !== null && peer.accept.includes('deletion') ? [head] : [],
  );
  const peersAt = (head: string) => candidates.flatMap((one) => (one.head === head ? [one.peer.name] : []));
  const mayDelete = new Set([...deleting, ...local.accepted]);
  const parts = await partsOfPublished(database, local, allProgress);
  const merging: Merging = { context, ours: local.ours, engine, mayDelete, peersAt, parts };
  const merged = await convergeChecked(merging, headsOf(candidates, local.accepted), touched);
  const { converged, waiting } = merged;
  const alone = allProgress.filter(
    ({ equivalentTo: twin }) => twin !== null && (waiting.has(twin) || converged.dropped.has(twin)),
  );
  if (alone.length === 0) return { ...merged, candidates };
  for (const progress of alone) progress.foundEquivalent(null, local.ours);
  return await convergePeers(context, local, engine, allProgress);
}

/** The facts that all merges of one engine share. */
interface Merging {
  readonly context: SyncContext;
  readonly ours: string;
  readonly engine: Engine;
  /** Heads without a limit on deletions. */
  readonly mayDelete: ReadonlySet<string>;
  /** The names of the peers that have a head. */
  readonly peersAt: (head: string) => readonly string[];
  /** The heads of peers in published commits; see `partsOfPublished`. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
}

/** The merged heads, the peer of each conflict, and the heads that have to wait. */
interface MergeAttempt {
  readonly converged: Converged;
  readonly waiting: ReadonlyMap<string, RejectedHead>;
  readonly attributed: readonly Attributed[];
}

/**
 * Merges the heads that need not wait, and checks the result. A check may name heads that have to wait; then the others
 * are merged again, until a result passes every check.
 */
async function convergeChecked(
  merging: Merging,
  all: readonly StrategyHead[],
  touched: TouchedTables,
): Promise<MergeAttempt> {
  const { context, ours, engine, parts } = merging;
  const { branch, limits, rules } = context;
  const { database } = engine;
  const mergeOf = (theirs: readonly StrategyHead[]) =>
    converge(engine, { ours, theirs, branch, limits, rules }, scratchName);
  const first = () => new Map([...touched.waiting, ...limits.unreportable]);
  const unmovable = (to: string) => whyUnmovable(context, database, { from: ours, to });
  let waiting = first();
  for (;;) {
    const heads = all.filter(({ head, isPublished }) => isPublished === true || !waiting.has(head));
    const converged = await mergeOf(heads);
    const losses = await headsWithLosses(merging, { converged, heads }, mergeOf);
    if (losses.size > 0) {
      for (const [head, why] of losses) waiting.set(head, why);
      continue;
    }
    const why = await unmovable(converged.target);
    const { otherRows } = touched;
    const staying =
      why === null ? null : await headsThatStay(database, { why, converged, heads, otherRows, mergeOf, unmovable });
    // Nothing else can wait if what was published before cannot be reached any more.
    if (staying !== null && staying.size > 0) {
      for (const [head, reason] of staying) waiting.set(head, reason);
      continue;
    }
    const found = await attributeAll(engine, { steps: converged.steps, ours: converged.kept, parts, limits });
    if (found.kind === 'attributed') {
      const merge = limits.unreportable.size > 0 ? limited(converged.merge) : converged.merge;
      return { converged: { ...converged, merge }, waiting, attributed: found.conflicts };
    }
    limits.unreportable.set(found.head, { failure: found.failure, conflicts: [] });
    if (engine.hasEnded()) {
      limits.lost += 1;
      throw new Failure('engine-lost', `the Dolt server ended while reading the rows of ${found.head}`);
    }
    // Without that head, the result may pass checks that it did not pass with it.
    waiting = first();
  }
}

/** The heads whose merge would remove too many of our rows, or of those of another head that was merged. */
async function headsWithLosses(
  { context, ours, engine, mayDelete, peersAt }: Merging,
  merged: { readonly converged: Converged; readonly heads: readonly StrategyHead[] },
  mergeOf: (theirs: readonly StrategyHead[]) => Promise<Converged>,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const { limits, maxDelete, rules } = context;
  const { converged, heads } = merged;
  const reading = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    engine.operation(limits.of('checking'), NOWHERE, work);
  const found = await headsThatLose(engine.database, merged, {
    ours,
    mayDelete,
    mergeOf,
    lossesOf: (target) => reading((sql) => massLosses(sql, { from: ours, to: target }, maxDelete)),
    textOf: (losses) => ourLosses(losses, maxDelete),
  });
  if (found.size > 0) return found;
  // Without resolved rows a merge removes what heads delete; without shared commits these are rows that we had.
  const all = heads.map(({ head }) => ({ head, peer: '' }));
  const isSharing = () => reading(async (sql) => (await sharedCommits(sql, ours, all)).size > 0);
  if (converged.steps.length === 0 && !(await isSharing().catch(trueIfLate))) return found;
  for (const side of heads) {
    const { head } = side;
    const peers = peersAt(head);
    if (peers.length === 0 || converged.dropped.has(head) || (await isAncestor(engine.database, head, ours))) continue;
    const shared = [{ commit: head, peers }];
    const blamed = await headsThatLose(engine.database, merged, {
      ours: head,
      mayDelete,
      mergeOf: (others) => mergeOf([...others, side]),
      lossesOf: (target) => reading((sql) => readOthersLosses(sql, { ours, theirs: target, rules, shared, maxDelete })),
      textOf: (losses) => othersLosses(losses, peers, maxDelete),
    });
    if (blamed.size > 0) return blamed;
  }
  return found;
}

function trueIfLate(thrown: unknown): boolean {
  if (toFailure(thrown).code !== 'timeout') throw thrown;
  return true;
}

function headsOf(candidates: readonly PeerProgress[], accepted: readonly string[]): StrategyHead[] {
  const byName = candidates.toSorted((a, b) => (a.peer.name < b.peer.name ? -1 : 1));
  const theirs = byName.flatMap(({ head, peer }) =>
    head === null || accepted.includes(head) ? [] : [{ head, strategy: peer.strategy }],
  );
  return [...theirs, ...accepted.map((head) => ({ head, strategy: 'newest', isPublished: true }) as const)];
}

/** Combines the merges of two attempts of one run. */
export function addMerges(before: MergeReport | null, now: MergeReport): MergeReport {
  if (before === null) return now;
  const because = before.because ?? now.because;
  return { protocol: 2, deterministic: because === null, because, commits: before.commits + now.commits };
}
