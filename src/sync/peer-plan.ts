import type { Peer } from '../config/configuration.ts';
import type { EngineCredentials } from '../dolt/engine-credentials.ts';
import type { Reach } from '../egress/host-rule.ts';
import type { PeerActions } from './peer-actions.ts';

/** What a run is to do with one peer. Made once, before anything is contacted. */
export interface PeerPlan {
  readonly peer: Peer;
  /** null: takes no part in this command. */
  readonly actions: PeerActions | null;
  /** The branch there that belongs to ours here. */
  readonly branch: string;
  /** The branch of our own database that holds what the peer delivered; null: the peer is a remote. */
  readonly inbox: string | null;
  /** The head that the peer must be at so that its branch may be replaced by ours; null: it is never forced. */
  readonly expected: string | null;
  /** The head of the peer that our branch is to become; null: it becomes none. */
  readonly adopt: string | null;
  /** The head that is merged although one side was rewritten; null: none is. */
  readonly mergeRewritten: string | null;
}

/** How the engine reaches a peer. */
export interface PeerAccess {
  /** What the engine holds; peers whose credentials have one key share an engine. */
  readonly engineCredentials: EngineCredentials;
  /** The hosts that are connected to while something is done with the peer. */
  readonly reach: Reach;
  /** The user that Dolt names to the peer; null: none in particular. */
  readonly user: string | null;
}
