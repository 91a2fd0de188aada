import type { DirtyPolicy } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { checkout } from '../dolt/heads.ts';
import { isAncestor, mergeBase } from '../dolt/history.ts';
import type { Database, Sql } from '../dolt/sql.ts';
import { changedTables, commitAll, dirtyTables } from '../dolt/working-set.ts';
import type { Dropped } from './folding.ts';

const COMMIT_MESSAGE = 'federation: commit uncommitted changes';

/**
 * Applies the policy for uncommitted changes before anything else is done.
 * @returns the tables that have some afterwards; they are neither pushed nor touched
 * @throws Failure `uncommitted-changes` under `fail`
 */
export async function settleUncommitted(
  database: Database,
  town: { readonly branch: string; readonly policy: DirtyPolicy; readonly mayWrite: boolean },
): Promise<string[]> {
  return database.session(async (sql) => {
    await checkout(sql, town.branch);
    const tables = await dirtyTables(sql);
    if (tables.length === 0) return [];
    switch (town.policy) {
      case 'allow':
        return tables;
      case 'fail':
        throw new Failure('uncommitted-changes', `tables have uncommitted changes: ${tables.join(', ')}`, {
          hint: 'Commit them, or set `federation.dirty` to `allow` or `commit`.',
        });
      case 'commit':
        if (!town.mayWrite) return tables;
        await commitAll(sql, COMMIT_MESSAGE);
        return [];
    }
  });
}

/**
 * The heads that must wait because they change a table with uncommitted changes here: a fast-forward would have to
 * overwrite what nobody has committed.
 */
export async function headsThatTouch(
  sql: Sql,
  dirty: readonly string[],
  heads: { readonly ours: string; readonly theirs: readonly string[] },
): Promise<Map<string, Dropped>> {
  const waiting = new Map<string, Dropped>();
  if (dirty.length === 0) return waiting;
  for (const head of new Set(heads.theirs)) {
    if (await isAncestor(sql, head, heads.ours)) continue;
    const base = await mergeBase(sql, heads.ours, head);
    const touched =
      base === null ? [] : (await changedTables(sql, base, head)).filter((table) => dirty.includes(table));
    if (touched.length > 0) waiting.set(head, { failure: touches(touched), conflicts: [] });
  }
  return waiting;
}

function touches(tables: readonly string[]): Failure {
  return new Failure(
    'uncommitted-changes',
    `what this peer brings changes ${tables.join(', ')}, which has uncommitted changes here; nothing was merged from it`,
  );
}
