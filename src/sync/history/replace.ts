import { type Failure, toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { countCommits } from '../../dolt/sql/history.ts';
import { ensureTag } from '../../dolt/sql/tags.ts';
import { forceBranch, pushTag } from '../../dolt/sql/transfer.ts';
import { inEngines } from '../in-engines.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { Publication } from '../push.ts';
import { readPeer } from '../read-peer.ts';
import { requireTaking, send } from '../send-branch.ts';
import type { OwnTag } from '../served/served-database.ts';
import type { SyncContext } from '../sync-context.ts';
import { timeLimit } from '../time-limits.ts';
import { retireBeforeMove } from './change-state.ts';
import { leaseFailure, type Replacing, savedTag, verdictFor } from './lease.ts';

type LeasedProgress = PeerProgress & { readonly lease: string };

/**
 * Keeps the heads that will be replaced at the server that holds the database: its clients do not see the scratch copy,
 * which can be temporary. As in `replaceHead`, a peer that cannot take the branch gets no tag.
 * @returns why peers must not be pushed to
 * @throws Failure `interrupted`
 */
export async function keepAtServer(
  context: SyncContext,
  target: string,
  leased: readonly PeerProgress[],
): Promise<ReadonlyMap<PeerProgress, Failure>> {
  const { engines, served } = context;
  const failures = new Map<PeerProgress, Failure>();
  if (served?.keepTag === undefined) return failures;
  const orRecord = async (progress: PeerProgress, work: () => Promise<void>): Promise<void> => {
    await work().catch((thrown: unknown) => {
      const failure = toFailure(thrown);
      if (failure.code === 'interrupted') throw failure;
      failures.set(progress, failure);
    });
  };
  const tags = new Map<PeerProgress, OwnTag>();
  await inEngines(context, { allProgress: leased, plain: 'first' }, async (engine, progress) => {
    await orRecord(progress, async () => {
      if (!isLeased(progress) || !(await isToReplace(engine, progress, target))) return;
      await requireTaking(engine, progress, timeLimit(progress.peer, 'push', context.timeoutMs));
      tags.set(progress, tagOf(progress));
    });
  });
  for (const [progress, tag] of tags) await orRecord(progress, async () => await served.keepTag?.(engines, tag));
  return failures;
}

/**
 * Replaces a peer's branch by ours without a fast-forward, because the user named the head to discard. First a tag
 * keeps that head, here and at the peer. Then the peer is read again, and the push is forced only if it has not moved.
 * Dolt has no lease, so a write between that read and the push is overwritten.
 * @returns what was sent and is not yet verified; null if a plain push is enough
 * @throws Failure `lease-stale` before anything is sent, `tag-conflict`, or any error of reading and pushing
 */
export async function replaceHead(
  context: SyncContext,
  { target, branch }: Publication,
  engine: Engine,
  progress: PeerProgress,
): Promise<Replacing | null> {
  if (!isLeased(progress)) return null;
  if (hasSucceeded(progress)) {
    progress.foundReplaced();
    return null;
  }
  const { onProgress } = context;
  const { name } = progress.peer;
  if (!(await isToReplace(engine, progress, target))) return null;
  const limit = timeLimit(progress.peer, 'push', context.timeoutMs);
  // A peer that cannot take the branch gets no tag. Before a tag at a server, `keepAtServer` asked it.
  if (context.served?.keepTag === undefined) await requireTaking(engine, progress, limit);
  const saved = tagOf(progress);
  const tag = saved.name;
  await ensureTag(engine.database, saved);
  const atPeer = await engine
    .operation(limit, progress.reach, (sql) => pushTag(sql, { remote: progress.remote, tag, user: progress.user }))
    .then(
      () => true,
      // The local tag keeps the head even if the peer refuses the tag.
      () => false,
    );
  onProgress({ peer: name, step: 'fetching', detail: 'again, because its head will be replaced' });
  progress.readAgain(await readPeer(context, engine, progress));
  // A fetch may bring another tag of that name (Dolt 2.3.0).
  await ensureTag(engine.database, saved);
  if (!(await isToReplace(engine, progress, target))) return null;
  const commits = await countCommits(engine.database, progress.lease, target);
  onProgress({ peer: name, step: 'pushing', detail: `${counted(commits, 'commit')}, replacing ${progress.lease}` });
  // Also if the push fails or the run ends: its user decided against this head.
  for (const notice of await retireBeforeMove(context.state, context.branch, progress.lease)) context.notify(notice);
  const replacing = { head: progress.lease, tag, atPeer, target, commits };
  progress.beginReplacing(replacing);
  const to = { remote: progress.remote, source: branch, branch: progress.branch, user: progress.user };
  await send(engine, progress, limit, (sql) => forceBranch(sql, to));
  return replacing;
}

function isLeased(progress: PeerProgress): progress is LeasedProgress {
  return progress.lease !== null;
}

/** A forced push may have succeeded although its answer was lost. */
function hasSucceeded({ replacing, head }: PeerProgress): boolean {
  return replacing !== null && replacing.target === head;
}

function tagOf({ peer, lease }: LeasedProgress): OwnTag {
  return { name: savedTag(peer.name, lease), commit: lease };
}

/** Whether only a forced push does it. @throws Failure `lease-stale` */
async function isToReplace({ database }: Engine, progress: LeasedProgress, target: string): Promise<boolean> {
  switch (await verdictFor(database, { progress, expected: progress.lease, target })) {
    case 'nothing-to-do':
      return false;
    case 'replace':
      return true;
    case 'stale':
      throw leaseFailure(progress.peer.name, { expected: progress.lease, found: progress.head });
  }
}
