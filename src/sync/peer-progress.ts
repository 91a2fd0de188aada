import type { Peer } from '../config/configuration.ts';
import type { Adopted, Attribution, BlockedRow, Conflict, Plan, Replaced } from '../contract/result.ts';
import type { PeerState } from '../contract/vocabulary.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { NOWHERE, type Reach } from '../egress/host-rule.ts';
import type { Destination } from '../egress/try-connection.ts';
import type { Remembered } from './history/last-verified.ts';
import type { Replacing } from './history/lease.ts';
import type { Rewritten } from './history/rewritten.ts';
import type { Verdict } from './incoming/check-incoming.ts';
import type { PeerActions } from './peer-actions.ts';
import type { PeerAccess, PeerPlan, RegisteredRemote } from './peer-plan.ts';

/** How a peer's head compares with ours. The histories share no commit if the counts are null. */
type Comparison = Pick<Progress, 'state' | 'ahead' | 'behind' | 'otherMakers' | 'rewritten'> & {
  readonly head: string;
};

/** The state of one peer in a run. Only its methods change it. An impossible transition is a defect and throws. */
class Progress {
  /** The remote of the peer in the database, and its URL, which depends on Dolt; see registration.ts. */
  remote: string;
  remoteUrl: string;
  /** Whether the remote stays in the database after the run. */
  keepsRemote = true;
  engineCredentials: EngineCredentials = NO_CREDENTIALS;
  reach: Reach = NOWHERE;
  destination: Destination | null = null;
  user: string | null = null;
  credentials: string | null | undefined;
  /** Whether the peer is a remote of the database; one whose folder does not exist yet cannot be read. */
  registered = false;
  state: PeerState = 'unknown';
  /** Known branches of a peer that lacks the configured one. */
  otherBranches: readonly string[] = [];
  /** The last head that was read at the peer. */
  head: string | null = null;
  ahead: number | null = null;
  behind: number | null = null;
  failure: Failure | null = null;
  /** `refused`: only the push, so the peer is still merged · `failed`: a push, which also reads our own database. */
  pushFailure: 'refused' | 'failed' | null = null;
  /** Another head with equal contents, so that this one was not merged; null: none. */
  equivalentTo: string | null = null;
  conflicts: readonly Conflict[] = [];
  /** The head that was checked last. */
  checkedHead: string | null = null;
  held: readonly BlockedRow[] = [];
  /** The issues that the checked head brings, by source; null: none, or not counted. */
  attribution: Attribution | null = null;
  notices: readonly Diagnostic[] = [];
  /** Notice that the peer merges by other rules or with another Dolt; null otherwise. */
  otherMakers: Diagnostic | null = null;
  /** Notice that the peer has more tags than a fetch waits for; null otherwise. */
  manyTags: Diagnostic | null = null;
  pulledCommits = 0;
  pushedCommits = 0;
  /** The peer was read and has what this run promised. */
  verified = false;
  #wasVerified = false;
  /** As `expected`, until the branch there is ours. */
  lease: string | null;
  /** The pending forced push, until its result is known. */
  replacing: Replacing | null = null;
  replaced: Replaced | null = null;
  /** Our inbox branch at a running database, and its last known head; null: pushes go to `branch`. */
  delivery: { readonly branch: string; readonly head: string | null } | null = null;
  /** The last common head, as recorded when the run began; null: none is. */
  remembered: Remembered | null = null;
  /** Heads of the peer that this run or an earlier one may have pushed to others before our branch had them. */
  passedOn: readonly string[] = [];
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
    [this.peer, this.actions, this.branch, this.inbox] = [peer, actions, branch, inbox];
    [this.adopt, this.mergeRewritten] = [adopt, mergeRewritten];
    [this.remote, this.remoteUrl, this.lease] = [peer.name, peer.endpoint.dolt, expected];
  }

  /** The access to the peer was determined. */
  setAccess({ engineCredentials, reach, destination, user, credentials }: PeerAccess): void {
    this.engineCredentials = engineCredentials;
    [this.reach, this.destination] = [reach, destination];
    [this.user, this.credentials] = [user, credentials];
  }

  /** The peer is a remote of the database. */
  register(remote: RegisteredRemote): void {
    [this.remote, this.remoteUrl, this.keepsRemote] = [remote.name, remote.url, remote.stays];
    this.registered = true;
  }

  /** The peer cannot be registered as a remote, so this run cannot reach it. */
  cannotRegister(failure: Failure): void {
    this.registered = false;
    this.unreachable(failure);
  }

  remember(remembered: Remembered | null, passedOn: readonly string[] = []): void {
    this.remembered = remembered;
    this.passedOn = [...new Set([...this.passedOn, ...passedOn])];
  }

  /** The peer failed and takes no further part. An earlier verification no longer counts. */
  fail(failure: Failure, ofPush: Progress['pushFailure'] = null): void {
    if (this.failure === null) this.#wasVerified = this.verified;
    [this.verified, this.failure, this.pushFailure] = [false, failure, ofPush];
  }

  /** Whether the head is still merged: at most the push was refused. */
  get isMerged(): boolean {
    return this.failure === null || this.pushFailure === 'refused';
  }

  /** Replaces a failure by a more precise one. */
  explain(failure: Failure): void {
    this.#require(this.failure !== null, 'has not failed and cannot be explained');
    this.failure = failure;
  }

  /** Work that an engine lost, or that our branch made obsolete, is repeated. Earlier work still counts. */
  tryAgain(): void {
    if (this.failure !== null) [this.verified, this.failure, this.pushFailure] = [this.#wasVerified, null, null];
  }

  /** Our branch did not move, so the run as a whole failed; the peer keeps what it was sent. */
  notAdvanced(failure: Failure): void {
    if (this.actions !== null) this.failure ??= failure;
  }

  /** The run was interrupted, which ends the engine too; a verified peer has all it was promised. */
  interrupt(failure: Failure): void {
    if (!this.verified && (this.failure?.code ?? 'engine-lost') === 'engine-lost') this.failure = failure;
  }

  /** The fetch was stopped because of the peer's tags. */
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
    this.fail(failure);
  }

  /** The peer was read, but its head could not be compared with ours. @param head null: its commit was removed again */
  incomparable(failure: Failure, head: string | null = this.head): void {
    [this.head, this.state] = [head, 'unknown'];
    this.fail(failure);
  }

  /** The peer was read and has no such branch, or no data. */
  foundEmpty(state: 'remote-empty' | 'branch-missing', otherBranches: readonly string[] = []): void {
    this.#requireNoFailure('found empty');
    [this.head, this.state, this.otherBranches] = [null, state, otherBranches];
  }

  /** The peer was read and its head compared with ours. */
  compared(found: Comparison): void {
    this.#requireNoFailure('compared');
    this.head = found.head;
    this.state = found.rewritten === null ? found.state : 'rewritten';
    [this.ahead, this.behind] = [found.ahead, found.behind];
    [this.otherMakers, this.rewritten] = [found.otherMakers, found.rewritten];
  }

  /** Another head has equal contents; null: none. If that is our head, the peer is up to date. */
  foundEquivalent(to: string | null, ours: string): void {
    this.#require(this.head !== null, 'has no head that could be equivalent');
    this.equivalentTo = to;
    if (to !== ours) return;
    [this.state, this.ahead, this.behind] = ['up-to-date', 0, 0];
  }

  /** An earlier round found the head equivalent; it is compared again. */
  forgetEquivalent(ours: string): void {
    if (this.state === 'up-to-date' && this.head !== ours) this.state = 'diverged';
    this.equivalentTo = null;
  }

  /** The head was checked; null: there was nothing to check. */
  checked(verdict: Verdict | null, attribution: Attribution | null = null): void {
    this.#require(this.head !== null, 'has no head that could be checked');
    this.checkedHead = this.head;
    if (verdict === null) return;
    if (verdict.failure !== null) this.fail(verdict.failure);
    [this.held, this.attribution, this.notices] = [verdict.held, attribution, verdict.notices];
  }

  /** The changes of an adopted head were checked; this may fail the adoption. */
  checkedForAdoption({ held, notices }: Verdict): void {
    [this.held, this.notices] = [held, notices];
  }

  notice(notice: Diagnostic): void {
    this.notices = [...this.notices, notice];
  }

  /** The merge with the peer has these rows to report. */
  reportConflicts(conflicts: readonly Conflict[]): void {
    this.conflicts = conflicts;
  }

  /** The merge with the peer was refused; our branch contains nothing of its head. */
  reject(failure: Failure, conflicts: readonly Conflict[]): void {
    this.fail(failure);
    this.conflicts = conflicts;
  }

  /** Our branch contains the head now. */
  pulled(commits: number): void {
    this.#require(this.head !== null, 'has no head that our branch could contain');
    this.pulledCommits = commits;
  }

  /** Our branch became the head, and a tag keeps the old one. */
  adoptedAs(adopted: Adopted): void {
    this.#require(this.adopt !== null, 'was not to be adopted');
    this.adopted = adopted;
  }

  /** An earlier verification does not apply to the commit that is pushed now. */
  beginPush(): void {
    [this.verified, this.#wasVerified] = [false, false];
  }

  /** A forced push was prepared. */
  beginReplacing(replacing: Replacing): void {
    this.#require(this.lease !== null, 'has no lease, so its branch cannot be replaced');
    this.replacing = replacing;
  }

  /** The peer was read again, right before its branch is replaced. */
  readAgain(head: string | null): void {
    this.#require(this.lease !== null, 'has no lease, so its branch cannot be replaced');
    this.head = head;
  }

  /** The branch there is ours: every later push is a fast-forward. */
  endLease(): void {
    this.lease = null;
    if (this.replacing === null) return;
    const { head, tag, atPeer } = this.replacing;
    [this.replaced, this.replacing] = [{ head, tag, atPeer }, null];
  }

  /** An earlier forced push succeeded although its answer was lost. */
  foundReplaced(): void {
    this.pushedCommits += this.replacing?.commits ?? 0;
    this.endLease();
  }

  /** The peer was read, and has what this run promised. */
  verify(): void {
    this.#requireNoFailure('verified');
    this.verified = true;
  }

  /** The peer was read after a push, and has what was pushed. */
  recordPush(pushed: { readonly head: string | null; readonly commits: number }): void {
    this.#require(this.actions?.push === true, 'takes no pushes in this run');
    // Another read of the same push does not count it twice.
    if (!this.verified) this.pushedCommits += pushed.commits;
    this.verify();
    this.head = pushed.head;
  }

  /** Pushes go to our inbox branch there. */
  deliverTo(branch: string): void {
    this.delivery = { branch, head: null };
  }

  /** Our inbox branch there was read. */
  readInbox(head: string | null): void {
    this.delivery = { branch: this.#inboxThere().branch, head };
  }

  /** Our inbox there contains our head, or commits that are no longer part of our history. */
  foundInInbox(state: 'delivered' | 'rewritten'): void {
    this.#inboxThere();
    this.state = state;
  }

  /** The delivery was merged there before we read the inbox. */
  foundMerged(head: string, isTarget: boolean): void {
    this.#inboxThere();
    [this.head, this.state] = [head, isTarget ? 'up-to-date' : 'behind'];
  }

  planned(plan: Plan): void {
    this.plan = plan;
  }

  setLastVerifiedAt(at: string | null): void {
    this.lastVerifiedAt = at;
  }

  setOldestUnsyncedAt(at: string | null): void {
    this.oldestUnsyncedAt = at;
  }

  #inboxThere(): NonNullable<Progress['delivery']> {
    if (this.delivery === null) throw new Error(`${this.peer.name} has no inbox of ours`);
    return this.delivery;
  }

  #requireNoFailure(transition: string): void {
    const code = this.failure?.code ?? null;
    this.#require(code === null, `failed with ${code} and cannot be ${transition}`);
  }

  #require(isPossible: boolean, otherwise: string): void {
    if (!isPossible) throw new Error(`${this.peer.name} ${otherwise}`);
  }
}

/** The state of one peer, with read-only fields; its methods change it. */
export type PeerProgress = Readonly<Progress>;

/** The state of a peer before the run. */
export function newPeerProgress(plan: PeerPlan): PeerProgress {
  return new Progress(plan);
}
