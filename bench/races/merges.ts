import { z } from 'zod';
import { withDatabase } from '../../__tests__/helpers/federating.ts';
import { contentHash } from '../../src/dolt/content.ts';
import type { Sql } from '../../src/dolt/sql.ts';
import type { Racer } from './racers.ts';

/** The commits of some towns, by kind. */
export interface Commits {
  /** Commits with one parent: what townsmen did. */
  readonly genuine: ReadonlySet<string>;
  /** Commits with several parents. */
  readonly merges: ReadonlySet<string>;
  /** Those merges whose parents hold the same rows: they bring nothing to anybody. */
  readonly empty: ReadonlySet<string>;
}

const parentRow = z.object({ commit_hash: z.string(), parent_hash: z.string().nullable() });

/** Reads all commits that the branches `main` of some towns reach. */
export async function commitsIn(racers: readonly Racer[], tempDir: string): Promise<Commits> {
  const genuine = new Set<string>();
  const merges = new Set<string>();
  const empty = new Set<string>();
  for (const racer of racers) {
    await withDatabase(racer.path, tempDir, async (database) => {
      for (const [commit, parents] of await parentsOf(database)) {
        if (parents.length === 1) genuine.add(commit);
        if (parents.length < 2 || merges.has(commit)) continue;
        merges.add(commit);
        const contents = await Promise.all(parents.map((parent) => contentHash(database, parent)));
        if (new Set(contents).size === 1) empty.add(commit);
      }
    });
  }
  return { genuine, merges, empty };
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
