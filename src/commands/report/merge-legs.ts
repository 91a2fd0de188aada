import type { MergeReport, PeerResult, Problem, RunResult } from '../../contract/result.ts';
import type { PeerStatus, RunStatus } from '../../contract/vocabulary.ts';
import { groupBy } from '../../core/lists.ts';
import { toProblem } from '../outcome/problems.ts';
import { runStatus } from '../outcome/run-status.ts';

/** One result, and the file that has it. */
export interface Leg {
  readonly file: string;
  readonly result: RunResult;
}

/** The results of one command for one database, at least one, and the legs that have none. */
export interface Legs {
  readonly legs: readonly [Leg, ...Leg[]];
  readonly missing: readonly string[];
}

/** The worst first. */
const RUN_ORDER: readonly RunStatus[] = ['failed', 'conflict', 'partial', 'success', 'unchanged', 'skipped'];
const PEER_ORDER: readonly PeerStatus[] = ['failed', 'conflict', 'synced', 'pulled', 'pushed', 'unchanged', 'skipped'];

/**
 * The legs as if they were one run, without the conflicts file and the leg, which are of use on one machine only.
 * Properties that this function does not know are those of the worst leg.
 */
export function mergeLegs({ legs, missing }: Legs): RunResult {
  const all = legs.map(({ result }) => result);
  const { shard: _, selection: __, conflictsPath: ___, open: ____, unsaved: _____, ...worst } = worstOf(legs);
  const merged = mergedPeers(legs);
  const heads = [...new Set(all.flatMap(({ head }) => head ?? []))];
  const open = sum(all.map((result) => result.open ?? 0));
  const counted = all.flatMap(({ unsaved }) => unsaved ?? []);
  const folder = all.find((result) => result.folder !== undefined)?.folder;
  const failedExport = all.find((result) => result.export?.status === 'failed')?.export;
  return {
    ...worst,
    status: statusOf({ legs, missing }, merged, sum(counted)),
    database: all.find(({ database }) => database !== null)?.database ?? null,
    ...(folder === undefined ? {} : { folder }),
    branch: all.find(({ branch }) => branch !== null)?.branch ?? null,
    head: heads.length === 1 ? (heads[0] ?? null) : null,
    durationMs: Math.max(...all.map(({ durationMs }) => durationMs)),
    merge: mergedMerges(all.flatMap(({ merge }) => merge ?? [])),
    peers: merged.map(({ peer }) => peer),
    problems: once([
      ...merged.flatMap(({ problems }) => problems),
      ...all.flatMap(({ problems }) => problems),
      ...(worst.command === 'sync' && worst.dryRun !== true ? differingHeads(heads.length) : []),
    ]),
    ...(all.some(({ filtered }) => filtered === true) ? { filtered: true } : {}),
    ...(all.some(({ moved }) => moved === true) ? { moved: true } : {}),
    ...(counted.length === 0 ? {} : { unsaved: sum(counted) }),
    ...(open === 0 ? {} : { open }),
    ...(failedExport === undefined ? {} : { export: failedExport }),
    ...mergedBackup(all.flatMap(({ backup }) => backup ?? [])),
  };
}

function worstOf([first, ...others]: Legs['legs']): RunResult {
  return others.reduce(
    (worst, { result }) => (RUN_ORDER.indexOf(result.status) < RUN_ORDER.indexOf(worst.status) ? result : worst),
    first.result,
  );
}

/** A missing leg counts as a failed peer. A conflict needs a person, also if another leg could not reach the same peer. */
function statusOf({ legs, missing }: Legs, merged: readonly MergedPeer[], unsaved: number): RunStatus {
  const all = legs.map(({ result }) => result.status);
  // The decision of one run counts: a backup may succeed although a peer failed.
  if (missing.length === 0 && new Set(all).size === 1 && (legs.length === 1 || all.includes('skipped')))
    return legs[0].result.status;
  const conflicts = legs.flatMap(({ result }) => result.peers.filter(({ status }) => status === 'conflict'));
  const counted = merged.filter(({ peer }) => legs.some(({ result }) => isNeeded(peer.name, result)));
  const peers = [...counted.map(({ peer }) => peer), ...conflicts].map(({ status }) => status);
  return runStatus([...peers, ...missing.map(() => 'failed' as const)], {
    moved: all.includes('success'),
    unsaved,
    halfDone: all.some((status) => status === 'partial' || status === 'success'),
    exportFailed: all.includes('partial') || all.includes('failed'),
  });
}

/** Whether a peer counts for the status. A backup that made the required copies can do without those that failed. */
function isNeeded(name: string, { status, backup, peers }: RunResult): boolean {
  const hasCopies = (backup?.required ?? null) !== null && (status === 'success' || status === 'unchanged');
  return peers.some((peer) => peer.name === name && !(hasCopies && peer.status === 'failed'));
}

interface MergedPeer {
  readonly peer: PeerResult;
  /** Errors of it that its result does not have. */
  readonly problems: readonly Problem[];
}

