import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { branchHead } from '../../dolt/sql/heads.ts';
import { commitsAmong, containsCommit, mergeBases, rootCommit } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { endPushes, judgePassedOn, passedOnOf } from '../../sync/history/begun-pushes.ts';
import { changeState } from '../../sync/history/change-state.ts';
import {
  type Finding,
  findEntry,
  type KnownState,
  type PassedOn,
  readState,
  remember,
  replacedHeads,
  retire,
  type StateFile,
  type StatePlace,
} from '../../sync/history/last-verified.ts';
import { missingSince } from '../../sync/history/unsaved.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { type LastVerified, placeOf } from '../prepare/last-verified.ts';

interface LocalSide {
  readonly state: StatePlace;
  readonly branch: string;
  readonly head: string;
  /** The commit that the peers should have. */
  readonly promised: string;
  readonly mayWrite: boolean;
  readonly lastVerified: LastVerified;
}

/** Times and warnings that no `PeerProgress` records. */
interface Times {
  /** The state file could not be read or written; that does not fail the run. */
  readonly warnings: readonly Diagnostic[];
  /** The date of the oldest commit of ours that a peer lacks. */
  readonly unsentAt: ReadonlyMap<PeerProgress, string | null>;
}

/**
 * Records in each run when its peer was last verified and since when changes are not synced. A run that may write also
 * records the common head of each peer and us. Without an engine, the run records nothing and knows no dates.
 */
