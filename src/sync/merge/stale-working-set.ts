import { Failure } from '../../core/failure.ts';
import { STAGED } from '../../dolt/schema/table-changes.ts';
import { recentCommits } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { changedTables, stagedTables } from '../../dolt/sql/working-set.ts';

/** No push or merge leaves a working set further behind its branch than this. */
const COMMITS = 20;

/**
 * Refuses to commit a working set that is behind its branch. The index is still at an older commit, so a commit would
 * revert everything since (dolthub/dolt#10945, measured on 2.3.0).
 * @param sql a session on the branch
 * @throws Failure `uncommitted-changes`
 */
export async function refuseStale(sql: Sql): Promise<void> {
  const tables = await stagedTables(sql);
  if (tables.length === 0) return;
  for (const commit of (await recentCommits(sql, COMMITS)).slice(1)) {
    if ((await changedTables(sql, commit, STAGED)).length > 0) continue;
    throw new Failure(
      'uncommitted-changes',
      `the working set is behind its branch: the staged data equals ${commit}, so committing ${tables.join(', ')} would undo every later commit`,
      {
        hint: 'Run `dolt reset` and `dolt diff`. Discard changes that only undo commits with `dolt checkout <table>`. Then run again: it commits the other changes.',
      },
    );
  }
}
