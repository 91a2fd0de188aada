import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { tableChanges } from '../../dolt/schema/table-changes.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { mergeBase } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { violationTypes } from '../../dolt/sql/violations.ts';
import { moveHeadOnly } from '../../dolt/sql/working-set.ts';
import { scratchName } from '../merge/scratch.ts';

/** Rows without a parent are common: programs write them under `foreign_key_checks = 0`, and merges keep them. */
const TOLERATED = 'foreign key';

/**
 * Refuses a head whose own rows break a unique key, a check or NOT NULL, as a commit by force can (Dolt 2.3.0). After a
 * fast-forward to it, no merge of that table would pass its verification, whoever made the other side.
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
  const redefined = changes.flatMap(({ from, to, definitionChanged }) =>
    from !== null && to !== null && definitionChanged ? [to] : [],
  );
  const name = scratchName();
  await createBranch(sql, { name, at: heads.theirs });
  await sql.run('SET autocommit = 0');
  await checkout(sql, name);
  // The rows of the head are now uncommitted changes of the base, and only those are verified.
  await moveHeadOnly(sql, base);
  await sql.run('COMMIT');
  const all = redefined.map(() => ', ?').join('');
  const broken = [
    ...(await brokenTables(sql, 'CALL DOLT_VERIFY_CONSTRAINTS()', [])),
    // A new constraint also concerns rows that did not change.
    ...(all === '' ? [] : await brokenTables(sql, `CALL DOLT_VERIFY_CONSTRAINTS('--all'${all})`, redefined)),
  ];
  if (broken.length === 0) return;
  throw new Failure(
    'constraint-violation',
    plain(
      `rows of ${listed('table', [...new Set(broken)])} break a unique key, a check or NOT NULL in ${heads.theirs} itself`,
    ),
    { hint: 'Correct the rows on the side that has them, commit, then run again. No `accept` allows this.' },
  );
}

async function brokenTables(sql: Sql, verify: string, tables: readonly string[]): Promise<string[]> {
  try {
    await sql.run(verify, tables);
  } catch (thrown) {
    // Beside a FULLTEXT index Dolt 2.3.0 cannot verify all rows (see verify-merge.ts).
    if (toFailure(thrown).code === 'unknown') return [];
    throw thrown;
  }
  const found = await violationTypes(sql);
  return [...found].flatMap(([table, types]) => (types.some((type) => type !== TOLERATED) ? [table] : []));
}
