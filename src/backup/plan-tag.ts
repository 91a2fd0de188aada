import { Failure } from '../core/failure.ts';

/** Where a release's tag is before a run, and our head. */
export interface TagPlaces {
  readonly tag: string;
  /** The head of our branch. */
  readonly head: string;
  /** The commit that our tag names; null: we have none. */
  readonly here: string | null;
  /** null: no primary is configured. */
  readonly primary: { readonly name: string; readonly commit: string | null } | null;
}

/** What is backed up, and what has to be done for it before a backup is contacted. */
export interface TagPlan {
  readonly commit: string;
  /** Whether the tag is made here. */
  readonly make: boolean;
  /** Whether it is pushed to the primary. */
  readonly publish: boolean;
}

/**
 * Decides which commit a release's tag names: that of the primary, else ours, else our head.
 * @throws Failure `tag-conflict` if the primary and we disagree
 */
export function planTag({ tag, head, here, primary }: TagPlaces): TagPlan {
  const there = primary?.commit ?? null;
  if (primary !== null && there !== null && here !== null && there !== here) {
    throw tagConflict({ tag, peer: primary.name, there, wanted: here, where: 'here' });
  }
  const commit = there ?? here ?? head;
  return { commit, make: here === null, publish: primary !== null && there === null };
}

/** The refusal to move a tag of a peer. */
export function tagConflict(found: {
  readonly tag: string;
  readonly peer: string;
  readonly there: string;
  readonly wanted: string;
  /** Where the tag names the other commit, such as `here`. */
  readonly where: string;
}): Failure {
  const { tag, peer, there, wanted, where } = found;
  return new Failure('tag-conflict', `the tag ${tag} names ${there} at ${peer}, but ${wanted} ${where}`, {
    hint: 'Nothing was overwritten. A release is never moved: find out which commit was released, and give the other one a tag of its own.',
  });
}
