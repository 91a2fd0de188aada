import type { Conflict, MergeReport } from '../../contract/result.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import type { PeerEvent } from '../../core/logger.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { checkPeers } from '../incoming/check-peers.ts';
import { recordReturned } from '../incoming/returned-rows.ts';
import type { PeerRun } from '../peer-run.ts';
import { type Attributed, attribute } from './attribute.ts';
import { type Converged, converge, limited } from './converge.ts';
import { recordEquivalent } from './equivalent.ts';
import type { RejectedHead, StrategyHead } from './folding.ts';
import { isLimit, type MergeLimits } from './limits.ts';
import { headsThatLose } from './losses.ts';
import { scratchName } from './scratch.ts';
import { headsThatTouch, rowsToSetAside, type TouchedTables } from './uncommitted.ts';

/** The town's side of a merge. */
interface MergingDatabase {
  /** Our branch and the commit it points at. */
  readonly branch: string;
  readonly ours: string;
  /** Tables with uncommitted changes; no head that changes one is merged. */
  readonly dirty: readonly string[];
  /** Commits of this run that a remote has taken: heads like any other. */
  readonly accepted: readonly string[];
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** What checking and merging each head may take. */
  readonly limits: MergeLimits;
  readonly progress: (event: PeerEvent) => void;
}

/**
 * Brings the heads of the peers that may be merged together with ours. What was settled with whom, and whose head had to
 * be left out, is told in the peers' runs.
 * @returns where everybody meets. No branch of the town moves.
 */
export async function mergeHeads(engine: Engine, runs: readonly PeerRun[], local: MergingDatabase): Promise<Converged> {
  const { database } = engine;
  await checkPeers(engine, runs, local);
  await recordEquivalent(
    database,
    runs.filter((run) => run.failure === null && run.head !== null),
    local.ours,
  );
  const { bringing, converged, waiting, attributed } = await convergeRuns(engine, runs, local);
  notify(bringing, attributed, local.accepted);
  for (const run of bringing) {
    if (run.mergeRewritten === null || run.mergeRewritten !== run.head || run.rewritten === null) continue;
    await recordReturned(database, run, { ...local, target: converged.target });
  }
  for (const run of bringing) {
    const why = run.head === null ? undefined : (waiting.get(run.head) ?? converged.dropped.get(run.head));
    if (why !== undefined && run.failure === null) leaveOut(run, why);
  }
  return converged;
}

interface ConvergedRuns extends Besides {
  /** The runs whose heads were merged, or tried. */
  readonly bringing: readonly PeerRun[];
  readonly attributed: readonly Attributed[];
}

/**
 * Merges the heads of runs. A head that is equivalent to one that had to be left out is merged by itself: who can copy a
 * peer's rows must not be able to keep that peer's head out.
 */
async function convergeRuns(engine: Engine, runs: readonly PeerRun[], local: MergingDatabase): Promise<ConvergedRuns> {
  const bringing = runs.filter(
    (run) => run.actions?.merge === true && run.failure === null && run.head !== null && run.equivalentTo === null,
  );
  for (const run of bringing) {
    if ((run.behind ?? 0) > 0)
      local.progress({ peer: run.peer.name, step: 'merging', detail: `${run.behind} commit(s)` });
  }
  const heads = bringing.flatMap((run) => (run.head === null ? [] : [run.head]));
  const touched = await headsThatTouch(engine.database, local, heads);
  const mayDelete = bringing.flatMap(({ head, peer }) =>
    head !== null && peer.accept.includes('deletion') ? [head] : [],
  );
  const { converged, waiting, attributed } = await convergeAndAttribute(engine, headsOf(bringing, local.accepted), {
    ...local,
    touched,
    free: new Set([...mayDelete, ...local.accepted]),
  });
  const alone = runs.filter(
    ({ equivalentTo: twin }) => twin !== null && (waiting.has(twin) || converged.dropped.has(twin)),
  );
  if (alone.length === 0) return { bringing, converged, waiting, attributed };
  for (const run of alone) run.equivalentTo = null;
  return await convergeRuns(engine, runs, local);
}