/** Every peer once, the primary first. The order of the configuration is unknown, so several legs are in that of names. */
function mergedPeers(legs: readonly Leg[]): readonly MergedPeer[] {
  const entries = legs.flatMap((leg) => leg.result.peers.map((peer) => ({ leg, peer })));
  const merged = [...groupBy(entries, ({ peer }) => peer.name).values()].map(mergePeer);
  const isPrimary = ({ peer }: MergedPeer) => peer.role === 'primary';
  const others = merged.filter((one) => !isPrimary(one));
  const byName = ({ peer: one }: MergedPeer, { peer: other }: MergedPeer) => (one.name < other.name ? -1 : 1);
  return [...merged.filter(isPrimary), ...(legs.length === 1 ? others : others.toSorted(byName))];
}

interface Entry {
  readonly leg: Leg;
  readonly peer: PeerResult;
}

function mergePeer(entries: readonly Entry[]): MergedPeer {
  const [worst, ...others] = entries.toSorted(
    (one, other) => PEER_ORDER.indexOf(one.peer.status) - PEER_ORDER.indexOf(other.peer.status),
  );
  if (worst === undefined) throw new Error('a peer without any result');
  if (others.length === 0) return { peer: worst.peer, problems: [] };
  const all = entries.map(({ peer }) => peer);
  const taking = all.filter(({ status }) => status !== 'skipped');
  const heads = [...new Set(all.flatMap(({ remoteHead }) => remoteHead ?? []))];
  const stale = all.find((one) => one.stale !== undefined)?.stale;
  const peer = {
    ...worst.peer,
    ...(stale === undefined ? {} : { stale }),
    status: mergedStatus(all.map(({ status }) => status)),
    // Each leg pulls the same commits into a copy of its own, and pushes only those that the peer lacks.
    pulledCommits: Math.max(...all.map(({ pulledCommits }) => pulledCommits)),
    pushedCommits: sum(all.map(({ pushedCommits }) => pushedCommits)),
    remoteHead: heads.length === 1 ? (heads[0] ?? null) : null,
    verified: taking.length > 0 && taking.every(({ verified }) => verified),
    lastVerifiedAt:
      all
        .flatMap(({ lastVerifiedAt }) => lastVerifiedAt ?? [])
        .toSorted()
        .at(-1) ?? null,
    oldestUnsyncedAt: all.flatMap(({ oldestUnsyncedAt }) => oldestUnsyncedAt ?? []).toSorted()[0] ?? null,
    conflicts: once(all.flatMap(({ conflicts }) => conflicts)),
    attempts: Math.max(...all.map(({ attempts }) => attempts)),
    durationMs: Math.max(...all.map(({ durationMs }) => durationMs)),
  };
  return { peer, problems: others.flatMap((entry) => otherErrors(entry, worst.peer)) };
}

function mergedStatus(statuses: readonly PeerStatus[]): PeerStatus {
  const worst = PEER_ORDER.find((status) => statuses.includes(status)) ?? 'skipped';
  return worst === 'pulled' && statuses.includes('pushed') ? 'synced' : worst;
}

/** The error of a peer in another leg, if it is not the one that its result shows. */
function otherErrors({ leg, peer }: Entry, shown: PeerResult): readonly Problem[] {
  const { error, name } = peer;
  if (error === null || (error.code === shown.error?.code && error.message === shown.error.message)) return [];
  const where = leg.result.shard === undefined ? leg.file : `leg ${leg.result.shard}`;
  const { code, message, hint } = error;
  return [toProblem({ severity: 'error', code, message: `in ${where}: ${message}`, hint, peer: name })];
}

function mergedMerges(merges: readonly MergeReport[]): MergeReport | null {
  const [first] = merges;
  if (first === undefined) return null;
  return {
    protocol: first.protocol,
    deterministic: merges.every(({ deterministic }) => deterministic),
    because: merges.find(({ because }) => because !== null)?.because ?? null,
    commits: sum(merges.map(({ commits }) => commits)),
  };
}

/** The copies of all legs. The proof of each is a file on its machine. */
function mergedBackup([first, ...others]: readonly NonNullable<RunResult['backup']>[]): Pick<RunResult, 'backup'> {
  if (first === undefined || others.length === 0) return first === undefined ? {} : { backup: first };
  const all = [first, ...others];
  const copies = sum(all.map((backup) => backup.copies));
  const commit = others.every((backup) => backup.commit === first.commit) ? first.commit : null;
  const would = all.every(({ wouldTag }) => wouldTag === undefined)
    ? {}
    : { wouldTag: [...new Set(all.flatMap(({ wouldTag }) => wouldTag ?? []))] };
  return { backup: { ...first, commit, copies, required: null, proof: null, ...would } };
}

function differingHeads(count: number): readonly Problem[] {
  if (count < 2) return [];
  const message = `the legs ended at ${count} different heads, so some peers lack commits of other legs`;
  return [toProblem({ severity: 'notice', code: 'heads-differ', message })];
}

function once<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
