/** A commit with its committer date, as text that sorts by time (see instant.ts). */
export interface DatedCommit {
  readonly hash: string;
  readonly date: string;
  readonly parents: readonly string[];
}

/**
 * When each commit since a merge base counts as made: the later of its committer date and the effective dates of its
 * parents. A peer can write any date into a commit; this way it cannot date a change back beyond the last commit in
 * common. One pass over the commits, without recursion: a history may be 10,000 commits deep.
 * @param commits all commits since the merge base, in any order; a parent that is not among them is the base or older
 * @param base date of the merge base
 */
export function effectiveDates(commits: readonly DatedCommit[], base: string): ReadonlyMap<string, string> {
  const byHash = new Map(commits.map((commit) => [commit.hash, commit]));
  const dates = new Map<string, string>();
  for (const start of commits) {
    const open = dates.has(start.hash) ? [] : [start];
    for (let commit = open.at(-1); commit !== undefined; commit = open.at(-1)) {
      const waits = commit.parents.flatMap((hash) => {
        const parent = dates.has(hash) ? undefined : byHash.get(hash);
        return parent === undefined ? [] : [parent];
      });
      if (waits.length > 0) {
        open.push(...waits);
        continue;
      }
      open.pop();
      dates.set(commit.hash, latest([base, commit.date, ...commit.parents.flatMap((hash) => dates.get(hash) ?? [])]));
    }
  }
  return dates;
}

function latest(dates: readonly string[]): string {
  return dates.toSorted().at(-1) ?? '';
}
