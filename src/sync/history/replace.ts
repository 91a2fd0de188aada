import { counted } from '../../core/text.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { countCommits, isAncestor } from '../../dolt/sql/history.ts';
import { ensureTag } from '../../dolt/sql/tags.ts';
import { forceBranch, pushTag } from '../../dolt/sql/transfer.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { Publication } from '../push.ts';
import { readPeer } from '../read-peer.ts';
import { send } from '../send-branch.ts';
import type { SyncContext } from '../sync-context.ts';
import { timeLimit } from '../time-limits.ts';
import { leaseFailure, leaseVerdict, type Replacing, savedTag } from './lease.ts';

type LeasedRun = PeerProgress & { readonly lease: string };

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
  run: PeerProgress,
): Promise<Replacing | null> {
  if (!isLeased(run)) return null;
  if (hasLanded(run)) {
    run.foundReplaced();
    return null;
  }
  const { progress } = context;
  const { name } = run.peer;
  if (!needsReplacing(run, target) || (await isAncestor(engine.database, run.lease, target))) return null;
  const tag = savedTag(name, run.lease);
  const saved = { name: tag, commit: run.lease };
  await ensureTag(engine.database, saved);
  const limit = timeLimit(run.peer, 'push', context.timeoutMs);
  const atPeer = await engine
    .operation(limit, run.reach, (sql) => pushTag(sql, { remote: run.remote, tag, user: run.user }))
    .then(
      () => true,
      // The local tag keeps the head even if the peer refuses the tag.
      () => false,
    );
  progress({ peer: name, step: 'fetching', detail: 'again, because its head will be replaced' });
  run.readAgain(await readPeer(context, engine, run));
  // A fetch may bring another tag of that name (Dolt 2.3.0).
  await ensureTag(engine.database, saved);
  if (!needsReplacing(run, target)) return null;
  const commits = await countCommits(engine.database, run.lease, target);
  progress({ peer: name, step: 'pushing', detail: `${counted(commits, 'commit')}, replacing ${run.lease}` });
  const replacing = { head: run.lease, tag, atPeer, target, commits };
  run.beginReplacing(replacing);
  const to = { remote: run.remote, source: branch, branch: run.branch, user: run.user };
  await send(engine, run, limit, (sql) => forceBranch(sql, to));
  return replacing;
}

function isLeased(run: PeerProgress): run is LeasedRun {
  return run.lease !== null;
}

/** A forced push may have succeeded although its answer was lost. */
function hasLanded({ replacing, head }: PeerProgress): boolean {
  return replacing !== null && replacing.target === head;
}

function needsReplacing(run: LeasedRun, target: string): boolean {
  switch (leaseVerdict({ expected: run.lease, found: run.head, target })) {
    case 'nothing-to-do':
      return false;
    case 'replace':
      return true;
    case 'stale':
      throw leaseFailure(run.peer.name, { expected: run.lease, found: run.head });
  }
}
