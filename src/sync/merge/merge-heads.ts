import type { Conflict, MergeReport } from '../../contract/result.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { checkPeers } from '../incoming/check-peers.ts';
import { recordReturned } from '../incoming/returned-rows.ts';
import { massLosses } from '../incoming/rows.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { type Attributed, attribute } from './attribute.ts';
import { type Converged, converge, limited } from './converge.ts';
import { recordEquivalent } from './equivalent.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';
import { isLimit } from './limits.ts';
import { headsThatLose } from './losses.ts';
import { scratchName } from './scratch.ts';
import { headsThatTouch, rowsToSetAside, type TouchedTables } from './uncommitted.ts';

/**
 * Merges in an engine without credentials, and restarts in a new engine if one ended. This terminates: each time the
 * limits have identified the head or check more closely.
 */
export async function mergeHeads(
  context: SyncContext,
  local: LocalHead,
  runs: readonly PeerProgress[],
): Promise<Converged> {
  const { engines, limits } = context;
  for (;;) {
    const { lost } = limits;
    try {
      return await engines.use(NO_CREDENTIALS, (engine) => mergeIn(context, local, engine, runs));
    } catch (thrown) {
      if (toFailure(thrown).code !== 'engine-lost' || limits.lost === lost) throw thrown;
      await engines.close();
    }
  }
}

/**
 * Merges the mergeable heads of the peers with ours. Resolutions and rejections are recorded in the peers' runs.
 * @returns the commit that contains them all; no local branch moves
 */
async function mergeIn(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  runs: readonly PeerProgress[],
): Promise<Converged> {
  const { database } = engine;
  await checkPeers(context, local, engine, runs);
  await recordEquivalent(
    database,
    runs.filter((run) => run.failure === null && run.head !== null),
    local.ours,
  );
  const { candidates, converged, waiting, attributed } = await convergeRuns(context, local, engine, runs);
  recordConflicts(local, candidates, attributed);
  for (const run of candidates) {
    if (run.mergeRewritten === null || run.mergeRewritten !== run.head || run.rewritten === null) continue;
    await recordReturned(database, run, { ours: local.ours, target: converged.target });
  }
  for (const run of candidates) {
    const why = run.head === null ? undefined : (waiting.get(run.head) ?? converged.dropped.get(run.head));
    if (why !== undefined && run.failure === null) run.reject(why.failure, why.conflicts);
  }
  return converged;
}

interface ConvergedRuns extends MergeAttempt {
  /** The runs whose heads were merged, or tried. */
  readonly candidates: readonly PeerProgress[];
  readonly attributed: readonly Attributed[];
}

/**
 * Merges the heads of runs. A head that is equivalent to a rejected one is merged itself: a peer that copies another's
 * rows must not keep that peer's head out.
 */
async function convergeRuns(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  runs: readonly PeerProgress[],
): Promise<ConvergedRuns> {
  const candidates = runs.filter(
    (run) => run.actions?.merge === true && run.failure === null && run.head !== null && run.equivalentTo === null,
  );
  for (const run of candidates) {
    if ((run.behind ?? 0) > 0)
      context.progress({ peer: run.peer.name, step: 'merging', detail: `${counted(run.behind ?? 0, 'commit')}` });
  }
  const heads = candidates.flatMap((run) => (run.head === null ? [] : [run.head]));
  const touched = await headsThatTouch(context, local, engine.database, heads);
  const mayDelete = candidates.flatMap(({ head, peer }) =>
    head !== null && peer.accept.includes('deletion') ? [head] : [],
  );
  const merging: Merging = { context, ours: local.ours, engine, free: new Set([...mayDelete, ...local.accepted]) };
  const merged = await convergeAndAttribute(merging, headsOf(candidates, local.accepted), touched);
  const { converged, waiting } = merged;
  const alone = runs.filter(
    ({ equivalentTo: twin }) => twin !== null && (waiting.has(twin) || converged.dropped.has(twin)),
  );
  if (alone.length === 0) return { ...merged, candidates };
  for (const run of alone) run.equivalent(null, local.ours);
  return await convergeRuns(context, local, engine, runs);
}

/** What one call of mergeIn works with. */
interface Merging {
  readonly context: SyncContext;
  readonly ours: string;
  readonly engine: Engine;
  /** Heads without a limit on deletions. */
  readonly free: ReadonlySet<string>;
}

/** What was merged, and which heads have to wait. */
interface MergeAttempt {
  readonly converged: Converged;
  readonly waiting: ReadonlyMap<string, RejectedHead>;
}

/**
 * Merges, and finds the peer of each conflict. If that passes a limit, the head that caused the conflicts is rejected
 * and the others are merged again.
 */
