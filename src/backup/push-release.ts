import { Failure, toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { createBranch } from '../dolt/sql/heads.ts';
import { scratchName } from '../sync/merge/scratch.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { failRaced, fetchRaced, type Publication, pushAll } from '../sync/push.ts';
import type { LocalHead, SyncContext } from '../sync/sync-context.ts';
import type { Release } from './choose-release.ts';
import { type PeerTags, pushTags, readPeerTags, requireTag } from './peer-tags.ts';
import { tagConflict } from './plan-tag.ts';

/** How the tag came to a peer: `present` before the run, or `pushed` by it. */
export type TagAtPeer = 'present' | 'pushed';

/** A peer that has the tag at another commit fails and takes no further part. */
export function refuseOtherTags({ tag, commit }: Release, found: PeerTags): void {
  if (tag === null) return;
  for (const [progress, at] of found) {
    if (at === null || at.commit === commit || progress.failure !== null) continue;
    progress.fail(tagConflict({ tag, peer: progress.peer.name, there: at.commit, wanted: commit }));
  }
}

/**
 * Pushes the commit to the branch of each peer as far as that is a fast-forward, then the tag to those that lack it, and
 * verifies both by reading. A branch that is ahead of the commit stays. Failures are recorded in the `PeerProgress`.
 * @param before the tag at each peer
 */
export async function pushRelease(
  context: SyncContext,
  local: LocalHead,
  release: Release,
  allProgress: readonly PeerProgress[],
  before: PeerTags,
): Promise<ReadonlyMap<PeerProgress, TagAtPeer>> {
  await pushBranches(context, local, await publicationOf(context, local, release), allProgress);
  const tags = await pushReleaseTag(context, release, allProgress, before);
  for (const progress of allProgress)
    if (!progress.verified && progress.failure === null) progress.fail(unread(progress));
  return tags;
}

/** A peer may not end without a proof and without a reason. */
function unread({ peer }: PeerProgress): Failure {
  return new Failure('unverified', `what ${peer.name} has was not read after the push`);
}

async function pushReleaseTag(
  context: SyncContext,
  { tag, commit }: Release,
  allProgress: readonly PeerProgress[],
  before: PeerTags,
): Promise<ReadonlyMap<PeerProgress, TagAtPeer>> {
  const tags = new Map<PeerProgress, TagAtPeer>();
  if (tag === null) return tags;
  const verified = () => allProgress.filter(({ verified: isVerified, failure }) => isVerified && failure === null);
  await pushTags(
    context,
    { tag },
    verified().filter((progress) => (before.get(progress) ?? null) === null),
  );
  // A tag may have been moved since it was read: Dolt (2.3.0) has no compare-and-swap for tags.
  for (const [progress, found] of await readPeerTags(context, tag, verified())) {
    try {
      requireTag({ name: tag, commit }, progress, found);
      tags.set(progress, (before.get(progress) ?? null) === null ? 'pushed' : 'present');
    } catch (thrown) {
      progress.fail(toFailure(thrown));
    }
  }
  return tags;
}

/** A push takes a branch, and our own may be ahead of the commit. */
async function publicationOf(
  { engines, branch }: SyncContext,
  { ours }: LocalHead,
  { commit }: Release,
): Promise<Publication> {
  if (commit === ours) return { target: commit, branch };
  const name = scratchName();
  await engines.use(NO_CREDENTIALS, ({ database }) => createBranch(database, { name, at: commit }));
  return { target: commit, branch: name };
}

/** Nothing is merged, so a peer that moved meanwhile is only read again. */
async function pushBranches(
  context: SyncContext,
  local: LocalHead,
  publication: Publication,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  let waiting = allProgress;
  for (let round = 0; ; round += 1) {
    const { raced } = await pushAll(context, publication, waiting, local.ours);
    if (raced.size === 0) return;
    if (round === context.retries) return failRaced(raced, round);
    await fetchRaced(context, local, raced, round);
    waiting = [...raced.keys()];
  }
}
