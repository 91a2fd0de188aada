import type { Conflict } from '../../contract/result.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead } from '../sync-context.ts';
import type { Attributed } from './attribute.ts';

/** The rows of each peer that stay in its report whatever becomes of the merge of this round: a remote has their merges. */
export type EarlierConflicts = ReadonlyMap<PeerProgress, readonly Conflict[]>;

/** Resolutions of an earlier round count if a remote has its commit. */
export function earlierConflicts(
  { accepted }: Pick<LocalHead, 'accepted'>,
  allProgress: readonly PeerProgress[],
): EarlierConflicts {
  return new Map(accepted.length === 0 ? [] : allProgress.map((progress) => [progress, progress.conflicts]));
}

/**
 * The heads of peers in each published commit that is no head of a peer now, as if nothing was pushed, or the push failed.
 * The rows that a merge of the commit decides are reported for them; if they all moved since, for the first peer that was
 * read.
 */
export async function partsOfPublished(
  sql: Sql,
  { ours, accepted }: Pick<LocalHead, 'ours' | 'accepted'>,
  allProgress: readonly PeerProgress[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const order = ({ failure, peer }: PeerProgress): string => `${failure === null ? 0 : 1} ${peer.name}`;
  const merging = allProgress.filter(({ actions }) => actions?.merge === true);
  const sorted = merging.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  const heads = [...new Set(sorted.flatMap(({ head }) => head ?? []))];
  const parts = new Map<string, readonly string[]>();
  for (const commit of accepted) {
    if (heads.length === 0 || heads.includes(commit)) continue;
    const found: string[] = [];
    for (const head of heads) {
      if ((await isAncestor(sql, head, commit)) && !(await isAncestor(sql, head, ours))) found.push(head);
    }
    parts.set(commit, found.length > 0 ? found : heads.slice(0, 1));
  }
  return parts;
}

/** Lists the resolutions of a merge for the peers that have the heads; for those that were not merged only if no other has. */
export function recordConflicts(
  candidates: readonly PeerProgress[],
  allProgress: readonly PeerProgress[],
  { earlier, attributed }: { readonly earlier: EarlierConflicts; readonly attributed: readonly Attributed[] },
): void {
  const isMerged = (commit: string): boolean => candidates.some(({ head }) => head === commit);
  const namesAt = (heads: readonly string[]): string[] =>
    (heads.some(isMerged) ? candidates : allProgress).flatMap(({ head, peer }) =>
      head !== null && heads.includes(head) ? [peer.name] : [],
    );
  for (const progress of allProgress) {
    const isCandidate = candidates.includes(progress);
    const now = attributed.filter(({ head }) => head === progress.head && (isCandidate || !isMerged(head)));
    if (!isCandidate && now.length === 0) continue;
    progress.reportConflicts([
      ...(earlier.get(progress) ?? []),
      ...now.map(({ conflict, between }) => ({ ...conflict, between: namesAt(between) })),
    ]);
  }
}
