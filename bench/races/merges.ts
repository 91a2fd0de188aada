import { z } from 'zod';
import { withDatabase } from '../../__tests__/helpers/federating.ts';
import { contentHash } from '../../src/dolt/rows/content.ts';
import type { Database, Sql } from '../../src/dolt/sql/sql.ts';
import type { Racer } from './racers.ts';

/** Commits of some databases, by kind. */
export interface Commits {
  /** Commits with one parent: what writers did. */
  readonly genuine: Set<string>;
  /** Commits with several parents. */
  readonly merges: Set<string>;
  /** Those merges whose parents hold the same rows: they bring nothing to anybody. */
  readonly empty: Set<string>;
}

const parentRow = z.object({ commit_hash: z.string(), parent_hash: z.string().nullable() });

export function noCommits(): Commits {
  return { genuine: new Set(), merges: new Set(), empty: new Set() };
}

/** Reads all commits that the branches `main` of some databases reach. */
export async function commitsIn(racers: readonly Racer[], tempDir: string): Promise<Commits> {
  const commits = noCommits();
  for (const racer of racers) await withDatabase(racer.path, tempDir, (database) => addCommits(commits, database));
  return commits;
}

/** Reads all commits that the branch `main` of a database reaches. */
export async function commitsAt(database: Database): Promise<Commits> {
  const commits = noCommits();
  await addCommits(commits, database);
  return commits;
}

/** The commits of several databases together. */
export function allOf(each: readonly Commits[]): Commits {
  const union = (kind: keyof Commits) => new Set(each.flatMap((commits) => [...commits[kind]]));
  return { genuine: union('genuine'), merges: union('merges'), empty: union('empty') };
}

/** Adds all commits that the branch `main` of a database reaches. */
export async function addCommits(commits: Commits, database: Database): Promise<void> {
  for (const [commit, parents] of await parentsOf(database)) {
    if (parents.length === 1) commits.genuine.add(commit);
    if (parents.length < 2 || commits.merges.has(commit)) continue;
    commits.merges.add(commit);
    const contents = await Promise.all(parents.map((parent) => contentHash(database, parent)));
    if (new Set(contents).size === 1) commits.empty.add(commit);
  }
}

async function parentsOf(sql: Sql): Promise<Map<string, string[]>> {
  const rows = await sql.rows(
    parentRow,
    "SELECT a.commit_hash, a.parent_hash FROM dolt_commit_ancestors a JOIN dolt_log('main') l ON l.commit_hash = a.commit_hash",
  );
  const parents = new Map<string, string[]>();
  for (const { commit_hash, parent_hash } of rows) {
    parents.set(commit_hash, [...(parents.get(commit_hash) ?? []), ...(parent_hash === null ? [] : [parent_hash])]);
  }
  return parents;
}
