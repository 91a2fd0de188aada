import { errorMessage, Failure } from '../core/failure.ts';
import { trackingHead } from '../dolt/heads.ts';
import { countCommits, isAncestor } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { makeTag, pushTag } from '../dolt/tags.ts';
import { fetchBranch, forceBranch } from '../dolt/transfer.ts';
import { leaseFailure, leaseVerdict, savedTag } from './lease.ts';
import type { PeerRun } from './peer-run.ts';
import type { Publication } from './publish.ts';

/**
 * Sets a peer's branch to ours although that is no fast-forward, because the user named the head that is lost there. The
 * head is kept as a tag first, here and at the peer; then the peer is read once more, and only where it has not moved is
 * the push forced. Dolt has no lease of its own, so a writer who comes between that look and the push is overwritten.
 * @returns `not-needed` where a plain push will do: the caller goes on with it
 * @throws Failure `lease-stale` before anything is sent, `unverified`, or what tagging and pushing threw
 */
export async function replaceHead(
  sql: Sql,
  run: PeerRun & { readonly lease: string },
  publication: Publication,
): Promise<'done' | 'not-needed'> {
  const { target, progress } = publication;
  const at = { peer: run.peer.name, branch: run.branch };
  if (!needed(run, target)) return 'not-needed';
  if (await isAncestor(sql, run.lease, target)) return 'not-needed';
  const tag = savedTag(at.peer, run.lease);
  await makeTag(sql, { name: tag, commit: run.lease });
  const atPeer = await saveAtPeer(sql, { peer: at.peer, tag });

  progress({ peer: at.peer, step: 'fetching', detail: 'once more, since its head is to be replaced' });
  await fetchBranch(sql, at);
  run.head = await trackingHead(sql, at);
  if (!needed(run, target)) return 'not-needed';
  const commits = await countCommits(sql, run.lease, target);
  progress({ peer: at.peer, step: 'pushing', detail: `${commits} commit(s), replacing ${run.lease}` });
  await forceBranch(sql, { ...at, source: publication.branch });

  progress({ peer: at.peer, step: 'verifying', detail: '' });
  await proveReplaced(sql, run, target);
  run.pushedCommits += commits;
  run.replaced = { head: run.lease, tag, atPeer };
  return 'done';
}

function needed(run: PeerRun & { readonly lease: string }, target: string): boolean {
  switch (leaseVerdict({ expected: run.lease, found: run.head, target })) {
    case 'nothing-to-do':
      return false;
    case 'replace':
      return true;
    case 'stale':
      throw leaseFailure(run.peer.name, { expected: run.lease, found: run.head });
  }
}

/** What the peer refuses to keep is still kept here. */
async function saveAtPeer(sql: Sql, tag: { readonly peer: string; readonly tag: string }): Promise<boolean> {
  try {
    await pushTag(sql, tag);
    return true;
  } catch {
    return false;
  }
}

/** Reads the peer again: it must have ours, and what it had must be gone, else nothing was replaced. */
async function proveReplaced(sql: Sql, run: PeerRun & { readonly lease: string }, target: string): Promise<void> {
  const at = { peer: run.peer.name, branch: run.branch };
  try {
    await fetchBranch(sql, at);
    run.head = await trackingHead(sql, at);
  } catch (cause) {
    throw new Failure(
      'unverified',
      `the forced push to ${at.peer} returned, but reading it failed: ${errorMessage(cause)}`,
      {
        cause,
      },
    );
  }
  const holds = run.head !== null && (await isAncestor(sql, target, run.head));
  if (!holds || run.head === null || (await isAncestor(sql, run.lease, run.head))) {
    throw new Failure(
      'unverified',
      `the forced push of ${target} to ${at.peer} returned, but ${at.peer} is at ${run.head ?? 'nothing'}`,
    );
  }
  run.verified = true;
}
