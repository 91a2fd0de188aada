import { z } from 'zod';
import { databaseName } from '../sql/at-revision.ts';
import { folded, quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

/** A row of `dolt_ignore`. */
export interface IgnorePattern {
  readonly pattern: string;
  readonly ignored: boolean;
}

const patternRow = z.object({ pattern: z.string(), ignored: z.coerce.number().transform((value) => value !== 0) });

/** The patterns of `dolt_ignore` at a commit; none if it lacks the table (Dolt 2.3.0). */
export const ignorePatternsAt = remembered(
  1,
  async (sql, commit: string): Promise<readonly IgnorePattern[]> =>
    await sql.rows(patternRow, 'SELECT pattern, ignored FROM dolt_ignore AS OF ?', [commit]),
);

/** The patterns of `dolt_ignore` in the working set of a branch. */
export async function workingIgnorePatterns(sql: Sql, branch: string): Promise<IgnorePattern[]> {
  const revision = quoted(`${await databaseName(sql)}/${branch}`);
  return await sql.rows(patternRow, `SELECT pattern, ignored FROM ${revision}.${quoted('dolt_ignore')}`);
}

/**
 * Whether patterns keep a table out of commits, by Dolt's rule of the most specific pattern. If no pattern is more
 * specific, Dolt reports an error; then the table counts as ignored. Dolt compares names with case (2.3.0, measured). A name
 * that is ignored in another case counts as well, because SQL takes both for one table.
 */
export function isIgnored(table: string, patterns: readonly IgnorePattern[]): boolean {
  const inOneCase = patterns.map(({ pattern, ignored }) => ({ pattern: folded(pattern), ignored }));
  return isIgnoredExactly(table, patterns) || isIgnoredExactly(folded(table), inOneCase);
}

function isIgnoredExactly(table: string, patterns: readonly IgnorePattern[]): boolean {
  const matching = patterns.filter(({ pattern }) => matchesPattern(pattern, table));
  const [yes, no] = [matching.filter(({ ignored }) => ignored), matching.filter(({ ignored }) => !ignored)];
  return yes.some((one) => !no.some((other) => isMoreSpecific(other.pattern, one.pattern)));
}

/** Whether a pattern matches only tables that another one also matches, but not the reverse. */
function isMoreSpecific(pattern: string, than: string): boolean {
  return matchesPattern(than, pattern) && !matchesPattern(pattern, than);
}

/**
 * Whether a pattern names a table. Written out, because a regular expression of many wildcards takes
 * exponential time for some names, and peers choose names.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const [signs, letters] = [[...pattern], [...name]];
  let sign = 0;
  let letter = 0;
  /** Behind the last wildcard, and the letter up to which it reaches. */
  let retry: { readonly sign: number; letter: number } | null = null;
  while (letter < letters.length) {
    if (signs[sign] === '*' || signs[sign] === '%') {
      sign += 1;
      retry = { sign, letter };
    } else if (signs[sign] === '?' || signs[sign] === letters[letter]) {
      sign += 1;
      letter += 1;
    } else if (retry !== null) {
      retry.letter += 1;
      sign = retry.sign;
      letter = retry.letter;
    } else return false;
  }
  return signs.slice(sign).every((rest) => rest === '*' || rest === '%');
}