export async function recordTimes(
  engines: Engines,
  allProgress: readonly PeerProgress[],
  local: LocalSide,
): Promise<Times> {
  const warnings: Diagnostic[] = [];
  let unsentAt: Times['unsentAt'] = new Map();
  try {
    await engines.finish(async ({ database }) => {
      warnings.push(...(await recordState(database, allProgress, local)));
      unsentAt = await recordUnsynced(database, allProgress, local);
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const { stateFile } = await readState(local.state, local.branch);
    if (warnings.length === 0) warnings.push(...local.lastVerified.unusable);
    recordVerified(stateFile, allProgress, { ...local, root: local.lastVerified.root });
  }
  return { warnings, unsentAt };
}

async function recordState(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  local: LocalSide,
): Promise<readonly Diagnostic[]> {
  const { state, branch, head, mayWrite, lastVerified } = local;
  const { unusable } = lastVerified;
  if (lastVerified.root === null) return unusable;
  const root = allProgress.some(({ adopted }) => adopted !== null)
    ? (await rootCommit(sql, head)).hash
    : lastVerified.root;
  if (!mayWrite) {
    recordVerified((await readState(state, branch)).stateFile, allProgress, { branch, root });
    return unusable;
  }
  const findings = await findingsOf(sql, allProgress, { ...local, root });
  // Others wait for the lock, so the history is not read under it.
  const { ended, takenBack } = await endedPushes(sql, allProgress, local);
  const former = [...formerHeads(allProgress), ...takenBack];
  const learned = await judge(sql, await readState(state, branch), { findings, former, ended }, local);
  try {
    const aside = await changeState(state, branch, (known) => {
      const next = withLearned(known, branch, learned);
      recordVerified(next, allProgress, { branch, root });
      return next;
    });
    return [...unusable, ...aside];
  } catch (thrown) {
    return [...unusable, notRecorded(thrown)];
  }
}

/** The run is done; only its record could not be written. @throws Failure `interrupted` */
export function notRecorded(thrown: unknown): Diagnostic {
  const { code, message, hint } = toFailure(thrown);
  if (code === 'interrupted') throw thrown;
  return { severity: 'warning', code: 'memory-unusable', message, ...(code === 'unknown' ? {} : { hint }) };
}

interface Found extends Finding {
  /** Recorded heads that its head replaces: the one from before this run, and those that it is known to contain. */
  readonly replaces: readonly string[];
}

/** Facts that decide how a run changes the state. */
export interface Learned {
  readonly findings: readonly Found[];
  /** Heads that one side gave up in this run. */
  readonly former: readonly string[];
  /** Heads that our branch is known to contain. */
  readonly kept: readonly string[];
  /** Heads of peers that runs passed on, and that need no record any more. */
  readonly ended: readonly PassedOn[];
}

/**
 * The state with what a run learned. A head that another run recorded during this one stays, unless the head of this run
 * is known to contain it: the other run may have verified a later one.
 */
export function withLearned(known: KnownState, branch: string, { findings, former, kept, ended }: Learned): StateFile {
  const { stateFile, replaced } = known;
  const latest = findings.filter(({ place, name, head, replaces }) => {
    const recorded = findEntry(stateFile, place, name)?.head ?? head;
    return recorded === head || replaces.includes(recorded);
  });
  const next = endPushes(remember(stateFile, latest), ended);
  const heads = [...replaced, ...replacedHeads(stateFile, next, branch), ...former];
  // Without an effect for a head that our branch contains after all.
  const gaveUp = heads.filter((commit) => !kept.includes(commit));
  const after = retire(next, branch, gaveUp);
  const isNews = ({ place, name, head, verifiedAt }: Finding): boolean =>
    verifiedAt !== null || findEntry(stateFile, place, name)?.head !== head;
  const isSame = after.retired === stateFile.retired && after.passedOn === stateFile.passedOn;
  return isSame && !latest.some(isNews) ? stateFile : after;
}

/** Reads the facts from the history, for the heads that are recorded now. Another process may have moved our branch since. */
async function judge(
  sql: Sql,
  known: KnownState,
  { findings, former, ended }: Omit<Learned, 'kept'>,
  { branch, head }: LocalSide,
): Promise<Learned> {
  const judged: Found[] = [];
  for (const finding of findings) {
    const recorded = findEntry(known.stateFile, finding.place, finding.name)?.head ?? finding.head;
    const isOpen = recorded !== finding.head && !finding.replaces.includes(recorded);
    const more = isOpen ? await commitsAmong(sql, { from: null, to: finding.head }, [recorded]) : [];
    judged.push({ ...finding, replaces: [...finding.replaces, ...more] });
  }
  const undecided = { findings: judged, former, ended, kept: [] };
  const { retired } = known.stateFile;
  const gaveUp = withLearned(known, branch, undecided).retired.filter((one) => !retired.includes(one));
  const heads = gaveUp.map((one) => one.head);
  if (heads.length === 0) return undecided;
  const ours = (await branchHead(sql, branch)) ?? head;
  return { ...undecided, kept: await commitsAmong(sql, { from: null, to: ours }, heads) };
}

function recordVerified(
  stateFile: StateFile,
  allProgress: readonly PeerProgress[],
  { branch, root }: { readonly branch: string; readonly root: string | null },
): void {
  if (root === null) return;
  for (const progress of allProgress) {
    progress.setLastVerifiedAt(
      (findEntry(stateFile, placeOf(progress, branch, root), progress.peer.name) ?? progress.remembered)?.verifiedAt ??
        null,
    );
  }
}

/** A peer that was read, with its head, unless a rewritten history is unresolved: the next run detects it again. */
function isComparable(progress: PeerProgress): progress is PeerProgress & { readonly head: string } {
  const { head, failure, actions, rewritten } = progress;
  return actions !== null && head !== null && (rewritten === null || failure === null);
}

/** The heads of peers that runs passed on and that need no record any more; those that a peer took back count as given up. */
async function endedPushes(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  local: Pick<LocalSide, 'branch' | 'head'>,
): Promise<{ readonly ended: readonly PassedOn[]; readonly takenBack: readonly string[] }> {
  const ended: PassedOn[] = [];
  const takenBack: string[] = [];
  for (const progress of allProgress.filter(isComparable)) {
    for (const [commit, verdict] of await judgePassedOn(sql, progress, local.head)) {
      if (verdict !== 'needed') ended.push(passedOnOf(progress, local.branch, commit));
      if (verdict === 'taken-back') takenBack.push(commit);
    }
  }
  return { ended, takenBack };
}

/**
 * The common head of both sides: a merge base. An unresolved rewritten history leaves the state file unchanged, so
 * that the next run detects it again.
 */
async function findingsOf(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  local: { readonly branch: string; readonly head: string; readonly root: string },
): Promise<Found[]> {
  const now = new Date().toISOString();
  const found = await Promise.all(
    allProgress.filter(isComparable).map(async (progress): Promise<readonly Found[]> => {
      const { head, failure, peer, remembered } = progress;
      const common = await commonHead(sql, { ours: local.head, theirs: head }, remembered?.head ?? null);
      if (common === null) return [];
      const verifiedAt = progress.verified && failure === null ? now : null;
      const place = placeOf(progress, local.branch, local.root);
      const replaces = remembered === null ? [] : [remembered.head];
      return [{ place, name: peer.name, head: common, verifiedAt, replaces }];
    }),
  );
  return found.flat();
}

/**
 * Of several merge bases, one that contains the recorded head: a record of another one would no longer show that a side
 * takes that head back.
 */
export async function commonHead(
  sql: Sql,
  { ours, theirs }: { readonly ours: string; readonly theirs: string },
  recorded: string | null,
): Promise<string | null> {
  const bases = await mergeBases(sql, ours, theirs);
  if (recorded !== null && bases.length > 1)
    for (const base of bases) if (await containsCommit(sql, base, recorded)) return base;
  return bases[0] ?? null;
}

/** Heads that one side gave up in this run in favour of the other's history. */
function formerHeads(allProgress: readonly PeerProgress[]): string[] {
  return allProgress
    .filter(({ adopted, replaced }) => adopted !== null || replaced !== null)
    .flatMap(({ adopted, replaced, remembered }) => [adopted?.head, replaced?.head, remembered?.head])
    .filter((commit) => commit !== undefined);
}

async function recordUnsynced(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  { head, promised }: LocalSide,
): Promise<Times['unsentAt']> {
  const found = allProgress.map(async (progress) => {
    const { unsynced, unsent } = await missingSince(sql, progress, { ours: head, promised });
    progress.setOldestUnsyncedAt(unsynced);
    return [progress, unsent] as const;
  });
  return new Map(await Promise.all(found));
}
