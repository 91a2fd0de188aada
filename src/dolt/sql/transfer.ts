import { randomBytes } from 'node:crypto';
import { trackingRefs } from './heads.ts';
import type { Sql } from './sql.ts';

/** A branch of a remote. */
interface RemoteBranch {
  /** Name of the remote in the database. */
  readonly remote: string;
  readonly branch: string;
  /**
   * Who asks; null: nobody in particular. Dolt sends a password only where a user is named in the call, whatever the
   * environment holds (2.3.0).
   */
  readonly user: string | null;
}

/**
 * Fetches one branch of a remote into its tracking ref.
 * @throws Failure `remote-empty` where the remote holds no branch, `branch-missing` where it holds others
 *   (Dolt 2.3.0: `no branches found in remote`, `invalid ref spec`), or the class of what went wrong
 */
export async function fetchBranch(sql: Sql, from: RemoteBranch, mark?: FetchMark): Promise<void> {
  const marked = mark === undefined ? [] : [`refs/heads/${from.branch}:refs/${mark.ref}`];
  await call(sql, 'DOLT_FETCH', [...asUser(from), from.remote, from.branch, ...marked]);
}

/** A second tracking ref of one fetch, which says that its branch is here. */
export interface FetchMark {
  readonly ref: `remotes/${string}`;
}

/** No branch of a user begins like this. */
const MARKS = 'dolt-federation-fetched/';

/**
 * A mark for one fetch. DOLT_FETCH brings all tags as well, after the branch and its tracking ref; no option keeps it from
 * that (Dolt 2.3.0). Whoever sees the mark may end the fetch.
 */
export function fetchMark({ remote }: Pick<RemoteBranch, 'remote'>): FetchMark {
  return { ref: `remotes/${remote}/${MARKS}${randomBytes(6).toString('hex')}` };
}

/** Whether the branch of a fetch is here. */
export async function isMarked(sql: Sql, { ref }: FetchMark): Promise<boolean> {
  return (await trackingRefs(sql)).has(ref);
}

/** Removes the marks of all fetches, of those that were killed as well. */
export async function removeMarks(sql: Sql): Promise<void> {
  const marks = [...(await trackingRefs(sql)).keys()].flatMap((name) => {
    const [, remote, ...branch] = name.split('/');
    const path = branch.join('/');
    return path.startsWith(MARKS) ? [`${remote}/${path}`] : [];
  });
  if (marks.length === 0) return;
  await sql.run(`CALL DOLT_BRANCH('-d', '-r'${marks.map(() => ', ?').join('')})`, marks);
}

/**
 * Pushes a local branch to a branch of a remote, fast-forward only. That it returns is no proof that anything arrived.
 * @throws Failure `non-fast-forward` where the remote has commits that ours lacks, or the class of what went wrong
 */
export async function pushBranch(sql: Sql, to: RemoteBranch & { readonly source: string }): Promise<void> {
  await call(sql, 'DOLT_PUSH', [...asUser(to), to.remote, `${to.source}:${to.branch}`]);
}

/**
 * Sets a branch of a remote to a local branch, whatever stands there. Dolt (2.3.0) takes no lease: whoever pushes between
 * a look at the remote and this is overwritten.
 * @throws Failure with the class of what went wrong
 */
export async function forceBranch(sql: Sql, to: RemoteBranch & { readonly source: string }): Promise<void> {
  await call(sql, 'DOLT_PUSH', ['--force', ...asUser(to), to.remote, `${to.source}:${to.branch}`]);
}

/** Pushes a local tag to a remote. Dolt (2.3.0) overwrites a tag of that name there without being forced to. */
export async function pushTag(sql: Sql, to: Omit<RemoteBranch, 'branch'> & { readonly tag: string }): Promise<void> {
  const ref = `refs/tags/${to.tag}`;
  await call(sql, 'DOLT_PUSH', [...asUser(to), to.remote, `${ref}:${ref}`]);
}

function asUser({ user }: Pick<RemoteBranch, 'user'>): readonly string[] {
  return user === null ? [] : ['--user', user];
}

async function call(sql: Sql, procedure: string, words: readonly string[]): Promise<void> {
  await sql.run(`CALL ${procedure}(${words.map(() => '?').join(', ')})`, words);
}
