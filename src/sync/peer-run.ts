import type { Peer } from '../config/configuration.ts';
import type { Adopted, BlockedRow, Conflict, Plan, Replaced } from '../contract/result.ts';
import type { PeerState } from '../contract/vocabulary.ts';
import type { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { NOWHERE, type Reach } from '../egress/host-rule.ts';
import type { Remembered } from './history/last-verified.ts';
import type { Rewritten } from './history/rewritten.ts';
import type { Notice } from './notice.ts';
import type { PeerActions } from './peer-actions.ts';

/** A forced push: what it replaces, what it puts there, and how many commits that brings. */
export interface Replacing extends Replaced {
  readonly target: string;
  readonly commits: number;
}

/** What is known of one peer while a run goes on; the stages fill it in one after the other. */
export interface PeerRun {
  readonly peer: Peer;
  /** The name under which the database knows it; see registration.ts. */
  remote: string;
  /** Whether the database still knows it under that name after the run. */
  keepsRemote: boolean;
  /** The branch there that belongs to ours here. */
  readonly branch: string;
  /** null: takes no part in this command. */
  readonly actions: PeerActions | null;
  /** What the engine that speaks to it has; peers whose kits have one key share an engine. */
  engineCredentials: EngineCredentials;
  /** The hosts that are connected to while something is done with it. */
  reach: Reach;
  /** Whom Dolt names itself to it as; null: nobody in particular. */
  user: string | null;
  /** Whether the database knows the peer as a remote; one whose folder does not exist yet cannot be asked. */
  registered: boolean;
  state: PeerState;
  /** The last head that was read at the peer. */
  head: string | null;
  ahead: number | null;
  behind: number | null;
  failure: Failure | null;
  /** Another head that says the same, so that this one was not merged; null: it says something of its own. */
  equivalentTo: string | null;
  conflicts: Conflict[];
  /** The head at which the screen before a merge last looked. */
  checked: string | null;
  /** The first of the rows for which the screen let the peer wait. */
  held: readonly BlockedRow[];
  /** What should be known of what the peer brings. */
  notices: readonly Notice[];
  /** Says that the peer merges by other rules or with another Dolt; null where it does not. */
  otherMakers: Notice | null;
  /** Says that the peer has more tags than a fetch waits for; null where it has not. */
  manyTags: Notice | null;
  pulledCommits: number;
  pushedCommits: number;
  /** The peer was read after the work and holds what this run promised. */
  verified: boolean;
  /** The head that the peer must be at so that its branch may be replaced by ours; null: it is never forced. */
  lease: string | null;
  /** What a forced push that was sent is to replace, until it is known what became of it. */
  replacing: Replacing | null;
  replaced: Replaced | null;
  /** Our inbox branch at a running database, and its head as far as it is known; null: pushes go to `branch`. */
  delivery: { readonly branch: string; head: string | null } | null;
  /** The branch of our own database that holds what a peer delivered; null: the peer is a remote. */
  readonly inbox: string | null;
  /** The last head that both sides had, as it was remembered when the run began; null: nothing is. */
  remembered: Remembered | null;
  rewritten: Rewritten | null;
  /** The head of the peer that our branch is to become; null: it becomes none. */
  adopt: string | null;
  adopted: Adopted | null;
  /** The head that is merged although one side was rewritten; null: none is. */
  mergeRewritten: string | null;
  /** See the result's fields of the same names. */
  lastVerifiedAt: string | null;
  oldestUnsyncedAt: string | null;
  attempts: number;
  startedAt: number;
  durationMs: number;
  plan: Plan | null;
}

/** A peer of which nothing is known yet. */
export function newPeerRun(
  peer: Peer,
  actions: PeerActions | null,
  branch: string,
  inbox: string | null = null,
): PeerRun {
  return {
    peer,
    remote: peer.name,
    keepsRemote: true,
    branch: peer.branch ?? branch,
    actions,
    engineCredentials: NO_CREDENTIALS,
    reach: NOWHERE,
    user: null,
    registered: false,
    state: 'unknown',
    head: null,
    ahead: null,
    behind: null,
    failure: null,
    equivalentTo: null,
    conflicts: [],
    checked: null,
    held: [],
    notices: [],
    otherMakers: null,
    manyTags: null,
    pulledCommits: 0,
    pushedCommits: 0,
    verified: false,
    lease: null,
    replacing: null,
    replaced: null,
    delivery: null,
    inbox,
    remembered: null,
    rewritten: null,
    adopt: null,
    adopted: null,
    mergeRewritten: null,
    lastVerifiedAt: null,
    oldestUnsyncedAt: null,
    attempts: 0,
    startedAt: monotonicMs(),
    durationMs: 0,
    plan: null,
  };
}
