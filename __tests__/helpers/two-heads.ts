import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { Database } from '../../src/dolt/sql/sql.ts';
import type { Choice } from '../../src/resolve/choice.ts';
import type { UnresolvedMerge, UnresolvedRow } from '../../src/resolve/conflicts-file.ts';
import { mergeChosen } from '../../src/resolve/merge-chosen.ts';
import { unresolvedRows } from '../../src/resolve/unresolved-rows.ts';
import { removeScratch } from '../../src/sync/merge/scratch.ts';
import { branchesOf } from './branches.ts';
import { makeDatabaseOf, type TestDatabase } from './database.ts';
import { withDatabase } from './federating.ts';
import { committing } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

export interface TwoHeads {
  readonly local: TestDatabase;
  readonly ours: string;
  readonly theirs: string;
}

/** A database with two heads that came from one commit: `main` is ours, `other` theirs. */
export async function twoHeads(
  folder: TempFolder,
  work: { readonly base: readonly string[]; readonly ours: readonly string[]; readonly theirs: readonly string[] },
): Promise<TwoHeads> {
  const local = await makeDatabaseOf(
    folder.file('local'),
    ...committing('base', work.base),
    "CALL DOLT_BRANCH('other')",
    ...committing('ours', work.ours),
    "CALL DOLT_CHECKOUT('other')",
    ...committing('theirs', work.theirs),
  );
  const { main, other } = await branchesOf(local);
  if (main === undefined || other === undefined) throw new Error('a branch is missing');
  return { local, ours: main, theirs: other };
}

/** Merges both heads as a person chose. `choose` says it for each row, and may be asked for the cells as well. */
export async function resolveHeads(
  folder: TempFolder,
  heads: Pick<TwoHeads, 'local' | 'ours' | 'theirs'>,
  choose: (row: UnresolvedRow) => UnresolvedRow,
): Promise<{
  readonly rows: readonly UnresolvedRow[];
  read(query: string): Promise<Record<string, unknown>[]>;
  readonly commit: string;
}> {
  const { rows, commit } = await atHeads(folder, heads, async (database) => {
    const left = (await unresolvedRows(database, { ...heads, rules: BEADS_RULES })) ?? [];
    const made = await mergeChosen(database, [mergeOf(heads, left.map(choose))], BEADS_RULES);
    await database.run("CALL DOLT_BRANCH('-f', 'merged', ?)", [made]);
    return { rows: left, commit: made };
  });
  return { rows, commit, read: (query) => heads.local.rows(query.replaceAll('MERGED', `AS OF 'merged'`)) };
}

export function mergeOf(heads: Pick<TwoHeads, 'ours' | 'theirs'>, rows: readonly UnresolvedRow[]): UnresolvedMerge {
  return { peer: 'partner', ours: heads.ours, theirs: heads.theirs, rows };
}

/** Opens the database as a run does, and removes the leftovers of a merge. */
export async function atHeads<T>(
  folder: TempFolder,
  { local }: Pick<TwoHeads, 'local'>,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return await withDatabase(local.path, folder.file('tmp'), (database) =>
    work(database).finally(() => removeScratch(database)),
  );
}

/** The same choice for a whole row. */
export const wholly =
  (choose: Choice) =>
  (row: UnresolvedRow): UnresolvedRow => ({ ...row, choose });

/** A choice for each cell. */
export const byCell =
  (choices: Readonly<Record<string, Choice>>) =>
  (row: UnresolvedRow): UnresolvedRow => ({
    ...row,
    cells: Object.fromEntries(
      Object.entries(row.cells).map(([name, cell]) => [name, { ...cell, choose: choices[name] ?? null }]),
    ),
  });