async function convergeAndAttribute(
  merging: Merging,
  all: readonly StrategyHead[],
  touched: TouchedTables,
): Promise<MergeAttempt & { readonly attributed: readonly Attributed[] }> {
  const { context, ours, engine } = merging;
  const { limits } = context;
  for (;;) {
    const waiting = new Map([...touched.waiting, ...limits.unreportable]);
    const besides = await convergeWithUncommitted(merging, all, { ...touched, waiting });
    const attributed: Attributed[] = [];
    let late: readonly [head: string, why: RejectedHead] | null = null;
    for (const step of besides.converged.steps) {
      try {
        attributed.push(
          ...(await engine.operation(limits.of('reporting'), NOWHERE, (sql) => attribute(sql, step, ours))),
        );
      } catch (thrown) {
        const failure = toFailure(thrown);
        const others = [...step.onto, step.head].filter((head) => head !== ours).sort();
        const head = step.head === ours ? others.at(-1) : step.head;
        if (!isLimit(failure) || failure.code === 'engine-lost' || head === undefined) throw thrown;
        late = [head, { failure, conflicts: [] }];
        break;
      }
    }
    if (late === null) {
      const merge = limits.unreportable.size > 0 ? limited(besides.converged.merge) : besides.converged.merge;
      return { ...besides, converged: { ...besides.converged, merge }, attributed };
    }
    limits.unreportable.set(...late);
    if (!engine.hasEnded()) continue;
    limits.lost += 1;
    throw new Failure('engine-lost', `the Dolt server ended while reading the rows of ${late[0]}`);
  }
}

/**
 * Merges the heads that need not wait for uncommitted changes. If the result changes more than each head did, so that
 * our branch could not follow it, every head that changes such a table waits. Nothing is pushed that we cannot move to.
 */
async function convergeWithUncommitted(
  merging: Merging,
  all: readonly StrategyHead[],
  touched: TouchedTables,
): Promise<MergeAttempt> {
  const { context, ours, engine } = merging;
  const { branch, dirty } = context;
  const first = await convergeWithin(merging, all, touched.waiting);
  const rows = await rowsToSetAside(engine.database, dirty, { branch, from: ours, to: first.converged.target });
  if (typeof rows !== 'string') return first;
  return await convergeWithin(merging, all, new Map([...first.waiting, ...touched.besides]));
}

/**
 * Merges the heads that do not wait yet. Heads that remove too many of our rows wait, and the others are merged again.
 */
async function convergeWithin(
  { context, ours, engine, free }: Merging,
  all: readonly StrategyHead[],
  before: ReadonlyMap<string, RejectedHead>,
): Promise<MergeAttempt> {
  const { branch, limits, maxDelete } = context;
  const mergeOf = (theirs: readonly StrategyHead[]) => converge(engine, { ours, theirs, branch, limits }, scratchName);
  const lossesOf = (target: string) =>
    engine.operation(limits.of('checking'), NOWHERE, (sql) => massLosses(sql, { from: ours, to: target }, maxDelete));
  const waiting = new Map(before);
  for (;;) {
    const heads = all.filter(({ head }) => !waiting.has(head));
    const converged = await mergeOf(heads);
    const losing = await headsThatLose(
      engine.database,
      { converged, heads },
      { ours, maxDelete, free, mergeOf, lossesOf },
    );
    if (losing.size === 0) return { converged, waiting };
    for (const [head, why] of losing) waiting.set(head, why);
  }
}

function headsOf(candidates: readonly PeerProgress[], accepted: readonly string[]): StrategyHead[] {
  const byName = candidates.toSorted((a, b) => (a.peer.name < b.peer.name ? -1 : 1));
  const theirs = byName.flatMap(({ head, peer }) => (head === null ? [] : [{ head, strategy: peer.strategy }]));
  return [...theirs, ...accepted.map((head) => ({ head, strategy: 'newest' }) as const)];
}

function recordConflicts(
  local: LocalHead,
  candidates: readonly PeerProgress[],
  attributed: readonly Attributed[],
): void {
  const namesAt = (heads: readonly string[]): string[] =>
    candidates.flatMap(({ head, peer }) => (head !== null && heads.includes(head) ? [peer.name] : []));
  for (const run of candidates) {
    // Resolutions of an earlier attempt count if a remote has its commit.
    const before: readonly Conflict[] = local.accepted.length > 0 ? run.conflicts : [];
    const now = attributed.filter(({ head }) => head === run.head);
    run.reportConflicts([
      ...before,
      ...now.map(({ conflict, between }) => ({ ...conflict, between: namesAt(between) })),
    ]);
  }
}

/** Combines the merges of two attempts of one run. */
export function addMerges(before: MergeReport | null, now: MergeReport): MergeReport {
  if (before === null) return now;
  const because = before.because ?? now.because;
  return { protocol: 2, deterministic: because === null, because, commits: before.commits + now.commits };
}
