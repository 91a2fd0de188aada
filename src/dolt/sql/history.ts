import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { remembered } from './remembered.ts';
import type { Sql } from './sql.ts';

const baseRow = z.object({ base: z.string().nullable() });
const hashRow = z.object({ commit_hash: z.string() });
const dateRow = z.object({ date: z.string().nullable() });
const countRow = z.object({ n: z.coerce.number().int() });
const commitRow = z.object({ commit_hash: z.string(), date: z.string(), committer: z.string(), email: z.string() });

export interface CommitInfo {
  readonly hash: string;
  /** Committer date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC. */
  readonly date: string;
  readonly committer: string;
}

/** The merge base of two commits, or null if their histories are unrelated. */
export const mergeBase = remembered(2, async (sql, ours: string, theirs: string): Promise<string | null> => {
  try {
    const [row] = await sql.rows(baseRow, 'SELECT dolt_merge_base(?, ?) AS base', [ours, theirs]);
    return row?.base ?? null;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'unrelated') return null;
    throw thrown;
  }
});

const parentsRow = z
  .object({ commit_hash: z.string(), parents: z.string().nullable() })
  .transform(({ commit_hash, parents }) => ({ hash: commit_hash, parents: (parents ?? '').split(', ') }));

/**
 * All merge bases of two heads: the common ancestors that no other one contains. There are several if both heads merged
 * the same two commits apart from each other. The first is the one that Dolt merges with.
 */
export const mergeBases = remembered(2, async (sql, ours: string, theirs: string): Promise<readonly string[]> => {
  const base = await mergeBase(sql, ours, theirs);
  if (base === null) return [];
  // A common ancestor that the first base contains is no merge base.
  const [own, other] = [logWithout([ours], [base], "'--parents'"), logWithout([theirs], [base])];
  const further = await sql.rows(
    parentsRow,
    `SELECT commit_hash, parents FROM ${own.log} WHERE commit_hash IN (SELECT commit_hash FROM ${other.log})`,
    [...own.revisions, ...other.revisions],
  );
  const contained = new Set(further.flatMap(({ parents }) => parents));
  return [base, ...further.flatMap(({ hash }) => (contained.has(hash) ? [] : [hash])).sort()];
});

/** Whether `head` reaches `commit`; every commit reaches itself. */
export async function isAncestor(sql: Sql, commit: string, head: string): Promise<boolean> {
  return commit === head || (await mergeBase(sql, commit, head)) === commit;
}

/** Whether `head` is a commit that none of the others reaches. */
export async function reachableOnlyFrom(sql: Sql, head: string, others: readonly string[]): Promise<boolean> {
  const { log, revisions } = logWithout([head], others);
  return (await sql.rows(countRow, `SELECT 1 AS n FROM ${log} LIMIT 1`, revisions)).length > 0;
}

/** The heads that no other one contains, each once, in hash order. */
export async function minimalHeads(sql: Sql, heads: readonly string[]): Promise<string[]> {
  const distinct = [...new Set(heads)].sort();
  if (distinct.length < 2) return distinct;
  const needed = await Promise.all(
    distinct.map((head) =>
      reachableOnlyFrom(
        sql,
        head,
        distinct.filter((other) => other !== head),
      ),
    ),
  );
  return distinct.filter((_, index) => needed[index]);
}

/**
 * Those of the given commits that `to` reaches and `from` does not. They are searched by hash, so they need not be
 * present locally, as `dolt_merge_base` requires (Dolt 2.3.0).
 * @param range.from null: those that `to` reaches at all
 */
export async function commitsAmong(
  sql: Sql,
  range: { readonly from: string | null; readonly to: string },
  commits: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(commits)];
  if (wanted.length === 0) return [];
  const rows = await sql.rows(
    z.object({ commit_hash: z.string() }),
    // The newest come first, and with a limit Dolt stops when all are found.
    `SELECT commit_hash FROM dolt_log(?) WHERE commit_hash IN (${wanted.map(() => '?').join(', ')}) LIMIT ${wanted.length}`,
    [range.from === null ? range.to : `${range.from}..${range.to}`, ...wanted],
  );
  return rows.map((row) => row.commit_hash);
}

