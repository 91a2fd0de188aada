/**
 * The committer of our merges. The commit must depend only on the heads it merges, so that two databases that merge the
 * same heads make the same commit: no user, machine or clock.
 */
const NAME = 'dolt-federation';
export const MERGE_EMAIL = 'merge@dolt-federation.invalid';

/** The same as one text, for the tags of dolt-federation. */
export const SIGNER = `${NAME} <${MERGE_EMAIL}>`;

const PERSONS = ['author', 'committer'] as const;

/**
 * The session variables that set committer and date of the next commit, as far as this Dolt knows them.
 * @param known names of its variables
 * @param date author and committer date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC
 */
export function signature(known: readonly string[], date: string): (readonly [name: string, value: string])[] {
  // Dolt 2.3.0 accepts the date only with a `T` between day and time.
  const moment = `${date.replace(' ', 'T')}Z`;
  const values = PERSONS.flatMap((person) => [
    [`dolt_${person}_name`, NAME] as const,
    [`dolt_${person}_email`, MERGE_EMAIL] as const,
    [`dolt_${person}_date`, moment] as const,
  ]);
  return values.filter(([name]) => known.includes(name));
}

/** Whether a Dolt with these variables lets us set author, committer and both dates of a commit. */
export function canFixCommitter(known: readonly string[]): boolean {
  return PERSONS.every((person) => ['name', 'email', 'date'].every((part) => known.includes(`dolt_${person}_${part}`)));
}
