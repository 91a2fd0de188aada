import { randomBytes } from 'node:crypto';
import { deleteTrackingRefs, trackingRefs } from './heads.ts';
import type { Sql } from './sql.ts';

/** A branch of a remote. */
interface RemoteBranch {
  /** Name of the remote in the database. */
  readonly remote: string;
  readonly branch: string;
  /**
   * The user name; null: none. Dolt sends a password only if the call names a user, regardless of the environment
   * (2.3.0).
   */
  readonly user: string | null;
}

/**
 * Fetches one branch of a remote into its tracking ref.
 * @throws Failure `remote-empty` if the remote has no branch, `branch-missing` if it has others (Dolt 2.3.0: `no
 * branches found in remote`, `invalid ref spec`), or the class of the error
 */
export async function fetchBranch(sql: Sql, from: RemoteBranch, mark?: FetchMark): Promise<void> {
  const marked = mark === undefined ? [] : [`refs/heads/${from.branch}:refs/${mark.ref}`];
  await call(sql, 'DOLT_FETCH', [...asUser(from), from.remote, from.branch, ...marked]);
}

/** Fetches all branches of a remote, and each tag whose commit is here then. @throws Failure with the class of the error */
export async function fetchRemote(sql: Sql, from: Omit<RemoteBranch, 'branch'>): Promise<void> {
  await call(sql, 'DOLT_FETCH', [...asUser(from), from.remote]);
}

/**
 * Fetches one tag of a remote under another name, also if its commit, or the tag itself, is here already (Dolt 2.3.0,
 * measured: a fetch of a branch gets a tag only if its commit is here and the tag is not).
 * @throws Failure `remote-empty` if the remote has no branch, `branch-missing` if it has no such tag
 */
export async function fetchTag(
  sql: Sql,
  from: Omit<RemoteBranch, 'branch'> & { readonly tag: string; readonly as: string },
): Promise<void> {
  await call(sql, 'DOLT_FETCH', [...asUser(from), from.remote, `refs/tags/${from.tag}:refs/tags/${from.as}`]);
}

/** A new name for a tag that is fetched or pushed under another name; `keepTags` removes it. */
export function temporaryTagName(): string {
  return `${MARKS}${randomBytes(6).toString('hex')}`;
}

/** Whether a tag has such a name. */
export function isTemporaryTag({ name }: { readonly name: string }): boolean {
  return name.startsWith(MARKS);
}

/** A second tracking ref of one fetch; it shows that the branch has arrived. */
export interface FetchMark {
  readonly ref: `remotes/${string}`;
}

/** No user branch starts like this. */
const MARKS = 'dolt-federation-fetched/';

/**
 * A mark for one fetch. DOLT_FETCH also brings all tags, after the branch and its tracking ref, and no option prevents
 * it (Dolt 2.3.0). Once the mark exists, the fetch may be ended.
 */
export function fetchMark({ remote }: Pick<RemoteBranch, 'remote'>): FetchMark {
  return { ref: `remotes/${remote}/${MARKS}${randomBytes(6).toString('hex')}` };
}

/** Whether the branch of a fetch has arrived. */
export async function isMarked(sql: Sql, { ref }: FetchMark): Promise<boolean> {
  return (await trackingRefs(sql)).has(ref);
}

/** Removes the marks of all fetches, including killed ones. */
export async function removeMarks(sql: Sql): Promise<void> {
  const names = [...(await trackingRefs(sql)).keys()];
  const isMark = (name: string) => name.split('/').slice(2).join('/').startsWith(MARKS);
  await deleteTrackingRefs(sql, names.filter(isMark));
}

/**
 * Pushes a local branch to a branch of a remote, fast-forward only. A successful return does not prove that the data
 * arrived.
 * @throws Failure `non-fast-forward` if the remote has commits that ours lacks, or the class of the error
 */
export async function pushBranch(sql: Sql, to: RemoteBranch & { readonly source: string }): Promise<void> {
  await call(sql, 'DOLT_PUSH', [...asUser(to), to.remote, `${to.source}:${to.branch}`]);
}

/**
 * Force-pushes a local branch to a branch of a remote. Dolt (2.3.0) has no lease: a push between a read of the remote
 * and this call is overwritten.
 * @throws Failure with the class of the error
 */
export async function forceBranch(sql: Sql, to: RemoteBranch & { readonly source: string }): Promise<void> {
  await call(sql, 'DOLT_PUSH', ['--force', ...asUser(to), to.remote, `${to.source}:${to.branch}`]);
}

/**
 * Pushes a local tag to a remote. Dolt (2.3.0) overwrites a tag of that name there, even without force.
 * @param to.source the name of the tag here, if it is another one
 */
export async function pushTag(
  sql: Sql,
  to: Omit<RemoteBranch, 'branch'> & { readonly tag: string; readonly source?: string },
): Promise<void> {
  const refs = `refs/tags/${to.source ?? to.tag}:refs/tags/${to.tag}`;
  await call(sql, 'DOLT_PUSH', [...asUser(to), to.remote, refs]);
}

function asUser({ user }: Pick<RemoteBranch, 'user'>): readonly string[] {
  return user === null ? [] : ['--user', user];
}

async function call(sql: Sql, procedure: string, words: readonly string[]): Promise<void> {
  await sql.run(`CALL ${procedure}(${words.map(() => '?').join(', ')})`, words);
}
