import { Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/engines.ts';
import { forgetTracking } from '../dolt/heads.ts';
import { commitInfo, commitsAmong, containsCommit, countCommits, mergeBase, rootCommit } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { surveyDelivery } from './deliver.ts';
import { leaseFailure } from './lease.ts';
import { mergeLimit } from './merge-limits.ts';
import { otherMakers } from './other-makers.ts';
import type { PeerRun } from './peer-run.ts';
import { type Reading, readPeer } from './read-peer.ts';
import { findRewritten, type Rewritten, rewrittenFailure } from './rewritten.ts';
import { stateOf } from './state.ts';

/** Our side of a comparison. */
export interface ComparedTown {
  readonly branch: string;
  readonly ours: string;
  /** Commits that our branch gave up; a peer that still has one would bring it back. */
  readonly dropped: readonly string[];
  /** Commits of this run that a remote has taken: heads like ours. */
  readonly accepted: readonly string[];
}

/**
 * Reads one peer: fetches its branch and says where it stands against our head. A failure stays this peer's own: it is
 * noted in the run, never thrown.
 */
export async function surveyPeer(
  engine: Engine,
  run: PeerRun,
  town: Reading & ComparedTown & { readonly mergeTimeoutMs: number },
): Promise<void> {
  try {
    const before = run.head;
    const theirs = await readPeer(engine, run, { ...town, onTry: () => noteTry(run) });
    if (theirs === null) throw new Failure('branch-missing', `${run.peer.name} has no branch ${run.branch}`);
    await compareWithin(engine, run, town, { theirs, before });
  } catch (thrown) {
    await noteAbsence(engine.database, run, toFailure(thrown));
  }
  if (run.failure === null) await surveyDelivery(engine, run, town);
}

/**
 * The same within a time, for a head that was just read: rows of the peer are read before they are checked, and one of its
 * definitions may compute them for hours. A failure is noted in the run.
 */
export async function compareWithin(
  engine: Engine,
  run: PeerRun,
  town: ComparedTown & { readonly mergeTimeoutMs: number },
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  try {
    await engine.verb(mergeLimit('comparing', town.mergeTimeoutMs), NOWHERE, (sql) =>
      comparePeer(sql, run, town, heads),
    );
  } catch (thrown) {
    // It was reached, so that it is not `unreachable`.
    run.state = 'unknown';
    run.failure = toFailure(thrown);
  }
}

function noteTry(run: PeerRun): void {
  run.attempts += 1;
}

/**
 * Says where a peer's head stands against ours, and refuses it where a merge would bring back what one side removed by
 * rewriting its history.
 * @param heads.before the head that an earlier round of this run read there
 */
export async function comparePeer(
  sql: Sql,
  run: PeerRun,
  town: ComparedTown,
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  const { ours } = town;
  const { theirs } = heads;
  const base = await mergeBase(sql, ours, theirs);
  run.head = theirs;
  run.state = stateOf({ ours, theirs, base });
  if (base !== null) {
    run.ahead = await countCommits(sql, theirs, ours);
    run.behind = await countCommits(sql, ours, theirs);
    run.otherMakers = run.behind === 0 ? null : await otherMakers(sql, { peer: run.peer.name, ours, theirs });
  }
  run.rewritten =
    (await takenBack(sql, heads, town)) ??
    (await findRewritten(sql, run, { ours, theirs, base, dropped: town.dropped }));
  if (run.rewritten !== null) run.state = 'rewritten';
  // Whoever named the head to be replaced knows whose it is.
  if (run.lease !== null) return;
  if (run.rewritten !== null)
    run.failure = await refusal(sql, run, { ...town, theirs, base, rewritten: run.rewritten });
  else if (base === null) run.failure = await unrelated(sql, run, { ours, theirs });
}

/** What an earlier round of this run read at the peer may be in a commit that another remote has taken. */
async function takenBack(
  sql: Sql,
  { theirs, before }: { readonly theirs: string; readonly before: string | null },
  { ours, accepted }: ComparedTown,
): Promise<Rewritten | null> {
  if (before === null || before === theirs) return null;
  for (const head of [ours, ...accepted]) {
    const [missing] = await commitsAmong(sql, { from: theirs, to: head }, [before]);
    if (missing !== undefined) return { side: 'theirs', last: missing };
  }
  return null;
}

/** @returns null where the very head was named that is to be merged all the same */
async function refusal(
  sql: Sql,
  run: PeerRun,
  found: ComparedTown & { readonly theirs: string; readonly base: string | null; readonly rewritten: Rewritten },
): Promise<Failure | null> {
  const { theirs, base, ours } = found;
  const named = run.mergeRewritten;
  if (named === theirs && base !== null) return null;
  // A head that was named and merged once says nothing about the next rewrite.
  if (named !== null && base !== null && !(await containsCommit(sql, ours, named))) {
    return leaseFailure(run.peer.name, { expected: named, found: theirs }, 'merge-rewritten');
  }
  return rewrittenFailure(run, found.rewritten, found);
}

async function noteAbsence(sql: Sql, run: PeerRun, failure: Failure): Promise<void> {
  if (failure.code !== 'remote-empty' && failure.code !== 'branch-missing') {
    // A shallow clone of ours is no fault of the peer: it answered, and we cannot tell where it stands.
    run.state = failure.code === 'shallow-clone' ? 'unknown' : 'unreachable';
    run.failure = failure;
    return;
  }
  await forgetTracking(sql, { remote: run.remote, branch: run.branch });
  run.head = null;
  run.state = failure.code;
}

async function unrelated(
  sql: Sql,
  run: PeerRun,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<Failure> {
  const [ourRoot, theirRoot] = await Promise.all([rootCommit(sql, heads.ours), rootCommit(sql, heads.theirs)]);
  const tip = await commitInfo(sql, heads.theirs);
  return new Failure(
    'unrelated',
    `${run.peer.name} has a history that shares no commit with ours: ours began with ${ourRoot.hash} ` +
      `(${ourRoot.date}, ${ourRoot.committer}), theirs with ${theirRoot.hash} (${theirRoot.date}, ${theirRoot.committer}) ` +
      `and is at ${tip.hash}`,
  );
}
