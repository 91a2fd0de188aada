import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import type { CloneSource } from './clone.ts';
import type { Engine, TimeLimit } from './server/engines.ts';
import {
  branchHead,
  branchNames,
  deleteBranch,
  deleteTrackingRefs,
  trackedBranches,
  trackingHead,
  trackingRefs,
} from './sql/heads.ts';
import { isAncestor } from './sql/history.ts';
import { addRemote, setUpstream } from './sql/remotes.ts';
import type { Sql } from './sql/sql.ts';
import { deleteTags, readTags } from './sql/tags.ts';
import { fetchRemote, fetchTag } from './sql/transfer.ts';

/** More tags are not asked for one by one. */
const MAX_TAGS = 200;

/** Why an old database cannot become a clone of its source. It says nothing about the source. */
export interface Stale {
  readonly kind: 'stale';
  readonly why: string;
}

export const stale = (why: string): Stale => ({ kind: 'stale', why });

const nameRow = z.object({ name: z.string() });
const hashRow = z.object({ hash: z.string() });

/**
 * Makes the folder `.dolt`, in which the data files already are, that of a database: a new clone has this state.
 * @throws errors of the file system
 */
export async function writeCloneState(database: string, branch: string): Promise<void> {
  const folder = join(database, '.dolt');
  const state = { head: `refs/heads/${branch}`, remotes: {}, backups: {}, branches: {} };
  await mkdir(join(folder, 'temptf'), { recursive: true });
  await writeFile(join(folder, 'repo_state.json'), JSON.stringify(state, null, 2), { mode: 0o600 });
  await writeFile(join(folder, 'config.json'), '{}', { mode: 0o600 });
}

/**
 * Removes everything of an old database but its commits: other branches, tags, stashes, and the records of remotes.
 * @returns the head of the branch, and the names that the tags had
 * @throws Failure
 */
export async function stripClone(
  sql: Sql,
  branch: string,
): Promise<Stale | { readonly kind: 'stripped'; readonly head: string; readonly tags: readonly string[] }> {
  const head = await branchHead(sql, branch);
  if (head === null) return stale(`it has no branch ${branch}`);
  await deleteTrackingRefs(sql, [...(await trackingRefs(sql)).keys()]);
  for (const name of await branchNames(sql)) if (name !== branch) await deleteBranch(sql, name);
  const tags = (await readTags(sql)).map(({ name }) => name);
  if (tags.length > MAX_TAGS) return stale(`it has ${tags.length} tags`);
  if (tags.length > 0) await deleteTags(sql, tags);
  const stashes = await sql.rows(nameRow, 'SELECT DISTINCT name FROM dolt_stashes');
  for (const { name } of stashes) await sql.run("CALL DOLT_STASH('clear', ?)", [name]);
  return { kind: 'stripped', head, tags };
}

/** Fetches all branches and tags of the source, as a clone does. @throws Failure with the class of the error */
export async function fetchSource(
  engine: Engine,
  source: CloneSource,
  { tags, limit }: { readonly tags: readonly string[]; readonly limit: TimeLimit },
): Promise<void> {
  const { remote, url, ref, user, reach } = source;
  await addRemote(engine.database, { name: remote, url, ref });
  await engine.operation(limit, reach, async (sql) => {
    await fetchRemote(sql, { remote, user });
    const present = new Set((await readTags(sql)).map(({ name }) => name));
    // A fetch leaves out a tag whose chunk is here, although the tag is not (Dolt 2.3.0). The source may have dropped it.
    for (const name of tags) {
      if (!present.has(name)) await fetchTag(sql, { remote, user, tag: name, as: name }).catch(ignoreMissing);
    }
  });
}

/** @throws every other failure: the source may have the tag, which the database would then lack */
function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof Failure) || thrown.code !== 'branch-missing') throw thrown;
}

/**
 * Moves the branch to its head at the source, with a clean working set, as a clone has it.
 * @param old the head that the branch had
 * @returns the head; or why not: the source continued from another head, or has another default branch
 * @throws Failure
 */
export async function adoptSource(
  engine: Engine,
  { remote, branch: wanted }: Pick<CloneSource, 'remote' | 'branch'>,
  { branch, old }: { readonly branch: string; readonly old: string },
): Promise<Stale | { readonly kind: 'adopted'; readonly head: string }> {
  const { database } = engine;
  const expected = wanted ?? defaultBranch(await trackedBranches(database, remote));
  const head = await trackingHead(database, { remote, branch });
  if (head === null || expected !== branch) return stale(`the source has no branch ${branch}, or another default one`);
  if (!(await isAncestor(database, old, head))) return stale(`its head ${old} is not part of the history of ${head}`);
  const hashes = await database.session(async (sql) => {
    await sql.run("CALL DOLT_RESET('--hard', ?)", [head]);
    // Tables that no commit has, ignored ones included.
    await sql.run("CALL DOLT_CLEAN('-x')");
    return await sql.rows(
      hashRow,
      "SELECT dolt_hashof_db('HEAD') AS hash UNION SELECT dolt_hashof_db('STAGED') UNION SELECT dolt_hashof_db('WORKING')",
    );
  });
  if (hashes.length !== 1 || (await branchHead(database, branch)) !== head) return stale(`it cannot be set to ${head}`);
  await setUpstream(database, { branch, remote, follows: branch });
  return { kind: 'adopted', head };
}

/** The branch that a clone checks out if none is named (Dolt 2.3.0, env.GetDefaultBranch). */
function defaultBranch(branches: readonly string[]): string | null {
  return ['main', 'master'].find((name) => branches.includes(name)) ?? [...branches].sort()[0] ?? null;
}
