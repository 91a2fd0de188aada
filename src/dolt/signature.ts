/**
 * Who signs a merge of ours. The commit must depend on nothing but the heads it merges, so that two towns that merge the
 * same heads make the same commit: no user, no machine, no clock.
 */
const NAME = 'dolt-federation';
export const MERGE_EMAIL = 'merge@dolt-federation.invalid';

const PERSONS = ['author', 'committer'] as const;

/**
 * The session variables that sign the next commit, those that this Dolt knows.
 * @param known names of its variables
 * @param date author and committer date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC
 */
export function signature(known: readonly string[], date: string): (readonly [name: string, value: string])[] {
  // Dolt 2.3.0 takes the date only with a `T` between day and time.
  const moment = `${date.replace(' ', 'T')}Z`;
  const values = PERSONS.flatMap((person) => [
    [`dolt_${person}_name`, NAME] as const,
    [`dolt_${person}_email`, MERGE_EMAIL] as const,
    [`dolt_${person}_date`, moment] as const,
  ]);
  return values.filter(([name]) => known.includes(name));
}

/** Whether a Dolt with these variables lets us fix both persons and both dates of a commit. */
export function canFixCommitter(known: readonly string[]): boolean {
  return PERSONS.every((person) => ['name', 'email', 'date'].every((part) => known.includes(`dolt_${person}_${part}`)));
}