/** What a merge is checked for. */
interface Checked extends MergingDatabase {
  readonly touched: TouchedTables;
  /** Heads that may delete as much as they like. */
  readonly free: ReadonlySet<string>;
}

/** What was merged, and which heads wait. */
interface Besides {
  readonly converged: Converged;
  readonly waiting: ReadonlyMap<string, RejectedHead>;
}

/**
 * Merges, and says which peer each conflict is with. Where that passes a limit, the head that the conflicts came with is
 * left out, and the others are merged again.
 */
async function convergeAndAttribute(
  engine: Engine,
  all: readonly StrategyHead[],
  local: Checked,
): Promise<Besides & { readonly attributed: readonly Attributed[] }> {
  const { ours, limits } = local;
  for (;;) {
    const waiting = new Map([...local.touched.waiting, ...limits.unreportable]);
    const besides = await convergeBesides(engine, all, { ...local, touched: { ...local.touched, waiting } });
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
    throw new Failure('engine-lost', `the Dolt server ended while the rows of ${late[0]} were looked for`);
  }
}

/**
 * Merges the heads that need not wait for uncommitted changes. Where the result changes more than each head did, so that
 * our branch could not follow it, every head that changes such a table waits: nothing is pushed that we cannot move to.
 */
async function convergeBesides(engine: Engine, all: readonly StrategyHead[], local: Checked): Promise<Besides> {
  const { ours, branch, dirty, touched } = local;
  const first = await convergeWithin(engine, all, { ...local, waiting: touched.waiting });
  const rows = await rowsToSetAside(engine.database, dirty, { branch, from: ours, to: first.converged.target });
  if (typeof rows !== 'string') return first;
  return await convergeWithin(engine, all, { ...local, waiting: new Map([...first.waiting, ...touched.besides]) });
}

/** Merges the heads that do not wait yet; those that take too many of our rows away wait, and the others are merged again. */
async function convergeWithin(
  engine: Engine,
  all: readonly StrategyHead[],
  local: Checked & { readonly waiting: ReadonlyMap<string, RejectedHead> },
): Promise<Besides> {
  const { ours, branch, limits } = local;
  const mergeOf = (theirs: readonly StrategyHead[]) => converge(engine, { ours, theirs, branch, limits }, scratchName);
  const waiting = new Map(local.waiting);
  for (;;) {
    const heads = all.filter(({ head }) => !waiting.has(head));
    const converged = await mergeOf(heads);
    const losing = await headsThatLose(engine.database, { converged, heads }, { ...local, mergeOf });
    if (losing.size === 0) return { converged, waiting };
    for (const [head, why] of losing) waiting.set(head, why);
  }
}

function headsOf(bringing: readonly PeerRun[], accepted: readonly string[]): StrategyHead[] {
  const byName = bringing.toSorted((a, b) => (a.peer.name < b.peer.name ? -1 : 1));
  const theirs = byName.flatMap(({ head, peer }) => (head === null ? [] : [{ head, strategy: peer.strategy }]));
  return [...theirs, ...accepted.map((head) => ({ head, strategy: 'newest' }) as const)];
}

function leaveOut(run: PeerRun, why: RejectedHead): void {
  run.failure = why.failure;
  run.conflicts = [...why.conflicts];
}

function notify(bringing: readonly PeerRun[], attributed: readonly Attributed[], accepted: readonly string[]): void {
  const namesAt = (heads: readonly string[]): string[] =>
    bringing.flatMap(({ head, peer }) => (head !== null && heads.includes(head) ? [peer.name] : []));
  for (const run of bringing) {
    // What an earlier attempt settled stands where a remote has taken it.
    const before: Conflict[] = accepted.length > 0 ? run.conflicts : [];
    const now = attributed.filter(({ head }) => head === run.head);
    run.conflicts = [...before, ...now.map(({ conflict, between }) => ({ ...conflict, between: namesAt(between) }))];
  }
}

/** The merges of two attempts of one run together. */
export function addMerges(before: MergeReport | null, now: MergeReport): MergeReport {
  if (before === null) return now;
  const because = before.because ?? now.because;
  return { protocol: 2, deterministic: because === null, because, commits: before.commits + now.commits };
}
