import type { PeerResult } from '../contract/result.ts';
import type { PeerState, PeerStatus } from '../contract/vocabulary.ts';

type Compared = Pick<PeerResult, 'state' | 'verified' | 'pulledCommits' | 'pushedCommits'> & {
  readonly adopted?: object | null | undefined;
  readonly replaced?: object | null | undefined;
};

/**
 * The state of a peer after the run, for people. The JSON keeps the state before it: a first push there is
 * `remote-empty`, and after it the peer is up to date.
 */
export function stateAfter(peer: Compared, status: PeerStatus): PeerState {
  if (status === 'failed' || status === 'skipped') return peer.state;
  if (peer.state === 'delivered') return peer.state;
  const isPushed = peer.pushedCommits > 0 || peer.replaced != null;
  if ((isPushed && peer.verified) || peer.adopted != null) return 'up-to-date';
  if (peer.pulledCommits === 0) return peer.state;
  return peer.state === 'behind' ? 'up-to-date' : 'ahead';
}
