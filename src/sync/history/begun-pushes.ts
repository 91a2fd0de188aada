import { without } from '../../core/lists.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { commitsAmong, containsCommit, newestCommon } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { changeState } from './change-state.ts';
import { bothOf, type PassedOn, readState, type StateFile } from './last-verified.ts';
import type { Rewritten } from './rewritten.ts';

/*
 * A run records the last common heads at its end. If it is killed, or its answer is lost, its pushes have arrived and no
 * entry shows it. So it first records two things:
 *
 * `pushed`: our head. If our branch gives it up later, a peer that has it would bring it back.
 * `passedOn`: the heads of peers that are merged in what is pushed, while our branch does not have them yet. If such a peer
 * takes its head back later, another peer that got it would bring it back.
 *
 * Neither shows that a push arrived, so neither has an effect on a peer that does not have the commits.
 */

/** The record of a run before its first push. */
export interface BegunPush {
  readonly local: string;
  /** The head of our branch. */
  readonly ours: string;
  /** Recorded heads that it contains, so that it replaces them. */
  readonly contained: readonly string[];
  readonly passedOn: readonly PassedOn[];
}

/** The state with what a run is about to push; the same object if it has all of that. */
export function beginPush(stateFile: StateFile, { local, ours, contained, passedOn }: BegunPush): StateFile {
  const own = { local, head: ours };
  if (without([own], stateFile.pushed).length + without(passedOn, stateFile.passedOn).length === 0) return stateFile;
  const kept = stateFile.pushed.filter((one) => one.local !== local || !contained.includes(one.head));
  return { ...stateFile, pushed: bothOf(kept, [own]), passedOn: bothOf(stateFile.passedOn, passedOn) };
}

/**
 * Records what a run is about to push to any peer. If that cannot be written, the end of the run writes the same file, and
 * reports it.
 */
export async function recordBegunPush(
  { engines, state, branch, notify }: SyncContext,
  ours: string,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  const passing = allProgress.filter(isPassedOn);
  for (const progress of passing) progress.remember(progress.remembered, [progress.head]);
  const passedOn = passing.map((progress) => passedOnOf(progress, branch, progress.head));
  const before = pushedHeads((await readState(state, branch)).stateFile, branch);
  const contained = await engines.use(NO_CREDENTIALS, ({ database }) =>
    commitsAmong(database, { from: null, to: ours }, before),
  );
  const begun = { local: branch, ours, contained, passedOn };
  const notices = await changeState(state, branch, ({ stateFile }) => beginPush(stateFile, begun)).catch(() => []);
  for (const notice of notices) notify(notice);
}

/** Whether the head of a peer is merged in what is pushed, and our branch does not have it. An inbox has no entry. */
function isPassedOn(progress: PeerProgress): progress is PeerProgress & { readonly head: string } {
  const { actions, head, behind, equivalentTo, inbox, isMerged } = progress;
  return (
    actions?.merge === true && isMerged && head !== null && (behind ?? 0) > 0 && equivalentTo === null && inbox === null
  );
}

/** The state without heads of peers that later runs need not know; the same object if it has none of them. */
export function endPushes(stateFile: StateFile, ended: readonly PassedOn[]): StateFile {
  const passedOn = without(stateFile.passedOn, ended);
  return passedOn.length === stateFile.passedOn.length ? stateFile : { ...stateFile, passedOn };
}

/** The recorded heads of our branch. */
export function pushedHeads({ pushed }: Pick<StateFile, 'pushed'>, local: string): string[] {
  return pushed.flatMap((one) => (one.local === local ? [one.head] : []));
}

/** The record of a head of a peer. */
export function passedOnOf(
  { peer, branch }: Pick<PeerProgress, 'peer' | 'branch'>,
  local: string,
  head: string,
): PassedOn {
  return { endpoint: peer.dataPlace, ref: peer.ref, branch, local, head };
}

