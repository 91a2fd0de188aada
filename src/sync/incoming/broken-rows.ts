import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { columnLeftEmpty } from '../../dolt/rows/missing-values.ts';
import { dropFullText } from '../../dolt/schema/full-text.ts';
import { type TableChange, tableChanges } from '../../dolt/schema/table-changes.ts';
import { mergeBase } from '../../dolt/sql/history.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { verifyRows, violatedTables, violationTypes } from '../../dolt/sql/violations.ts';
import { moveHeadOnly } from '../../dolt/sql/working-set.ts';
import { checkoutScratch } from '../merge/scratch.ts';
import { refuseUnresolved } from './unresolved-commit.ts';

/** Rows without a parent are common: programs write them under `foreign_key_checks = 0`, and merges keep them. */
const TOLERATED = 'foreign key';
const ON_THEIR_SIDE = 'Correct the rows on the side that has them, commit, then run again. No `accept` allows this.';

/**
 * Refuses a head that stores conflicts or violations, and one whose own rows break a unique key, a check or NOT NULL, as a
 * commit by force can (Dolt 2.3.0). After a fast-forward to it, no merge of that table would pass its verification,
 * regardless of the other side.
 * @param sql a session of its own: it stays on a temporary branch
 * @throws Failure `constraint-violation`, which no `accept` lifts
 */
export async function refuseBrokenRows(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const base = await mergeBase(sql, heads.ours, heads.theirs);
  if (base === null || base === heads.theirs) return;
  await refuseUnresolved(sql, { head: heads.theirs, isOurs: false });
  const changes = await tableChanges(sql, base, heads.theirs);
  const present = changes.flatMap(({ to }) => (to === null || isDoltTable(to) ? [] : [to]));
  await refuseEmptyValues(sql, { base, theirs: heads.theirs }, changes);
  await sql.run('SET autocommit = 0');
  // The next statement stores the violations that one records.
  await sql.run('SET dolt_force_transaction_commit = 1');
  await checkoutScratch(sql, heads.theirs);
  const recorded = changes.some(mergesDefinition) ? null : await recordedAgainst(sql, base);
  const suspects = recorded ?? present;
  if (suspects.length === 0) return;
  // Rows that exchange unique values are recorded although they break nothing (Dolt 2.3.0): all rows of the table decide.
  const found = await brokenRows(sql, heads.theirs, suspects);
  const kept = changes.filter((change) => !mergesDefinition(change) && change.from === change.to);
  const comparable = recorded === null ? kept.flatMap(({ to }) => (to !== null && found.has(to) ? [to] : [])) : [];
  // Rows that were broken before are no news: our own branch has them as well.
  const before = comparable.length === 0 ? new Map<string, number>() : await brokenRows(sql, base, comparable);
  const broken = [...found].flatMap(([table, rows]) => (rows > (before.get(table) ?? 0) ? [table] : []));
  if (broken.length === 0) return;
  throw new Failure(
    'constraint-violation',
    plain(`rows of ${listed('table', broken)} break a unique key, a check or NOT NULL in ${heads.theirs} itself`),
    { hint: ON_THEIR_SIDE },
  );
}

/**
 * Whether a table of both commits has another definition. To compare the rows of such a head with a commit, Dolt 2.3.0
 * merges the definitions, and some merges end the engine: a dropped column that comes before the primary key (measured). A new
 * constraint also concerns rows that did not change.
 */
function mergesDefinition({ from, to, definitionChanged, recreated }: TableChange): boolean {
  return from !== null && to !== null && (definitionChanged || recreated);
}

/**
 * Verifies the rows of the session's head that differ from a commit.
 * @returns the tables with recorded violations; null if this Dolt cannot compare the rows, as beside a new FULLTEXT index
 */
async function recordedAgainst(sql: Sql, base: string): Promise<string[] | null> {
  // The rows of the head are now uncommitted changes of the base, and only those are verified.
  await moveHeadOnly(sql, base);
  try {
    await verifyRows(sql, 'differing');
  } catch (thrown) {
    const { code } = toFailure(thrown);
    if (code === 'unknown' || code === 'schema-conflict') return null;
    throw thrown;
  }
  return await violatedTables(sql);
}

/** Dolt verifies no NOT NULL, and merges some rows that lack a value (see missing-values.ts). */
async function refuseEmptyValues(
  sql: Sql,
  heads: { readonly base: string; readonly theirs: string },
  changes: readonly TableChange[],
): Promise<void> {
  for (const { from, to } of changes) {
    if (to === null || isDoltTable(to)) continue;
    const before = from === null ? [] : [{ table: from, commit: heads.base }];
    const column = await columnLeftEmpty(sql, { table: to, commit: heads.theirs }, before);
    if (column === null) continue;
    const message = `rows of ${to} lack a value in the NOT NULL column ${column} in ${heads.theirs} itself`;
    throw new Failure('constraint-violation', plain(message), { hint: ON_THEIR_SIDE });
  }
}

/** How many rows of each table break a constraint at a commit; without tables that have none. */
async function brokenRows(sql: Sql, commit: string, tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  await checkoutScratch(sql, commit);
  // Beside a FULLTEXT index this Dolt cannot verify all rows (see verify-merge.ts). It breaks no constraint.
  await dropFullText(sql);
  await verifyRows(sql, { allOf: tables });
  const found = new Map<string, number>();
  for (const [table, types] of await violationTypes(sql)) {
    const rows = [...types].reduce((sum, [type, n]) => (type === TOLERATED ? sum : sum + n), 0);
    if (rows > 0) found.set(table, rows);
  }
  return found;
}
