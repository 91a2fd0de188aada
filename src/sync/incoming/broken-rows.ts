import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { tableChanges } from '../../dolt/schema/table-changes.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { mergeBase } from '../../dolt/sql/history.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { verifyRows, violationTypes } from '../../dolt/sql/violations.ts';
import { moveHeadOnly } from '../../dolt/sql/working-set.ts';
import { scratchName } from '../merge/scratch.ts';

/** Rows without a parent are common: programs write them under `foreign_key_checks = 0`, and merges keep them. */
const TOLERATED = 'foreign key';

/**
 * Refuses a head whose own rows break a unique key, a check or NOT NULL, as a commit by force can (Dolt 2.3.0). After a
 * fast-forward to it, no merge of that table would pass its verification, regardless of the other side.
 * @param sql a session of its own: it stays on a temporary branch
 * @throws Failure `constraint-violation`, which no `accept` lifts
 */
export async function refuseBrokenRows(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const base = await mergeBase(sql, heads.ours, heads.theirs);
  if (base === null || base === heads.theirs) return;
  const changes = await tableChanges(sql, base, heads.theirs);
  const present = changes.flatMap(({ to }) => (to === null || isDoltTable(to) ? [] : [to]));
  const redefined = changes.flatMap(({ from, to, definitionChanged }) =>
    from !== null && to !== null && definitionChanged ? [to] : [],
  );
  const name = scratchName();
  await createBranch(sql, { name, at: heads.theirs });
  await sql.run('SET autocommit = 0');
  // The next statement stores the violations that one records.
  await sql.run('SET dolt_force_transaction_commit = 1');
  await checkout(sql, name);
  // The rows of the head are now uncommitted changes of the base, and only those are verified.
  await moveHeadOnly(sql, base);
  const differing = await brokenTables(sql, 'differing');
  // A new constraint also concerns rows that did not change.
  const others = redefined.length === 0 ? [] : await brokenTables(sql, redefined);
  const isKnown = differing !== null && others !== null;
  // Dolt 2.3.0 cannot compare them where a primary key changed: then all rows are verified. Beside a new FULLTEXT index it
  // can verify none (see verify-merge.ts).
  if (!isKnown) await moveHeadOnly(sql, heads.theirs);
  const all = isKnown || present.length === 0 ? [] : await brokenTables(sql, present);
  const broken = [...new Set([differing, others, all].flatMap((tables) => tables ?? []))];
  if (broken.length === 0) return;
  throw new Failure(
    'constraint-violation',
    plain(`rows of ${listed('table', broken)} break a unique key, a check or NOT NULL in ${heads.theirs} itself`),
    { hint: 'Correct the rows on the side that has them, commit, then run again. No `accept` allows this.' },
  );
}

/** @returns null if this Dolt cannot verify the rows */
async function brokenTables(sql: Sql, rows: 'differing' | readonly string[]): Promise<string[] | null> {
  try {
    await verifyRows(sql, rows);
  } catch (thrown) {
    const { code } = toFailure(thrown);
    if (code === 'unknown' || code === 'schema-conflict') return null;
    throw thrown;
  }
  const found = await violationTypes(sql);
  return [...found].flatMap(([table, types]) => (types.some((type) => type !== TOLERATED) ? [table] : []));
}
