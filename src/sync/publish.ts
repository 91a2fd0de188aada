import { Failure, toFailure } from '../core/failure.ts';
import type { PeerEvent } from '../core/logger.ts';
import { trackingHead } from '../dolt/heads.ts';
import { countCommits, countReachable, isAncestor } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { fetchBranch, pushBranch } from '../dolt/transfer.ts';
import type { PeerRun } from './peer-run.ts';
import { replaceHead } from './replace.ts';

/** What is pushed: a commit, and a local branch that points at it. */
export interface Publication {
  readonly target: string;
  readonly branch: string;
  readonly progress: (event: PeerEvent) => void;
}

/**
 * Pushes to one peer and proves it by reading the peer again; fast-forward only, unless the run holds a lease. What goes
 * wrong is noted in the run.
 * @returns whether the peer moved meanwhile, so that fetching and merging anew may help
 */
export async function publishTo(sql: Sql, run: PeerRun, publication: Publication): Promise<'done' | 'lost-race'> {
  const { target, progress } = publication;
  const name = run.peer.name;
  try {
    if (isLeased(run) && (await replaceHead(sql, run, publication)) === 'done') {
      endLease(run);
      return 'done';
    }
    if (run.head !== null && (await isAncestor(sql, target, run.head))) {
      run.verified = true;
      return 'done';
    }
    if (run.head !== null && !(await isAncestor(sql, run.head, target))) {
      run.failure = strays(run);
      return 'done';
    }
    const count = run.head === null ? countReachable(sql, target) : countCommits(sql, run.head, target);
    const commits = await count;
    progress({ peer: name, step: 'pushing', detail: `${commits} commit(s)` });
    await pushBranch(sql, { peer: name, source: publication.branch, branch: run.branch });
    progress({ peer: name, step: 'verifying', detail: '' });
    await prove(sql, run, target);
    run.pushedCommits += commits;
    endLease(run);
    return 'done';
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'non-fast-forward' || failure.code === 'contention') return 'lost-race';
    run.failure = failure;
    return 'done';
  }
}

function isLeased(run: PeerRun): run is PeerRun & { readonly lease: string } {
  return run.lease !== null;
}

/** What was pushed under a lease is ours; from there on every push is a fast-forward again. */
function endLease(run: PeerRun): void {
  run.lease = null;
}

/** Only a peer that is never merged from can be pushed to while it has commits of its own. */
function strays(run: PeerRun): Failure {
  return new Failure(
    'non-fast-forward',
    `${run.peer.name} has ${run.behind ?? 'some'} commit(s) that we lack, and a push only ever fast-forwards`,
    { hint: 'Pull from it first, or, if it is a backup, find out who else writes to it.' },
  );
}

/**
 * Reads the peer again: verified only if what we pushed is an ancestor of what is there now, since another writer may
 * have gone on from it. That the push returned proves nothing.
 * @throws Failure `unverified`
 */
async function prove(sql: Sql, run: PeerRun, target: string): Promise<void> {
  const at = { peer: run.peer.name, branch: run.branch };
  let head: string | null;
  try {
    await fetchBranch(sql, at);
    head = await trackingHead(sql, at);
  } catch (cause) {
    const why = toFailure(cause);
    throw new Failure('unverified', `the push to ${at.peer} returned, but reading it again failed: ${why.message}`, {
      cause,
    });
  }
  const holds = head !== null && (await isAncestor(sql, target, head));
  if (!holds) {
    throw new Failure(
      'unverified',
      `the push of ${target} to ${at.peer} returned, but ${at.peer} is at ${head ?? 'nothing'}`,
    );
  }
  run.head = head;
  run.verified = true;
}
