import { Failure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { tablesInConflict } from '../../dolt/rows/conflict-rows.ts';
import { checkedOutBranch, checkout, deleteBranch } from '../../dolt/sql/heads.ts';
import { remembered } from '../../dolt/sql/remembered.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { violatedTables } from '../../dolt/sql/violations.ts';
import { checkoutScratch } from '../merge/scratch.ts';

/** The tables in which a commit stores conflicts and violations. */
interface Unresolved {
  readonly conflicts: readonly string[];
  readonly violations: readonly string[];
}

const unresolvedAt = remembered(1, async (sql, commit: string): Promise<Unresolved> => {
  const home = await checkedOutBranch(sql);
  await sql.run('SET autocommit = 0');
  // Dolt 2.3.0 reads the conflicts of the session's branch whatever `AS OF` says (measured).
  const scratch = await checkoutScratch(sql, commit);
  const found = { conflicts: await tablesInConflict(sql), violations: await violatedTables(sql) };
  await checkout(sql, home);
  await deleteBranch(sql, scratch);
  return found;
});

/**
 * Refuses a head whose commit stores conflicts or violations, as a commit by force can (Dolt 2.3.0). A fast-forward to it
 * moves only half of a branch, and every write at such a head is rolled back (measured).
 * @param sql a session of its own, which is without autocommit afterwards
 * @throws Failure `constraint-violation`, which no `accept` lifts
 */
export async function refuseUnresolved(
  sql: Sql,
  { head, isOurs }: { readonly head: string; readonly isOurs: boolean },
): Promise<void> {
  const { conflicts, violations } = await unresolvedAt(sql, head);
  const found = [
    ...(conflicts.length === 0 ? [] : [`conflicts in ${listed('table', conflicts)}`]),
    ...(violations.length === 0 ? [] : [`constraint violations in ${listed('table', violations)}`]),
  ];
  if (found.length === 0) return;
  const whose = isOurs ? 'the head of our branch' : 'the head';
  throw new Failure('constraint-violation', plain(`${whose}, ${head}, stores unresolved ${found.join(' and ')}`), {
    hint: `${conflicts.length > 0 ? 'Resolve them with `dolt conflicts resolve`' : 'Correct these rows, and delete their rows of `dolt_constraint_violations_<table>` in one transaction'}${isOurs ? '' : ' on the side that has them'}. Commit, then run again.${isOurs ? '' : ' No `accept` allows this.'}`,
  });
}
