import type { Diagnostic } from '../../core/diagnostic.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { branchHead } from '../../dolt/sql/heads.ts';
import { commitsAmong, mergeBase, rootCommit } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import {
  changeState,
  type Finding,
  findEntry,
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

interface LocalDatabase {
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
  local: LocalDatabase,
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
  local: LocalDatabase,
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
  try {
    const aside = await changeState(state, branch, async ({ stateFile, replaced }) => {
      const [latest, others] = await sortedOut(sql, stateFile, findings);
      const next = remember(stateFile, latest);
      const former = [...replaced, ...replacedHeads(stateFile, next, branch), ...formerHeads(allProgress)];
      const heads = others.map((finding) => finding.head);
      const known = retire(next, branch, [...(await abandoned(sql, former, local)), ...heads]);
      recordVerified(known, allProgress, { branch, root });
      const isNews = ({ place, name, head: last, verifiedAt }: Finding): boolean =>
        verifiedAt !== null || findEntry(stateFile, place, name)?.head !== last;
      return known.retired === stateFile.retired && !latest.some(isNews) ? stateFile : known;
    });
    return [...unusable, ...aside];
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    return [...unusable, { severity: 'warning', code: 'memory-unusable', message: errorMessage(thrown) }];
  }
}

/** A finding of this run, and the head that was recorded when it began. */
interface Found extends Finding {
  readonly before: string | null;
}

/**
 * A head that another run recorded during this one stays, unless the common head of this run contains it: the other run
 * may have verified a later one.
 * @returns the findings to record, and those with an older head. If our branch gives that up, a peer can still have it
 */
async function sortedOut(
  sql: Sql,
  stateFile: StateFile,
  findings: readonly Found[],
): Promise<readonly [latest: readonly Found[], others: readonly Found[]]> {
  const isLatest = new Set<Found>();
  for (const finding of findings) {
    const { place, name, head, before } = finding;
    const recorded = findEntry(stateFile, place, name)?.head ?? null;
    const isKnown = recorded === null || recorded === before || recorded === head;
    if (isKnown || (await commitsAmong(sql, { from: null, to: head }, [recorded])).length > 0) isLatest.add(finding);
  }
  return [findings.filter((one) => isLatest.has(one)), findings.filter((one) => !isLatest.has(one))];
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

/**
 * The common head of both sides: their merge base. An unresolved rewritten history leaves the state file unchanged, so
 * that the next run detects it again.
 */
async function findingsOf(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  local: { readonly branch: string; readonly head: string; readonly root: string },
): Promise<Found[]> {
  const now = new Date().toISOString();
  const found = await Promise.all(
    allProgress.map(async (progress): Promise<readonly Found[]> => {
      const { head, failure, actions, rewritten, peer, remembered } = progress;
      if (actions === null || head === null || (rewritten !== null && failure !== null)) return [];
      const common = await mergeBase(sql, local.head, head);
      if (common === null) return [];
      const verifiedAt = progress.verified && failure === null ? now : null;
      const place = placeOf(progress, local.branch, local.root);
      return [{ place, name: peer.name, head: common, verifiedAt, before: remembered?.head ?? null }];
    }),
  );
  return found.flat();
}

/** Heads that one side gave up in this run in favour of the other's history. */
function formerHeads(allProgress: readonly PeerProgress[]): string[] {
  return allProgress
    .filter(({ adopted, replaced }) => adopted !== null || replaced !== null)
    .flatMap(({ adopted, replaced, remembered }) => [adopted?.head, replaced?.head, remembered?.head])
    .filter((commit) => commit !== undefined);
}

/** Those of the former heads that our branch no longer contains. Another process may have moved it since. */
async function abandoned(sql: Sql, former: readonly string[], { branch, head }: LocalDatabase): Promise<string[]> {
  if (former.length === 0) return [];
  const kept = await commitsAmong(sql, { from: null, to: (await branchHead(sql, branch)) ?? head }, former);
  return [...new Set(former)].filter((commit) => !kept.includes(commit));
}

async function recordUnsynced(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  { head, promised }: LocalDatabase,
): Promise<Times['unsentAt']> {
  const found = allProgress.map(async (progress) => {
    const { unsynced, unsent } = await missingSince(sql, progress, { ours: head, promised });
    progress.setOldestUnsyncedAt(unsynced);
    return [progress, unsent] as const;
  });
  return new Map(await Promise.all(found));
}
