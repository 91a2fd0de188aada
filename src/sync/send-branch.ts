import { counted } from '../core/text.ts';
import { requirePushable } from '../dolt/git-access.ts';
import type { Engine, TimeLimit } from '../dolt/server/engines.ts';
import { countReachable } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { pushBranch } from '../dolt/sql/transfer.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { Publication } from './push.ts';
import { withSshReason } from './ssh-reason.ts';
import type { SyncContext } from './sync-context.ts';
import { timeLimit } from './time-limits.ts';

/** The commits that a peer is known to have. */
export function headsAtPeer({ head, delivery }: Pick<PeerProgress, 'head' | 'delivery'>): string[] {
  return [head, delivery?.head ?? null].filter((one) => one !== null);
}

/**
 * Pushes to one branch of a peer within its time limit, fast-forward only.
 * @param to the branch at the peer
 * @returns the number of commits that the peer lacked; a push that returns proves nothing (see verify.ts)
 * @throws Failure with the class of the error
 */
export async function sendBranch(
  context: SyncContext,
  { target, branch }: Publication,
  engine: Engine,
  progress: PeerProgress,
  to: string,
): Promise<number> {
  const known = headsAtPeer(progress);
  const commits = await countReachable(engine.database, target, known);
  const detail = to === progress.branch ? counted(commits, 'commit') : `${counted(commits, 'commit')} to ${to}`;
  context.onProgress({ peer: progress.peer.name, step: 'pushing', detail });
  const limit = timeLimit(progress.peer, known.length === 0 ? 'first push' : 'push', context.timeoutMs);
  const push = { remote: progress.remote, source: branch, branch: to, user: progress.user };
  await send(engine, progress, limit, (sql) => pushBranch(sql, push));
  return commits;
}

/**
 * Asks a git host before a push whether it accepts one.
 * @throws Failure `not-a-remote`, or with the class of git's output
 */
export async function requireTaking(engine: Engine, progress: PeerProgress, limit: TimeLimit): Promise<void> {
  const { name, ref, endpoint } = progress.peer;
  if (endpoint.kind !== 'git') return;
  const place = { peer: name, url: endpoint.dolt, ref };
  const isFirst = progress.head === null;
  await engine.runProgram(limit, progress.reach, (program) => requirePushable(place, isFirst, program));
}

/**
 * Pushes within a time limit. A git host is asked before whether it accepts a push.
 * @throws Failure with the class of the error, and over ssh with the reason that ssh gives
 */
export async function send(
  engine: Engine,
  progress: PeerProgress,
  limit: TimeLimit,
  push: (sql: Sql) => Promise<void>,
): Promise<void> {
  await requireTaking(engine, progress, limit);
  await withSshReason(engine, progress, limit, () => engine.operation(limit, progress.reach, push));
}
