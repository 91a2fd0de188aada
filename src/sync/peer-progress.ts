import type { Peer } from '../config/configuration.ts';
import type { Adopted, BlockedRow, Conflict, Plan, Replaced } from '../contract/result.ts';
import type { PeerState } from '../contract/vocabulary.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { NOWHERE, type Reach } from '../egress/host-rule.ts';
import type { Remembered } from './history/last-verified.ts';
import type { Replacing } from './history/lease.ts';
import type { Rewritten } from './history/rewritten.ts';
import type { PeerActions } from './peer-actions.ts';
import type { PeerAccess, PeerPlan } from './peer-plan.ts';

/** Where a peer's head is against ours. */
interface Comparison {
  readonly head: string;
  readonly state: PeerState;
  /** null: the histories share no commit. */
  readonly ahead: number | null;
  readonly behind: number | null;
  /** Reports that the peer merges by other rules or with another Dolt; null where it does not. */
  readonly otherMakers: Diagnostic | null;
  readonly rewritten: Rewritten | null;
}

/** What the check of a peer's head found. */
interface Checked {
  readonly failure: Failure | null;
  /** The first of the rows because of which the peer has to wait. */
  readonly held: readonly BlockedRow[];
  readonly notices: readonly Diagnostic[];
}

/**
 * What became of one peer so far. Only its methods change it: one for each thing that can happen to a peer, which refuse
 * what cannot happen.
 */
class Progress {
  /** The name under which the database knows the peer; see registration.ts. */
  remote: string;
  /** Whether the database still knows it under that name after the run. */
  keepsRemote = true;
  engineCredentials: EngineCredentials = NO_CREDENTIALS;
  reach: Reach = NOWHERE;
  user: string | null = null;
  /** Whether the database knows the peer as a remote; one whose folder does not exist yet cannot be asked. */
  registered = false;
  state: PeerState = 'unknown';
  /** The last head that was read at the peer. */
  head: string | null = null;
  ahead: number | null = null;
  behind: number | null = null;
  failure: Failure | null = null;
  /** Another head with equal contents, so that this one was not merged; null: it brings something of its own. */
  equivalentTo: string | null = null;
  conflicts: readonly Conflict[] = [];
  /** The head that was checked last. */
  checkedHead: string | null = null;
  held: readonly BlockedRow[] = [];
  notices: readonly Diagnostic[] = [];
  otherMakers: Diagnostic | null = null;
  /** Reports that the peer has more tags than a fetch waits for; null where it has not. */
  manyTags: Diagnostic | null = null;
  pulledCommits = 0;
  pushedCommits = 0;
  /** The peer was read after the work and holds what this run promised. */
  verified = false;
  /** As `expected`, until the branch there is ours. */
  lease: string | null;
  /** What a forced push that was sent is to replace, until it is known what became of it. */
  replacing: Replacing | null = null;
  replaced: Replaced | null = null;
  /** Our inbox branch at a running database, and its head as far as it is known; null: pushes go to `branch`. */
  delivery: { readonly branch: string; readonly head: string | null } | null = null;
  /** The last head that both sides had, as it was remembered when the run began; null: nothing is. */
  remembered: Remembered | null = null;
  rewritten: Rewritten | null = null;
  adopted: Adopted | null = null;
  /** See the result's fields of the same names. */
  lastVerifiedAt: string | null = null;
  oldestUnsyncedAt: string | null = null;
  attempts = 0;
  durationMs = 0;
  plan: Plan | null = null;

  readonly peer: Peer;
  readonly actions: PeerActions | null;
  readonly branch: string;
  readonly inbox: string | null;
  readonly adopt: string | null;
  readonly mergeRewritten: string | null;
  readonly startedAt = monotonicMs();

  constructor({ peer, actions, branch, inbox, expected, adopt, mergeRewritten }: PeerPlan) {
    this.peer = peer;
    this.actions = actions;
    this.branch = branch;
    this.inbox = inbox;
    this.adopt = adopt;
    this.mergeRewritten = mergeRewritten;
    this.remote = peer.name;
    this.lease = expected;
  }

  /** It is known how the peer is reached. */
  access({ engineCredentials, reach, user }: PeerAccess): void {
    this.engineCredentials = engineCredentials;
    this.reach = reach;
    this.user = user;
  }

  /** The database knows the peer as a remote. */
  register(remote: { readonly name: string; readonly stays: boolean }): void {
    this.remote = remote.name;
    this.keepsRemote = remote.stays;
    this.registered = true;
  }

  /** The database cannot know the peer, so that nothing can be asked of it in this run. */
  cannotRegister(failure: Failure): void {
    this.registered = false;
    this.unreachable(failure);
  }

  remember(remembered: Remembered | null): void {
    this.remembered = remembered;
  }

  /** The peer takes no part any more, because of this. What was verified of an earlier round counts no longer. */
  fail(failure: Failure): void {
    this.verified = false;
    this.failure = failure;
  }

  /** A failure is told more precisely. */
  explain(failure: Failure): void {
    if (this.failure === null) throw new Error(`${this.peer.name} has not failed, so that nothing explains it`);
    this.failure = failure;
  }

  /** What an engine lost, or our branch made moot, is done once more. */
  tryAgain(): void {
    this.failure = null;
  }

  /** Our branch did not move, so that the run as a whole has failed; what the peer was sent, it has. */
  notAdvanced(failure: Failure): void {
    if (this.actions !== null) this.failure ??= failure;
  }

  /** The run was interrupted; a peer that was verified has all it was promised. */
  interrupt(failure: Failure): void {
    if (!this.verified) this.failure ??= failure;
  }

