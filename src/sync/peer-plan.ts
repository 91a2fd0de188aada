import type { Peer } from '../config/configuration.ts';
import type { EngineCredentials } from '../dolt/engine-credentials.ts';
import type { Reach } from '../egress/host-rule.ts';
import type { Destination } from '../egress/try-connection.ts';
import type { PeerActions } from './peer-actions.ts';

/** The plan of a run for one peer. Made once, before any peer is contacted. */
export interface PeerPlan {
  readonly peer: Peer;
  /** null: takes no part in this command. */
  readonly actions: PeerActions | null;
  /** The peer's branch that corresponds to ours. */
  readonly branch: string;
  /** The branch of our own database that holds what the peer delivered; null: the peer is a remote. */
  readonly inbox: string | null;
  /** The peer's expected head for replacing its branch by ours; null: never forced. */
  readonly expected: string | null;
  /** The peer's head that our branch will become; null: none. */
  readonly adopt: string | null;
  /** The head to merge although one side was rewritten; null: none. */
  readonly mergeRewritten: string | null;
}

/**
 * A plan that only names what differs from the usual: no inbox, and no head that options name.
 * @param plan.branch ours; the peer's own setting takes precedence
 */
export function newPeerPlan({
  branch,
  ...plan
}: Partial<PeerPlan> & Pick<PeerPlan, 'peer' | 'actions' | 'branch'>): PeerPlan {
  return {
    inbox: null,
    expected: null,
    adopt: null,
    mergeRewritten: null,
    ...plan,
    branch: plan.peer.branch ?? branch,
  };
}

/** How the engine reaches a peer. */
export interface PeerAccess {
  /** Credentials in the engine's environment; peers with the same key share an engine. */
  readonly engineCredentials: EngineCredentials;
  /** The hosts that remote operations of the peer may connect to. */
  readonly reach: Reach;
  /** The server to connect to before the engine is asked; null: none is known. */
  readonly destination: Destination | null;
  /** The user that Dolt sends to the peer; null: none. */
  readonly user: string | null;
  /** The credentials with which it is reached, for messages; null: none. */
  readonly credentials: string | null;
}

/** The remote of a peer. */
export interface RegisteredRemote {
  readonly name: string;
  readonly url: string;
  /** Whether it stays after the run. */
  readonly stays: boolean;
}
