import type { Tag } from '../dolt/tags.ts';

/** What became of the tags of a database. */
export interface TagChanges {
  /** Names that were not there before. */
  readonly brought: readonly string[];
  /** Tags, as they were, that are gone or say something else now. */
  readonly moved: readonly Tag[];
}

/** The difference between the tags before and after. Any other commit, message or tagger is another tag. */
export function tagChanges(before: readonly Tag[], after: readonly Tag[]): TagChanges {
  const was = new Map(before.map((tag) => [tag.name, tag]));
  const is = new Map(after.map((tag) => [tag.name, tag]));
  return {
    brought: after.filter((tag) => !was.has(tag.name)).map((tag) => tag.name),
    moved: before.filter((tag) => !same(tag, is.get(tag.name))),
  };
}

function same(a: Tag, b: Tag | undefined): boolean {
  if (b === undefined) return false;
  return a.commit === b.commit && a.message === b.message && a.tagger === b.tagger && a.email === b.email;
}
