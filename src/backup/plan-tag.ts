import { Failure } from '../core/failure.ts';

/** Our head, and the commits that a release's tag names before a run. */
export interface TagPlaces {
  readonly tag: string;
  /** The head of our branch. */
  readonly head: string;
  /** The commit that our tag names; null: we have none. */
  readonly here: string | null;
  /** null: no primary is configured. */
  readonly primary: { readonly name: string; readonly commit: string | null } | null;
  /** The backups that have it at a commit of our branch, or not at all (null). */
  readonly backups: readonly { readonly name: string; readonly commit: string | null }[];
}

/** The commit to back up, and the steps before a backup is contacted. */
export interface TagPlan {
  readonly commit: string;
  /** Whether the tag is made here. */
  readonly make: boolean;
  /** Whether it is pushed to the primary. */
  readonly publish: boolean;
}

/**
 * Decides which commit a release's tag names: that of the primary, else ours, else our head.
 * @throws Failure `tag-conflict` if the primary and we disagree, or if a tag would be made that every backup has elsewhere:
 * then the release exists already, and our head is another one. One backup of several cannot stop the others
 */
export function planTag({ tag, head, here, primary, backups }: TagPlaces): TagPlan {
  const there = primary?.commit ?? null;
  if (primary !== null && there !== null && here !== null && there !== here) {
    throw tagConflict({ tag, peer: primary.name, there, wanted: here });
  }
  const elsewhere = backups.flatMap(({ name, commit: at }) => (at === null || at === head ? [] : [{ name, at }]));
  const [other] = elsewhere;
  if (there === null && here === null && other !== undefined && elsewhere.length === backups.length) {
    throw tagConflict({ tag, peer: other.name, there: other.at, wanted: head });
  }
  const commit = there ?? here ?? head;
  return { commit, make: here === null, publish: primary !== null && there === null };
}

/** The refusal to move a tag of a peer. */
export function tagConflict(found: {
  readonly tag: string;
  readonly peer: string;
  readonly there: string;
  /** The commit that the tag names here. */
  readonly wanted: string;
}): Failure {
  const { tag, peer, there, wanted } = found;
  return new Failure('tag-conflict', `${peer} has the tag ${tag} at ${there}, not at ${wanted}`, {
    hint: 'A tag is never moved. Find out which commit was released, and give the other one another tag.',
  });
}
