import { Failure, toFailure } from '../core/failure.ts';
import { tablesInConflict } from '../dolt/rows/conflict-rows.ts';
import { PendingRows } from '../dolt/rows/pending-rows.ts';
import { tableNames } from '../dolt/schema/table-shape.ts';
import { checkout, createBranch } from '../dolt/sql/heads.ts';
import { commitInfo, mergeBase } from '../dolt/sql/history.ts';
import { isDoltTable } from '../dolt/sql/identifier.ts';
import { beginMerging, undoMerge } from '../dolt/sql/merge.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { violations } from '../dolt/sql/violations.ts';
import { checkMerged, checkSides, openWithSchema } from '../rows/check-schema.ts';
import { requireAllRows } from '../rows/constraints/verify-merge.ts';
import {
  type AmbiguousRows,
  correctAmbiguousRows,
  namedRows,
  tablesToResolve,
} from '../rows/corrections/ambiguous-rows.ts';
import { correctDocuments } from '../rows/corrections/documents.ts';
import { correctWrongCells } from '../rows/corrections/wrong-cells.ts';
import { SAME_OF_DOLT, withoutStack } from '../rows/merge-failure.ts';
import { type DatabaseRules, type TablePolicy, tablePolicies } from '../rows/table-policy.ts';
import { scratchName } from '../sync/merge/scratch.ts';
import { type OpenDuplicate, openDuplicates } from './duplicates.ts';
import { type OpenMerge, type OpenTable, openTable } from './open-rows.ts';

export interface Heads {
  /** Our head. */
  readonly ours: string;
  readonly theirs: string;
  /** Absent: every table is ordinary. */
  readonly rules?: DatabaseRules;
}

/** An open merge, and everything in it that a person can decide. */
export interface Stopped extends OpenMerge {
  readonly heads: MergedHeads;
  readonly tables: readonly OpenTable[];
  readonly duplicates: readonly OpenDuplicate[];
  /** Rows that the merge may remove, because the commits decide about them. */
  readonly ambiguous: ReturnType<typeof namedRows>;
  /** Holds decided rows until all of them can be written. */
  readonly pending: PendingRows;
}

/** The two sides in merge order, and their merge base. */
interface MergedHeads {
  readonly database: string;
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Merges two heads on a temporary branch, in the order of their hashes, so that both databases make the same merge. The
 * branch keeps what is committed there; the caller removes temporary branches at the end.
 * @param work gets the open merge, to resolve and commit or abort; if one head contains the other, no merge is open
 * @throws Failure `schema-conflict`, `conflict` in tables of Dolt's own, `unrelated`, `dolt-defect`, or any error of
 * `work`; then the merge is aborted
 */
export async function withMerge<T>(
  database: Database,
  heads: Heads,
  work: (sql: Sql, stopped: Stopped) => Promise<T>,
): Promise<T> {
  const [onto = heads.ours, head = heads.theirs] = [heads.ours, heads.theirs].sort();
  const branch = scratchName();
  await createBranch(database, { name: branch, at: onto });
  return database.session(async (sql) => {
    const pending = new PendingRows(sql);
    try {
      await beginMerging(sql);
      await checkout(sql, branch);
      const base = await mergeBase(sql, onto, head);
      if (base === null) throw new Failure('unrelated', `${onto} and ${head} share no commit`);
      const swapped = onto !== heads.ours;
      const merged = { database: database.name, base, ours: onto, theirs: head };
      if (base === head)
        return await work(sql, { onto, swapped, heads: merged, pending, ambiguous: [], tables: [], duplicates: [] });
      const sides = await checkSides(sql, merged, swapped);
      const dates = [(await commitInfo(sql, onto)).date, (await commitInfo(sql, head)).date];
      await openWithSchema(sql, merged, sides, { date: dates.sort().at(-1) ?? '', swapped });
      const listed = await tablesInConflict(sql);
      refuseOwnTables(listed);
      await checkMerged(sql, merged, sides, swapped);
      await requireAllRows(sql);
      const several = await correctAmbiguousRows(sql, merged, { pending });
      const ambiguous = await correctDocuments(sql, merged, { pending, ambiguous: several });
      await correctWrongCells(sql, merged, { pending, ambiguous });
      const policyOf = tablePolicies(heads.rules ?? NO_RULES, await tableNames(sql));
      const open = await readOpen(sql, { onto, swapped, ambiguous, listed, policyOf });
      return await work(sql, { ...open, heads: merged, pending });
    } catch (thrown) {
      await undoMerge(sql);
      await pending.clear();
      throw withoutStack(toFailure(thrown));
    }
  });
}

const NO_RULES: Pick<DatabaseRules, 'recognises' | 'policies'> = { recognises: () => false, policies: {} };

/** @throws Failure `conflict` for rows in conflict in tables of Dolt's own */
function refuseOwnTables(tables: readonly string[]): void {
  const own = tables.filter((name) => isDoltTable(name));
  if (own.length === 0) return;
  throw new Failure('conflict', `both sides changed ${own.join(', ')}, which resolve cannot merge row by row`, {
    hint: SAME_OF_DOLT,
  });
}

async function readOpen(
  sql: Sql,
  {
    ambiguous,
    listed,
    policyOf,
    ...merge
  }: OpenMerge & {
    readonly ambiguous: AmbiguousRows;
    readonly listed: readonly string[];
    readonly policyOf: (table: string) => TablePolicy;
  },
): Promise<Omit<Stopped, 'heads' | 'pending'>> {
  const tables: OpenTable[] = [];
  for (const name of await tablesToResolve(sql, ambiguous, listed))
    tables.push(await openTable(sql, name, { ...merge, ambiguous, policy: policyOf(name) }));
  const duplicates = await openDuplicates(sql, await violations(sql), merge);
  return { ...merge, ambiguous: namedRows(ambiguous), tables, duplicates };
}
