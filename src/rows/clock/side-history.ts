import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { RowWrite } from '../../dolt/rows/row-writes.ts';
import { isTemporal } from '../../dolt/schema/columns.ts';
import type { TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { commitInfo, logWithout } from '../../dolt/sql/history.ts';
import { folded } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { instant } from './cell-time.ts';

/** The commits of one side of a merge: their effective dates, and their order. */
export interface SideHistory {
  /** Effective date of the merge base, the latest of several; no commit of either side counts as older. */
  readonly base: string;
  /** Effective date of the head. */
  readonly head: string;
  /** Effective date of a commit; that of the base for each merge base and everything that it reaches. */
  effective(commit: string): string;
  /** All ancestors of the given commits. */
  before(commits: readonly string[]): ReadonlySet<string>;
}

const commitRow = z.object({ commit_hash: z.string(), date: z.string(), parents: z.string().nullable() });

/**
 * Reads the commits of a head that all merge bases lack.
 * @param range.whole also reads the commits of the bases, so that `before` knows them
 */
export async function readSideHistory(
  sql: Sql,
  range: { readonly bases: readonly string[]; readonly head: string; readonly whole?: boolean },
): Promise<SideHistory> {
  const dates: string[] = [];
  for (const base of range.bases) dates.push(moment((await commitInfo(sql, base)).date));
  const commits = await commitsOf(sql, range.head, range.bases);
  const all = range.whole === true ? await commitsOf(sql, range.head, []) : commits;
  return sideHistory({ base: latest(dates), head: range.head, commits, all });
}

/** The same from given commits. */
export function sideHistory(range: {
  /** Date of the merge base. */
  readonly base: string;
  readonly head: string;
  /** Commits since the base. */
  readonly commits: readonly DatedCommit[];
  /** Commits that `before` searches. */
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

async function commitsOf(sql: Sql, head: string, since: readonly string[]): Promise<DatedCommit[]> {
  const { log, revisions } = logWithout([head], since, "'--parents'");
  const rows = await sql.rows(
    commitRow,
    `SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, parents FROM ${log}`,
    revisions,
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

/** A commit with its committer date, as text that sorts by time (see instant.ts). */
export interface DatedCommit {
  readonly hash: string;
  readonly date: string;
  readonly parents: readonly string[];
}

/**
 * The effective date of each commit since a merge base: the later of its committer date and the effective dates of its
 * parents. A peer can write any date into a commit, but cannot date a change back beyond the merge base. One pass
 * without recursion: a history may be 10,000 commits deep.
 * @param commits all commits since the merge base, in any order; any other parent is the base or older
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

/** The creation time in the row, or null if it has none. */
function namedCreation(shape: TableShape, row: Cells): string | null {
  const column = shape.columns.find(({ name, type }) => folded(name) === 'created_at' && isTemporal(type));
  const value = column === undefined ? null : (row[column.name] ?? null);
  return value === null ? null : instant(value);
}

/**
 * When a row that was added since the merge base counts as created: the time in the row, if it is neither before the
 * merge base nor after the first commit with the row; else the effective date of that commit.
 * @param added.row the row at the head
 * @param added.writes the commits since the merge base that wrote it
 */
export function createdTime(
  shape: TableShape,
  added: { readonly row: Cells; readonly writes: readonly RowWrite[] },
  history: Pick<SideHistory, 'base' | 'head' | 'effective'>,
): string {
  const dates = added.writes.flatMap(({ from, isMerge, commit }) =>
    from === null && !isMerge ? [history.effective(commit)] : [],
  );
  const first = dates.sort().at(0) ?? history.head;
  const named = namedCreation(shape, added.row);
  return named !== null && named >= history.base && named <= first ? named : first;
}