/** A commit in a form for people. */
export interface CommitLine {
  readonly hash: string;
  /** To the second, in UTC. */
  readonly date: string;
  /** First line of its message. */
  readonly message: string;
}

const lineRow = z.object({ commit_hash: z.string(), date: z.string(), message: z.string() }).transform(
  (row): CommitLine => ({
    hash: row.commit_hash,
    date: row.date,
    message: row.message.split('\n')[0]?.slice(0, 80) ?? '',
  }),
);

/** The commits that a head reaches and none of the others does, newest first. */
export async function commitsLost(sql: Sql, head: string, others: readonly string[]): Promise<CommitLine[]> {
  const { log, revisions } = logWithout([head], [...new Set(others)]);
  return sql.rows(
    lineRow,
    `SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s') AS date, message FROM ${log}`,
    revisions,
  );
}

/**
 * First lines of the newest commits that `to` reaches and `from` does not.
 * @param range.from null: of all commits that `to` reaches
 */
export async function newestCommits(
  sql: Sql,
  range: { readonly from: string | null; readonly to: string },
  count: number,
): Promise<string[]> {
  const lines = await sql.rows(
    lineRow,
    `SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s') AS date, LEFT(message, 200) AS message FROM dolt_log(?) LIMIT ${count}`,
    [range.from === null ? range.to : `${range.from}..${range.to}`],
  );
  return lines.map(({ message }) => message);
}

const messageRow = z
  .object({ commit_hash: z.string(), message: z.string() })
  .transform(({ commit_hash, message }) => ({ hash: commit_hash, message }));

/** The commits that `to` reaches and `from` does not, and whose message begins like this. */
export async function commitsNamed(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  beginning: string,
): Promise<{ readonly hash: string; readonly message: string }[]> {
  return await sql.rows(messageRow, 'SELECT commit_hash, message FROM dolt_log(?) WHERE message LIKE ?', [
    `${range.from}..${range.to}`,
    `${beginning}%`,
  ]);
}

/** Whether a commit is in the database. */
export async function isPresent(sql: Sql, commit: string): Promise<boolean> {
  return (await presentAmong(sql, [commit])).length > 0;
}

/** Those of the given commits that are in the database. */
async function presentAmong(sql: Sql, commits: readonly string[]): Promise<string[]> {
  const rows = await sql.rows(
    hashRow,
    `SELECT commit_hash FROM dolt_commits WHERE commit_hash IN (${commits.map(() => '?').join(', ')})`,
    commits,
  );
  return rows.map((row) => row.commit_hash);
}

/**
 * The newest commit that `head` and one of `others` reach, and none of `without` does; null: none. A commit of `others` that
 * is missing locally does not count.
 */
export async function newestCommon(
  sql: Sql,
  {
    head,
    others,
    without,
  }: { readonly head: string; readonly others: readonly string[]; readonly without: readonly string[] },
): Promise<string | null> {
  const present = others.length === 0 ? [] : await presentAmong(sql, others);
  if (present.length === 0) return null;
  const [own, other] = [logWithout([head], without), logWithout(present, without)];
  const [row] = await sql.rows(
    hashRow,
    `SELECT commit_hash FROM ${own.log} WHERE commit_hash IN (SELECT commit_hash FROM ${other.log}) LIMIT 1`,
    [...own.revisions, ...other.revisions],
  );
  return row?.commit_hash ?? null;
}

/** Whether `head` reaches a commit, which need not be present locally. */
export async function containsCommit(sql: Sql, head: string, commit: string): Promise<boolean> {
  return commit === head || (await commitsAmong(sql, { from: null, to: head }, [commit])).length > 0;
}

/** How many commits `to` reaches that `from` does not. */
export const countCommits = remembered(2, async (sql, from: string, to: string): Promise<number> => {
  if (from === to) return 0;
  const [row] = await sql.rows(countRow, 'SELECT COUNT(*) AS n FROM dolt_log(?)', [`${from}..${to}`]);
  return row?.n ?? 0;
});

/** How many commits a head reaches, including itself, that none of the others reaches. */
export async function countReachable(sql: Sql, head: string, others: readonly string[] = []): Promise<number> {
  return await countOf(sql, logWithout([head], others));
}

