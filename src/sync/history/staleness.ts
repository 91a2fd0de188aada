import type { Stale } from '../../contract/result.ts';
import { rightsOf } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';

/** Facts of a run that show how current a peer is. */
export interface Currency {
  /** Whether this run read the peer, and no retryable failure leaves its state unknown. */
  readonly isRead: boolean;
  /** Whether our commits wait in its inbox. */
  readonly isDelivered: boolean;
  /** The date of the oldest commit of ours that the peer should have and lacks; null: none, or unknown. */
  readonly oldestUnsentAt: string | null;
  readonly lastVerifiedAt: string | null;
}

/**
 * Why a peer is stale; null: it is not. For a peer that was read, the commits that it lacks count. For another one, the
 * time of its last verification counts. Without such a time it is stale at once, because it may be out of reach for long.
 */
export function stalenessOf(peer: Currency, staleAfterMs: number, now: number): Stale | null {
  const isOld = (moment: string): boolean => now - Date.parse(moment) > staleAfterMs;
  if (!peer.isRead) {
    const { lastVerifiedAt: since } = peer;
    if (since === null) return { since, because: 'never-verified' };
    return isOld(since) ? { since, because: 'unread' } : null;
  }
  const { oldestUnsentAt: since } = peer;
  if (since === null || !isOld(since)) return null;
  return { since, because: peer.isDelivered ? 'delivered' : 'unsent' };
}

/** The state of a peer after a run, with the date of the oldest commit of ours that it lacks. */
export function currencyOf(
  { head, state, peer, actions, failure, lastVerifiedAt }: PeerProgress,
  { oldestUnsentAt, mayPush }: { readonly oldestUnsentAt: string | null; readonly mayPush: boolean },
): Currency {
  const { push, inSync } = rightsOf(peer.role);
  // Only a backup sends to an archive, and then its actions say so.
  const getsOurs = mayPush && push && (inSync || actions?.push === true);
  const unsentAt = getsOurs ? oldestUnsentAt : null;
  // A retryable failure counts only once the peer is stale. Without unsent commits, only its last verification can show that.
  const isIncomplete = failure?.retryable === true && unsentAt === null;
  // Of an empty peer only its lack of our commits is known, not since when it has no data.
  const isKnown = head !== null || (getsOurs && (state === 'remote-empty' || state === 'branch-missing'));
  return {
    isRead: isKnown && !isIncomplete,
    isDelivered: state === 'delivered',
    oldestUnsentAt: unsentAt,
    lastVerifiedAt,
  };
}