  /** The fetch was ended because of the peer's tags. */
  foundManyTags(notice: Diagnostic): void {
    this.manyTags = notice;
  }

  countAttempt(): void {
    this.attempts += 1;
  }

  countTime(): void {
    this.durationMs = monotonicMs() - this.startedAt;
  }

  /** The peer could not be read. */
  unreachable(failure: Failure): void {
    this.state = 'unreachable';
    this.failure = failure;
  }

  /** The peer was read, and its head could not be compared with ours. */
  incomparable(failure: Failure): void {
    this.state = 'unknown';
    this.failure = failure;
  }

  /** The peer was read and has no such branch, or nothing at all. */
  foundEmpty(state: 'remote-empty' | 'branch-missing'): void {
    this.head = null;
    this.state = state;
  }

  /** The peer was read and its head compared with ours. */
  compared(found: Comparison): void {
    this.head = found.head;
    this.state = found.rewritten === null ? found.state : 'rewritten';
    this.ahead = found.ahead;
    this.behind = found.behind;
    this.otherMakers = found.otherMakers;
    this.rewritten = found.rewritten;
  }

  /** Another head has equal contents; null: none has. Where that is our own head, the peer is up to date. */
  equivalent(to: string | null, ours: string): void {
    this.equivalentTo = to;
    if (to !== ours) return;
    this.state = 'up-to-date';
    this.ahead = 0;
    this.behind = 0;
  }

  /** An earlier round found the head equivalent; it is compared once more. */
  forgetEquivalent(ours: string): void {
    if (this.state === 'up-to-date' && this.head !== ours) this.state = 'diverged';
    this.equivalentTo = null;
  }

  /** The head was checked; null: it brings nothing that could be checked. */
  checked(verdict: Checked | null): void {
    this.checkedHead = this.head;
    if (verdict === null) return;
    this.failure = verdict.failure;
    this.held = verdict.held;
    this.notices = verdict.notices;
  }

  /** What an adopted head brings was checked; it may fail the adoption. */
  checkedForAdoption({ held, notices }: Omit<Checked, 'failure'>): void {
    this.held = held;
    this.notices = notices;
  }

  notice(notice: Diagnostic): void {
    this.notices = [...this.notices, notice];
  }

  /** The merge with the peer left these rows to report. */
  reportConflicts(conflicts: readonly Conflict[]): void {
    this.conflicts = conflicts;
  }

  /** The merge with the peer was refused; nothing of its head is in our branch. */
  reject(failure: Failure, conflicts: readonly Conflict[]): void {
    this.fail(failure);
    this.conflicts = conflicts;
  }

  /** Our branch contains the head now. */
  pulled(commits: number): void {
    this.pulledCommits = commits;
  }

  /** Our branch became the head, and a tag keeps what it was. */
  adoptedAs(adopted: Adopted): void {
    this.adopted = adopted;
  }

  /** What was verified in an earlier round says nothing about the commit that is pushed now. */
  beginPush(): void {
    this.verified = false;
  }

  /** A push that replaces the branch there was prepared. */
  beginReplacing(replacing: Replacing): void {
    this.replacing = replacing;
  }

  /** The peer was read once more, right before its branch is replaced. */
  readAgain(head: string | null): void {
    this.head = head;
  }

  /** The branch there is ours: from here on every push is a fast-forward again. */
  endLease(): void {
    this.lease = null;
    if (this.replacing === null) return;
    const { head, tag, atPeer } = this.replacing;
    this.replaced = { head, tag, atPeer };
    this.replacing = null;
  }

  /** An earlier try to replace the branch arrived although its answer got lost. */
  foundReplaced(): void {
    this.pushedCommits += this.replacing?.commits ?? 0;
    this.endLease();
  }

  /** The peer was read, and has what this run promised. */
  verify(): void {
    if (this.failure !== null) {
      throw new Error(`${this.peer.name} failed with ${this.failure.code} and cannot be verified`);
    }
    this.verified = true;
  }

  /** The peer was read after a push, and has what was pushed. */
  verifyPush(pushed: { readonly head: string | null; readonly commits: number }): void {
    this.verify();
    this.head = pushed.head;
    this.pushedCommits += pushed.commits;
  }

  /** Pushes go to our inbox branch there. */
  deliverTo(branch: string): void {
    this.delivery = { branch, head: null };
  }

  /** Our inbox branch there was read. */
  readInbox(head: string | null): void {
    if (this.delivery === null) throw new Error(`${this.peer.name} has no inbox of ours`);
    this.delivery = { branch: this.delivery.branch, head };
  }

  /** Our head waits in our inbox there, or what waits there is no history of ours any more. */
  delivered(state: 'delivered' | 'rewritten'): void {
    this.state = state;
  }

  /** What was delivered was merged there before we looked. */
  foundMerged(head: string, isTarget: boolean): void {
    this.head = head;
    this.state = isTarget ? 'up-to-date' : 'behind';
  }

  planned(plan: Plan): void {
    this.plan = plan;
  }

  lastVerified(at: string | null): void {
    this.lastVerifiedAt = at;
  }

  unsyncedSince(at: string | null): void {
    this.oldestUnsyncedAt = at;
  }
}

/** What became of one peer so far; fields are read only, and methods change them. */
export type PeerProgress = Readonly<Progress>;

/** Of a peer of which nothing is known yet. */
export function newPeerProgress({
  branch,
  ...plan
}: Partial<PeerPlan> & Pick<PeerPlan, 'peer' | 'actions' | 'branch'>): PeerProgress {
  return new Progress({
    inbox: null,
    expected: null,
    adopt: null,
    mergeRewritten: null,
    ...plan,
    branch: plan.peer.branch ?? branch,
  });
}