/** The recorded heads of a peer. */
export function passedOnFrom(
  { passedOn }: Pick<StateFile, 'passedOn'>,
  progress: Pick<PeerProgress, 'peer' | 'branch'>,
  local: string,
): string[] {
  const isOfPeer = (one: PassedOn): boolean => without([one], [passedOnOf(progress, local, one.head)]).length === 0;
  return passedOn.flatMap((one) => (isOfPeer(one) ? [one.head] : []));
}

/** Facts about a head that a run passed on, at the end of this or a later run that read its peer. */
export interface PassedOnFacts {
  readonly inOurs: boolean;
  readonly inTheirs: boolean;
  /** Whether our branch has the present head of the peer. */
  readonly haveTheirs: boolean;
  /** Whether a person decided about the history of the peer in this run. */
  readonly isDecided: boolean;
}

/**
 * Whether the record of such a head is still needed. `common`: both sides have it, or a person decided, so the entry of the
 * peer replaces the record · `taken-back`: the peer gave it up, and our branch followed.
 */
export function passedOnVerdict(facts: PassedOnFacts): 'needed' | 'common' | 'taken-back' {
  const { inOurs, inTheirs, haveTheirs, isDecided } = facts;
  if (inOurs) return inTheirs || isDecided ? 'common' : 'needed';
  // Until our branch has the other commits that the peer kept, they would look like a part of what it gave up.
  return !inTheirs && haveTheirs ? 'taken-back' : 'needed';
}

/** A commit that its peer took back before our branch had it. */
export interface TakenBack {
  readonly commit: string;
  /** The present head of the peer. */
  readonly by: string;
}

/** The heads that an ended run passed on, and that their peers no longer have. */
export async function findTakenBack(
  sql: Sql,
  { ours, accepted }: Pick<LocalHead, 'ours' | 'accepted'>,
  allProgress: readonly Pick<PeerProgress, 'head' | 'passedOn'>[],
): Promise<TakenBack[]> {
  const found: TakenBack[] = [];
  for (const { head, passedOn } of allProgress) {
    if (head === null || passedOn.length === 0) continue;
    const kept: string[] = [];
    for (const to of [head, ours, ...accepted]) kept.push(...(await commitsAmong(sql, { from: null, to }, passedOn)));
    found.push(...passedOn.flatMap((commit) => (kept.includes(commit) ? [] : [{ commit, by: head }])));
  }
  return found;
}

/**
 * Whether a peer would bring back what another one took back, or a part of it. A head of its own that the other one had
 * merged is no such part.
 */
export async function findReturning(
  sql: Sql,
  { ours, takenBack }: Pick<LocalHead, 'ours' | 'takenBack'>,
  { head: theirs, passedOn }: Pick<PeerProgress, 'head' | 'passedOn'>,
): Promise<Rewritten | null> {
  if (theirs === null) return null;
  for (const { commit, by } of takenBack) {
    const merged = await commitsAmong(sql, { from: null, to: commit }, passedOn);
    const own = merged.filter((head) => head !== commit);
    const last = await newestCommon(sql, { head: theirs, others: [commit], without: [ours, by, ...own] });
    if (last !== null) return { side: 'ours', last };
  }
  return null;
}

/** The verdicts about the heads of one peer that runs passed on. @param ours the head of our branch at the end of the run */
export async function judgePassedOn(
  sql: Sql,
  { head, passedOn, rewritten }: Pick<PeerProgress, 'passedOn' | 'rewritten'> & { readonly head: string },
  ours: string,
): Promise<ReadonlyMap<string, ReturnType<typeof passedOnVerdict>>> {
  if (passedOn.length === 0) return new Map();
  const [inOurs, inTheirs] = [
    await commitsAmong(sql, { from: null, to: ours }, passedOn),
    await commitsAmong(sql, { from: null, to: head }, passedOn),
  ];
  const facts = { haveTheirs: await containsCommit(sql, ours, head), isDecided: rewritten !== null };
  return new Map(
    passedOn.map((commit) => {
      const verdict = passedOnVerdict({
        ...facts,
        inOurs: inOurs.includes(commit),
        inTheirs: inTheirs.includes(commit),
      });
      return [commit, verdict];
    }),
  );
}
