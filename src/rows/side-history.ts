import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { commitInfo } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { type DatedCommit, effectiveDates } from './effective-dates.ts';
import { instant } from './instant.ts';

/** The commits of one side of a merge: when each counts as made, and which of them come after which. */
export interface SideHistory {
  /** Effective date of the merge base: nothing on either side counts as older. */
  readonly base: string;
  /** Effective date of the head. */
  readonly head: string;
  /** Effective date of a commit; that of the base for the base and everything that it reaches. */
  effective(commit: string): string;
  /** All commits that at least one of these comes after. */
  before(commits: readonly string[]): ReadonlySet<string>;
}

const commitRow = z.object({ commit_hash: z.string(), date: z.string(), parents: z.string().nullable() });

/**
 * Reads the commits that a head has and the merge base has not.
 * @param range.whole also reads the commits of the base, so that `before` knows them
 */
export async function readSideHistory(
  sql: Sql,
  range: { readonly base: string; readonly head: string; readonly whole?: boolean },
): Promise<SideHistory> {
  const base = moment((await commitInfo(sql, range.base)).date);
  const commits = await commitsOf(sql, `${range.base}..${range.head}`);
  const all = range.whole === true ? await commitsOf(sql, range.head) : commits;
  return sideHistory({ base, head: range.head, commits, all });
}

/** The same from commits that have been read. */
export function sideHistory(range: {
  /** Date of the merge base. */
  readonly base: string;
  readonly head: string;
  /** Commits since the base. */
  readonly commits: readonly DatedCommit[];
  /** Commits that `before` looks through. */
  readonly all?: readonly DatedCommit[];
}): SideHistory {
  const { base, commits, all = commits } = range;
  const dates = effectiveDates(commits, base);
  const parents = new Map(all.map((commit) => [commit.hash, commit.parents]));
  const effective = (commit: string): string => dates.get(commit) ?? base;
  return {
    base,
    head: effective(range.head),
    effective,
    before(later) {
      const found = new Set<string>();
      const open = [...later];
      for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
        for (const parent of parents.get(commit) ?? []) {
          if (found.has(parent)) continue;
          found.add(parent);
          open.push(parent);
        }
      }
      return found;
    },
  };
}

async function commitsOf(sql: Sql, revision: string): Promise<DatedCommit[]> {
  const rows = await sql.rows(
    commitRow,
    "SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, parents FROM dolt_log(?, '--parents')",
    [revision],
  );
  return rows.map(({ commit_hash, date, parents }) => ({
    hash: commit_hash,
    date: moment(date),
    parents: (parents ?? '').split(', ').filter((hash) => hash !== ''),
  }));
}

function moment(date: string): string {
  const found = instant(date);
  if (found === null) throw new Failure('corrupt', `the commit date ${date} cannot be read`);
  return found;
}
