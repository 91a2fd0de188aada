/** One commit that a branch moved over. */
export interface PassedCommit {
  readonly hash: string;
  readonly parents: readonly string[];
  /** Whether it is a merge of the protocol that this version speaks. */
  readonly isMerge: boolean;
}

/** A merge that another database made, and which of its parents is our side. */
export interface ReceivedMerge {
  readonly hash: string;
  readonly onto: string;
  readonly head: string;
  /** The parent that our old head contains, or that contains our old head. */
  readonly ours: string;
  /** Whether everything of that parent was ours. */
  readonly isOwn: boolean;
}

/**
 * The merges among the commits that a branch moved over in which our old head met something else.
 * @param passed all commits that the new head reaches and the old head does not, newest first
 * @param move.made merges that this run made itself
 */
export function receivedMerges(
  passed: readonly PassedCommit[],
  move: { readonly from: string; readonly made: ReadonlySet<string> },
): ReceivedMerge[] {
  const isPassed = new Set(passed.map(({ hash }) => hash));
  const containing = new Set([move.from]);
  // Parents come after their children.
  for (const { hash, parents } of passed.toReversed()) {
    if (parents.some((parent) => containing.has(parent))) containing.add(hash);
  }
  return passed.flatMap(({ hash, parents, isMerge }) => {
    const [onto, head, third] = parents;
    if (!isMerge || move.made.has(hash) || onto === undefined || head === undefined || third !== undefined) return [];
    for (const isOwn of [true, false]) {
      const [ours, second] = parents.filter((parent) => (isOwn ? !isPassed.has(parent) : containing.has(parent)));
      if (ours !== undefined) return second === undefined ? [{ hash, onto, head, ours, isOwn }] : [];
    }
    return [];
  });
}
