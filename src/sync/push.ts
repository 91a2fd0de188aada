import { Failure, toFailure } from '../core/failure.ts';
import type { PeerEvent } from '../core/logger.ts';
import { gitAddress } from '../dolt/git-access.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { countCommits, countReachable, isAncestor } from '../dolt/sql/history.ts';
import { pushBranch } from '../dolt/sql/transfer.ts';
import { deliver } from './deliver.ts';
import { replaceHead } from './history/replace.ts';
import type { PeerRun } from './peer-run.ts';
import type { Reading } from './read-peer.ts';
import { timeLimit } from './time-limits.ts';

/** What is pushed: a commit, and a local branch that points at it. */
export interface Publication extends Reading {
  readonly target: string;
  readonly branch: string;
  readonly progress: (event: PeerEvent) => void;
}

/**
 * What came of a push: `unproven`, it returned, with so many commits sent · `done`, there was nothing to do, or what went
 * wrong is noted in the run · `lost-race`, the peer moved or could not be reached, and fetching and merging anew may help.
 */
export type Pushed =
  | { readonly kind: 'unproven'; readonly commits: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'lost-race'; readonly failure: Failure };

/** Pushes to one peer, fast-forward only unless the run holds a lease. That a push returns proves nothing: see prove.ts. */
export async function pushTo(engine: Engine, run: PeerRun, publication: Publication): Promise<Pushed> {
  const { target, progress } = publication;
  const sql = engine.database;
  try {
    if (run.peer.live === true) return await deliver(engine, run, publication);
    const replaced = await replaceHead(engine, run, publication);
    if (replaced !== null) return { kind: 'unproven', commits: replaced.commits };
    if (run.head !== null && (await isAncestor(sql, target, run.head))) {
      run.verified = true;
      return { kind: 'done' };
    }
    if (run.head !== null && !(await isAncestor(sql, run.head, target))) {
      run.failure = strays(run);
      return { kind: 'done' };
    }
    const commits = await (run.head === null ? countReachable(sql, target) : countCommits(sql, run.head, target));
    progress({ peer: run.peer.name, step: 'pushing', detail: `${commits} commit(s)` });
    const limit = timeLimit(run.peer, run.head === null ? 'first push' : 'push', publication.timeoutMs);
    const address = run.peer.endpoint.kind === 'git' ? gitAddress(run.peer.endpoint.dolt) : null;
    if (address !== null) await engine.askToPush(limit, run.reach, address);
    const to = { remote: run.remote, source: publication.branch, branch: run.branch, user: run.user };
    await engine.operation(limit, run.reach, (connection) => pushBranch(connection, to));
    return { kind: 'unproven', commits };
  } catch (thrown) {
    const failure = toFailure(thrown);
    // Whoever lost its engine gets another; all else is tried again after a fetch, which tells what became of the push.
    if (failure.retryable && failure.code !== 'engine-lost') return { kind: 'lost-race', failure };
    run.failure = failure.code === 'remote-empty' ? withoutBranch(run, failure) : failure;
    return { kind: 'done' };
  }
}

/** Only a peer that is never merged from can be pushed to while it has commits of its own. */
function strays(run: PeerRun): Failure {
  return new Failure(
    'non-fast-forward',
    `${run.peer.name} has ${run.behind ?? 'some'} commit(s) that we lack, and a push only ever fast-forwards`,
    { hint: 'Pull from it first, or, if it is a backup, find out who else writes to it.' },
  );
}

/** Reading says that such a repository is empty, as others are; only pushing tells that it cannot be pushed to. */
function withoutBranch(run: PeerRun, cause: Failure): Failure {
  return new Failure('repository-empty', `${run.peer.name} is a git repository without any branch: ${cause.message}`, {
    cause,
  });
}

/** Whether the peer may hold the target now, so that it is a head like any other from here on. */
export function mayHaveTaken(run: Pick<PeerRun, 'verified' | 'failure'>, push: Pushed): boolean {
  return push.kind === 'unproven' || run.verified || run.failure?.code === 'timeout';
}
