import type { Sql } from './sql.ts';

/**
 * Fetches one branch of a remote into its tracking ref.
 * @throws Failure `remote-empty` where the remote holds no branch, `branch-missing` where it holds others
 *   (Dolt 2.3.0: `no branches found in remote`, `invalid ref spec`), or the class of what went wrong
 */
export async function fetchBranch(sql: Sql, from: { readonly peer: string; readonly branch: string }): Promise<void> {
  await sql.run('CALL DOLT_FETCH(?, ?)', [from.peer, from.branch]);
}

/**
 * Pushes a local branch to a branch of a remote, fast-forward only. That it returns is no proof that anything arrived.
 * @throws Failure `non-fast-forward` where the remote has commits that ours lacks, or the class of what went wrong
 */
export async function pushBranch(
  sql: Sql,
  to: { readonly peer: string; readonly source: string; readonly branch: string },
): Promise<void> {
  await sql.run('CALL DOLT_PUSH(?, ?)', [to.peer, `${to.source}:${to.branch}`]);
}

/**
 * Sets a branch of a remote to a local branch, whatever stands there. Dolt (2.3.0) takes no lease: whoever pushes between
 * a look at the remote and this is overwritten.
 * @throws Failure with the class of what went wrong
 */
export async function forceBranch(
  sql: Sql,
  to: { readonly peer: string; readonly source: string; readonly branch: string },
): Promise<void> {
  await sql.run("CALL DOLT_PUSH('--force', ?, ?)", [to.peer, `${to.source}:${to.branch}`]);
}
