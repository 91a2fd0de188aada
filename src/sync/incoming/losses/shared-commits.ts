import { countCommits, countUnion, parentsOf } from '../../../dolt/sql/history.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';
import { isLimit } from '../../merge/limits.ts';
import type { PeerProgress } from '../../peer-progress.ts';

/** A head that a run reads, and the name of its peer. */
export interface PeerHead {
  readonly head: string;
  readonly peer: string;
}

/** A commit that a head shares with the heads of other peers, and that our branch lacks. */
export interface SharedCommit {
  readonly commit: string;
  /** The names of those peers. */
  readonly peers: readonly string[];
}

/**
 * The last commits that each head shares with another head and that our branch lacks. Two heads without such a commit
 * share only commits of ours.
 * @param all every head of the run, one for each peer
 * @returns the shared commits by head; a head without any is absent
 */
export async function sharedCommits(
  sql: Sql,
  ours: string,
  all: readonly PeerHead[],
): Promise<ReadonlyMap<string, readonly SharedCommit[]>> {
  const distinct = new Set(all.map(({ head }) => head).filter((head) => head !== ours));
  if (distinct.size < 2) return new Map();
  const heads: string[] = [];
  let sum = 0;
  for (const head of distinct) {
    const count = await countCommits(sql, ours, head);
    if (count > 0) heads.push(head);
    sum += count;
  }
  // Commits that two heads share are counted once in the union.
  if (heads.length < 2 || (await countUnion(sql, heads, ours)) === sum) return new Map();
  const shared = lastShared(await parentsOf(sql, heads, ours), heads);
  const peersAt = (others: readonly string[]): string[] =>
    all.flatMap(({ head, peer }) => (others.includes(head) ? [peer] : []));
  return new Map(
    [...shared].map(([head, commits]) => [
      head,
      [...commits].map(([commit, others]) => ({ commit, peers: peersAt(others) })),
    ]),
  );
}

/**
 * The heads of the peers of a run, also of those that are refused or not merged: our branch can go to them later. A head
 * whose check ended the engine or exceeded a limit is left out, so that it cannot stop the checks of other heads.
 */
export function headsOfRun(allProgress: readonly PeerProgress[]): PeerHead[] {
  return allProgress.flatMap(({ head, checkedHead, failure, peer }) =>
    head === null || (head !== checkedHead && failure !== null && isLimit(failure)) ? [] : [{ head, peer: peer.name }],
  );
}

/**
 * The commits that two heads share and of which they share no descendant. Two heads can have several.
 * @param parents the parents of every commit that counts
 * @returns for each head its shared commits, with the other heads; without the head itself
 */
export function lastShared(
  parents: ReadonlyMap<string, readonly string[]>,
  heads: readonly string[],
): Map<string, Map<string, string[]>> {
  const reached = new Map(heads.map((head) => [head, reachedFrom(parents, head)]));
  const found = new Map<string, Map<string, string[]>>();
  for (const [head, own] of reached) {
    const commits = new Map<string, string[]>();
    for (const [other, theirs] of reached) {
      if (other === head) continue;
      const common = [...own].filter((commit) => theirs.has(commit));
      const older = new Set(common.flatMap((commit) => parents.get(commit) ?? []));
      for (const commit of common) {
        if (!older.has(commit) && commit !== head) commits.set(commit, [...(commits.get(commit) ?? []), other]);
      }
    }
    if (commits.size > 0) found.set(head, commits);
  }
  return found;
}

function reachedFrom(parents: ReadonlyMap<string, readonly string[]>, head: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [head];
  for (let commit = next.pop(); commit !== undefined; commit = next.pop()) {
    const before = parents.get(commit);
    if (before === undefined || reached.has(commit)) continue;
    reached.add(commit);
    next.push(...before);
  }
  return reached;
}
