import { Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/engines.ts';
import { forgetTracking } from '../dolt/heads.ts';
import { commitInfo, countCommits, mergeBase, rootCommit } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { surveyDelivery } from './deliver.ts';
import { otherMakers } from './other-makers.ts';
import type { PeerRun } from './peer-run.ts';
import { type Reading, readPeer } from './read-peer.ts';
import { stateOf } from './state.ts';

/**
 * Reads one peer: fetches its branch and says where it stands against our head. A failure stays this peer's own: it is
 * noted in the run, never thrown.
 */
export async function surveyPeer(
  engine: Engine,
  run: PeerRun,
  town: Reading & { readonly ours: string },
): Promise<void> {
  try {
    const theirs = await readPeer(engine, run, { ...town, onTry: () => noteTry(run) });
    if (theirs === null) throw new Failure('branch-missing', `${run.peer.name} has no branch ${run.branch}`);
    await compareHeads(engine.database, run, { ours: town.ours, theirs });
  } catch (thrown) {
    await noteAbsence(engine.database, run, toFailure(thrown));
  }
  if (run.failure === null) await surveyDelivery(engine, run, town);
}

function noteTry(run: PeerRun): void {
  run.attempts += 1;
}

/** Notes in a run how a head of the peer relates to ours. */
export async function compareHeads(
  sql: Sql,
  run: PeerRun,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const base = await mergeBase(sql, heads.ours, heads.theirs);
  run.head = heads.theirs;
  run.state = stateOf({ ...heads, base });
  if (base === null) {
    // Whoever named the head to be replaced knows whose it is.
    if (run.lease === null) run.failure = await unrelated(sql, run, heads);
    return;
  }
  run.ahead = await countCommits(sql, heads.theirs, heads.ours);
  run.behind = await countCommits(sql, heads.ours, heads.theirs);
  run.otherMakers = run.behind === 0 ? null : await otherMakers(sql, { peer: run.peer.name, ...heads });
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