/** How many commits at least one of the heads reaches and `without` does not. */
export async function countUnion(sql: Sql, heads: readonly string[], without: string): Promise<number> {
  return await countOf(sql, logWithout(heads, [without]));
}

async function countOf(sql: Sql, { log, revisions }: ReturnType<typeof logWithout>): Promise<number> {
  const [row] = await sql.rows(countRow, `SELECT COUNT(*) AS n FROM ${log}`, revisions);
  return row?.n ?? 0;
}

/** The commits that at least one of the heads reaches and `without` does not, with their parents. */
export async function parentsOf(
  sql: Sql,
  heads: readonly string[],
  without: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { log, revisions } = logWithout(heads, [without], "'--parents'");
  const rows = await sql.rows(parentsRow, `SELECT commit_hash, parents FROM ${log}`, revisions);
  return new Map(rows.map(({ hash, parents }) => [hash, parents]));
}

/**
 * The commits where the history of a head leaves that of the others: those that one of the others reaches, and that are
 * parents of commits which none of them reaches. All merge bases are among them. So are older commits, if the head merged
 * them: a merge can keep a row that a merge base lacks.
 */
export async function branchPoints(sql: Sql, head: string, others: readonly string[]): Promise<string[]> {
  if (others.length === 0) return [];
  const { log, revisions } = logWithout([head], others, "'--parents'");
  const own = await sql.rows(parentsRow, `SELECT commit_hash, parents FROM ${log}`, revisions);
  if (own.length === 0) return [head];
  const hashes = new Set(own.map(({ hash }) => hash));
  const parents = new Set(own.flatMap((commit) => commit.parents.filter((hash) => hash !== '')));
  return [...parents].filter((hash) => !hashes.has(hash)).sort();
}

/** The commits that one of the heads reaches and none of the others does, as a table expression and its parameters. */
export function logWithout(heads: readonly string[], others: readonly string[], ...options: readonly string[]) {
  const revisions = [...heads, ...others.map((other) => `^${other}`)];
  return { log: `dolt_log(${[...revisions.map(() => '?'), ...options].join(', ')})`, revisions };
}

/** The newest commits of the session's branch, its head first. */
export async function recentCommits(sql: Sql, count: number): Promise<string[]> {
  const rows = await sql.rows(hashRow, `SELECT commit_hash FROM dolt_log LIMIT ${count}`);
  return rows.map(({ commit_hash }) => commit_hash);
}

/** Author and date of a commit. */
export async function commitInfo(sql: Sql, hash: string): Promise<CommitInfo> {
  const [row] = await sql.rows(
    commitRow,
    "SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, committer, email FROM dolt_log(?) LIMIT 1",
    [hash],
  );
  if (row === undefined) throw new Failure('corrupt', `commit ${hash} cannot be read`);
  return { hash: row.commit_hash, date: row.date.slice(0, 23), committer: `${row.committer} <${row.email}>` };
}

/** The first commit of the history that a head belongs to. */
export async function rootCommit(sql: Sql, head: string): Promise<CommitInfo> {
  const [row] = await sql.rows(
    commitRow,
    "SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, committer, email FROM dolt_log(?) ORDER BY commit_order LIMIT 1",
    [head],
  );
  if (row === undefined) throw new Failure('corrupt', `the history of ${head} cannot be read`);
  return { hash: row.commit_hash, date: row.date.slice(0, 23), committer: `${row.committer} <${row.email}>` };
}

/**
 * The date of the oldest commit that `to` reaches and `from` does not.
 * @param range.from null: of all commits that `to` reaches
 * @returns a time in UTC, `YYYY-MM-DDTHH:MM:SS.mmmZ`; null if there is none
 */
export async function oldestCommitDate(
  sql: Sql,
  range: { readonly from: string | null; readonly to: string },
): Promise<string | null> {
  const revision = range.from === null ? range.to : `${range.from}..${range.to}`;
  const [row] = await sql.rows(
    dateRow,
    "SELECT DATE_FORMAT(MIN(date), '%Y-%m-%dT%H:%i:%s.%f') AS date FROM dolt_log(?)",
    [revision],
  );
  return row?.date == null ? null : `${row.date.slice(0, 23)}Z`;
}
