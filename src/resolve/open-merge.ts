import { Failure, toFailure } from '../core/failure.ts';
import { tablesInConflict } from '../dolt/conflict-rows.ts';
import { checkout, createBranch } from '../dolt/heads.ts';
import { commitInfo } from '../dolt/history.ts';
import { beginMerging, mergeCommit, undoMerge } from '../dolt/merge.ts';
import { schemaConflicts } from '../dolt/schema-conflicts.ts';
import type { Database, Sql } from '../dolt/sql.ts';
import { violations } from '../dolt/violations.ts';
import { withoutStack } from '../rows/dolt-defect.ts';
import { schemaConflict } from '../rows/obstacle.ts';
import { scratchName } from '../sync/scratch.ts';
import { type OpenDuplicate, openDuplicates } from './open-duplicates.ts';
import { type OpenMerge, type OpenTable, openTable } from './open-rows.ts';

export interface Heads {
  /** What this town has. */
  readonly ours: string;
  readonly theirs: string;
}

/** A merge that stopped, and everything in it that a person can decide. */
export interface Stopped extends OpenMerge {
  readonly tables: readonly OpenTable[];
  readonly duplicates: readonly OpenDuplicate[];
}

/**
 * Merges two heads on a temporary branch, in the order of their hashes, so that both towns merge alike. The branch stays
 * and keeps what is committed there; whoever calls this removes temporary branches at the end.
 * @param work gets the merge where it stopped, to be settled and committed or undone, or null and the commit where it
 *   went through
 * @throws Failure `schema-conflict`, `conflict` in tables of Dolt's own, `unrelated`, `dolt-defect`, and what `work` throws;
 *   then the merge is undone
 */
export async function withMerge<T>(
  database: Database,
  heads: Heads,
  work: (sql: Sql, stopped: Stopped | null, clean: string | null) => Promise<T>,
): Promise<T> {
  const [onto = heads.ours, head = heads.theirs] = [heads.ours, heads.theirs].sort();
  const branch = scratchName();
  await createBranch(database, { name: branch, at: onto });
  return database.session(async (sql) => {
    try {
      await beginMerging(sql);
      await checkout(sql, branch);
      const dates = [(await commitInfo(sql, onto)).date, (await commitInfo(sql, head)).date];
      const clean = await mergeCommit(sql, { head, date: dates.sort().at(-1) ?? '' });
      const swapped = onto !== heads.ours;
      return await work(sql, clean === null ? await readStopped(sql, { onto, swapped }) : null, clean);
    } catch (thrown) {
      await undoMerge(sql);
      throw withoutStack(toFailure(thrown));
    }
  });
}

async function readStopped(sql: Sql, merge: OpenMerge): Promise<Stopped> {
  const schemas = await schemaConflicts(sql);
  if (schemas.length > 0) throw schemaConflict(schemas, merge.swapped);
  const names = await tablesInConflict(sql);
  const own = names.filter((name) => name.startsWith('dolt_'));
  if (own.length > 0) {
    throw new Failure('conflict', `both sides changed ${own.join(', ')}, where rows cannot be chosen`);
  }
  const tables: OpenTable[] = [];
  for (const name of names) tables.push(await openTable(sql, name, merge));
  return { ...merge, tables, duplicates: await openDuplicates(sql, await violations(sql), merge) };
}
