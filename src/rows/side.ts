/** The two heads of a merge: what the merge was begun on, and what is merged onto it. */
export type Side = 'ours' | 'theirs';

/** The other one. */
export function otherSide(side: Side): Side {
  return side === 'ours' ? 'theirs' : 'ours';
}
