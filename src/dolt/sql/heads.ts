import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain, textLiteral } from '../../core/text.ts';
import type { Sql } from './sql.ts';

const hashRow = z.object({ hash: z.string() });
const refRow = z.object({ name: z.string(), hash: z.string() });
const nameRow = z.object({ name: z.string() });
const activeRow = z.object({ name: z.string().nullable(), db: z.string().nullable() });

/** The commit a local branch points at, or null. */
export async function branchHead(sql: Sql, branch: string): Promise<string | null> {
  const [row] = await sql.rows(hashRow, 'SELECT hash FROM dolt_branches WHERE name = ?', [branch]);
  return row?.hash ?? null;
}

const NAMED_BRANCHES = 20;

/**
 * The commit a local branch points at.
 * @param place the database, for the message
 * @throws Failure `branch-not-found`
 */
export async function requireBranchHead(sql: Sql, branch: string, place: string): Promise<string> {
  const head = await branchHead(sql, branch);
  if (head !== null) return head;
  const names = await branchNames(sql);
  const are = names.length === 1 ? 'only branch is' : 'branches are';
  const known = names.length > NAMED_BRANCHES ? '' : `The ${are} ${names.join(', ')}. `;
  throw new Failure('branch-not-found', `${place} has no branch ${branch}`, {
    hint: `${known}Name an existing branch with \`--branch\`.`,
  });
}

/** Names of all local branches. */
export async function branchNames(sql: Sql): Promise<string[]> {
  return (await sql.rows(nameRow, 'SELECT name FROM dolt_branches ORDER BY name')).map((row) => row.name);
}

/** Whether a commit keeps tables out of commits: it has rows in `dolt_ignore`, which are part of it. */
export async function ignoresTables(sql: Sql, commit: string): Promise<boolean> {
  return (await sql.rows(nameRow, 'SELECT pattern AS name FROM dolt_ignore AS OF ? LIMIT 1', [commit])).length > 0;
}

/**
 * The branch of a new session: the one that is checked out in the database folder.
 * @throws Failure `no-database` in a database of the server itself, such as `mysql`
 */
export async function checkedOutBranch(sql: Sql): Promise<string> {
  const [row] = await sql.rows(activeRow, 'SELECT active_branch() AS name, DATABASE() AS db');
  if (row === undefined || row.name === null)
    throw new Failure('no-database', `${plain(row?.db ?? '')} is not a database of Dolt`);
  return row.name;
}

/**
 * The commit that the last fetch saw at a peer, or null. Read from `dolt_remote_branches`: a local branch named
 * `peer/main` would shadow the tracking ref in every revision expression (measured on Dolt 2.3.0).
 */
export async function trackingHead(
  sql: Sql,
  at: { readonly remote: string; readonly branch: string },
): Promise<string | null> {
  const ref = `remotes/${at.remote}/${at.branch}`;
  const [row] = await sql.rows(hashRow, 'SELECT hash FROM dolt_remote_branches WHERE name = ?', [ref]);
  return row?.hash ?? null;
}

/** The state of remotes after the last fetches and pushes, by names such as `remotes/partner/main`. */
export async function trackingRefs(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows(refRow, 'SELECT name, hash FROM dolt_remote_branches');
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

/** The branches that earlier fetches and pushes saw at a remote. */
export async function trackedBranches(sql: Sql, remote: string): Promise<string[]> {
  const prefix = `remotes/${remote}/`;
  const names = [...(await trackingRefs(sql)).keys()];
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** The tracked heads of all remotes except the named ones. */
export async function trackingHeads(sql: Sql, without: ReadonlySet<string>): Promise<string[]> {
  const rows = await sql.rows(refRow, 'SELECT name, hash FROM dolt_remote_branches');
  return rows.filter(({ name }) => !without.has(name.split('/')[1] ?? '')).map(({ hash }) => hash);
}

/** Removes tracking refs, by names such as `remotes/partner/main`. */
export async function deleteTrackingRefs(sql: Sql, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const refs = names.map((name) => name.replace(/^remotes\//, ''));
  await sql.run(`CALL DOLT_BRANCH('-d', '-r'${refs.map(() => ', ?').join('')})`, refs);
}

/** Removes an old tracking ref: a fetch of a remote that lost the branch keeps it (Dolt 2.3.0). */
export async function forgetTracking(
  sql: Sql,
  at: { readonly remote: string; readonly branch: string },
): Promise<void> {
  if ((await trackingHead(sql, at)) === null) return;
  await deleteTrackingRefs(sql, [`remotes/${at.remote}/${at.branch}`]);
}

export async function createBranch(sql: Sql, branch: { readonly name: string; readonly at: string }): Promise<void> {
  await sql.run('CALL DOLT_BRANCH(?, ?)', [branch.name, branch.at]);
}

export async function deleteBranch(sql: Sql, name: string): Promise<void> {
  await sql.run("CALL DOLT_BRANCH('-D', ?)", [name]);
}

/**
 * Checks out a branch in a session; the branch that is checked out in the folder does not change.
 * @throws Failure `tag-conflict` if a tag has the name of the branch: Dolt 2.3.0 then takes the tag (measured)
 */
export async function checkout(sql: Sql, branch: string): Promise<void> {
  try {
    await sql.run('CALL DOLT_CHECKOUT(?)', [branch]);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'tag-conflict') throw thrown;
    throw new Failure('tag-conflict', `a tag has the name of the branch ${branch}, so this Dolt cannot check it out`, {
      hint: `Find out who made the tag, then delete it: \`CALL DOLT_TAG('-d', ${textLiteral(branch)})\`.`,
      cause: thrown,
    });
  }
}
