import type { ConflictStrategy } from '../contract/vocabulary.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { tablesInConflict } from '../dolt/conflict-rows.ts';
import { commitInfo, mergeBase } from '../dolt/history.ts';
import { commitSettled, mergeCommit, undoMerge } from '../dolt/merge.ts';
import { schemaConflicts } from '../dolt/schema-conflicts.ts';
import type { Sql } from '../dolt/sql.ts';
import { tableNames } from '../dolt/table-shape.ts';
import { type Violation, verifyConstraints, violations } from '../dolt/violations.ts';
import type { Settling } from './choose-row.ts';
import { withoutStack } from './dolt-defect.ts';
import { type Obstacle, rowConflict, schemaConflict, violated } from './obstacle.ts';
import { settleRows } from './settle-rows.ts';
import { isSettleable, settleViolations } from './settle-violations.ts';
import { tablePolicies } from './table-policy.ts';
import type { ToldRow } from './told-row.ts';
import { undoneRows } from './undone-rows.ts';

interface HeadToMerge {
  /** Name of the database. */
  readonly database: string;
  /** The commit that the session's branch is at, and the one to merge onto it. */
  readonly onto: string;
  readonly head: string;
  readonly strategy: ConflictStrategy;
  /** Whether `head` is what this town has; only for how a refusal is told. */
  readonly swapped: boolean;
}

/** A merge that is committed, or one that is undone. */
export type Merged =
  | { readonly kind: 'merged'; readonly commit: string; readonly rows: readonly ToldRow[] }
  | { readonly kind: 'refused'; readonly obstacle: Obstacle };

/** Attempts at one merge; each but the first settles what verifying the one before brought up. */
const MAX_ATTEMPTS = 6;

/**
 * Merges one head onto the session's branch, settles what the strategy may settle, and commits; or leaves everything as
 * it was. Never throws for what the data are like.
 */
export async function mergeHead(sql: Sql, merge: HeadToMerge): Promise<Merged> {
  try {
    const dates = [(await commitInfo(sql, merge.onto)).date, (await commitInfo(sql, merge.head)).date];
    const date = dates.sort().at(-1) ?? '';
    const earlier: Violation[][] = [];
    for (;;) {
      const clean = await mergeCommit(sql, { head: merge.head, date });
      if (clean !== null) return { kind: 'merged', commit: clean, rows: [] };
      const settled = await settle(sql, merge, earlier);
      if (!Array.isArray(settled)) return await refuse(sql, settled);
      const broken = await verifyConstraints(sql);
      if (broken.length === 0) return { kind: 'merged', commit: await commitSettled(sql), rows: settled };
      const { strategy } = merge;
      const isHopeless = broken.some((one) => strategy === 'manual' || !isSettleable(one, strategy));
      if (isHopeless || earlier.length + 1 === MAX_ATTEMPTS) {
        return await refuse(sql, { failure: violated(broken, 'the merge would break constraints'), rows: [] });
      }
      earlier.push(broken);
      await undoMerge(sql);
    }
  } catch (thrown) {
    return refuse(sql, { failure: withoutStack(toFailure(thrown)), rows: [] });
  }
}

async function refuse(sql: Sql, obstacle: Obstacle): Promise<Merged> {
  await undoMerge(sql);
  return { kind: 'refused', obstacle };
}

async function settle(
  sql: Sql,
  merge: HeadToMerge,
  earlier: readonly (readonly Violation[])[],
): Promise<ToldRow[] | Obstacle> {
  const schemas = await schemaConflicts(sql);
  if (schemas.length > 0) return { failure: schemaConflict(schemas, merge.swapped), rows: [] };
  const tables = await tablesInConflict(sql);
  const own = tables.filter((table) => table.startsWith('dolt_'));
  if (own.length > 0) {
    return {
      failure: new Failure('conflict', `both sides changed ${own.join(', ')}, which no strategy settles`),
      rows: [],
    };
  }
  const { strategy } = merge;
  if (strategy === 'manual') return leave(sql, tables);
  return settleAll(sql, { ...merge, strategy, earlier }, tables);
}

/** Under `manual` nothing is settled: what is in the way is read, for a person. */
async function leave(sql: Sql, tables: readonly string[]): Promise<Obstacle> {
  const rows = await undoneRows(sql, tables);
  if (rows.length > 0) return { failure: rowConflict(rows, 'the strategy of this peer is manual'), rows };
  return { failure: violated(await violations(sql), 'the merge would break constraints'), rows };
}

async function settleAll(
  sql: Sql,
  merge: HeadToMerge & { readonly strategy: Settling; readonly earlier: readonly (readonly Violation[])[] },
  tables: readonly string[],
): Promise<ToldRow[] | Obstacle> {
  const { strategy, database, onto, head, earlier } = merge;
  const base = await mergeBase(sql, onto, head);
  if (base === null) throw new Failure('unrelated', `${onto} and ${head} share no commit`);
  const policyOf = tablePolicies(await tableNames(sql));
  const merging = { database, ours: onto, theirs: head, base, policyOf };
  const settled = await settleRows(sql, merging, { tables, strategy });
  if ('failure' in settled) return settled;
  return [...settled.rows, ...(await settleViolations(sql, merging, { strategy, earlier }))];
}
