import { Failure } from '../../core/failure.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { ourLosses } from '../incoming/findings.ts';
import type { Deletion } from '../incoming/incoming-changes.ts';
import { massLosses } from '../incoming/rows.ts';
import type { Converged } from './converge.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';

interface Losing {
  readonly ours: string;
  /** Percent of a table's rows that may be deleted at once. */
  readonly maxDelete: number;
  /** Heads without a limit on deletions. */
  readonly free: ReadonlySet<string>;
  /** Merges some heads with ours. */
  readonly mergeOf: (heads: readonly StrategyHead[]) => Promise<Converged>;
}

/**
 * Heads whose merge would remove too many of our rows: as duplicates, over foreign keys, or with a row that they belong
 * to. Rows that a head deletes are checked before; these are the consequences here. A head that causes this alone is
 * rejected.
 * @param heads the heads that were merged
 * @returns none if the result may be kept
 */
export async function headsThatLose(
  sql: Sql,
  { converged, heads }: { readonly converged: Converged; readonly heads: readonly StrategyHead[] },
  losing: Losing,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const { ours, maxDelete, free } = losing;
  const lossesOf = (target: string): Promise<Deletion[]> =>
    target === ours ? Promise.resolve([]) : massLosses(sql, { from: ours, to: target }, maxDelete);
  const all = await lossesOf(converged.target);
  const blamed = new Map<string, RejectedHead>();
  if (all.length === 0) return blamed;
  const others: StrategyHead[] = [];
  for (const one of heads) {
    if (free.has(one.head) || converged.dropped.has(one.head) || (await isAncestor(sql, one.head, ours))) continue;
    others.push(one);
    const alone = await lossesOf((await losing.mergeOf([one])).target);
    if (alone.length > 0) blamed.set(one.head, refusal(alone, maxDelete));
  }
  if (blamed.size > 0) return blamed;
  const allowed = heads.filter(({ head }) => free.has(head));
  const unavoidable = allowed.length > 0 ? await lossesOf((await losing.mergeOf(allowed)).target) : [];
  const left = all.filter(({ table }) => !unavoidable.some((loss) => loss.table === table));
  if (left.length === 0) return blamed;
  // Each head alone removes few enough rows: reject the last in hash order, to be compared again in the next run.
  const last = others
    .map(({ head }) => head)
    .sort()
    .at(-1);
  return last === undefined ? blamed : new Map([[last, refusal(left, maxDelete)]]);
}

function refusal(losses: readonly Deletion[], maxDelete: number): RejectedHead {
  const text = `merging this peer would remove ${ourLosses(losses, maxDelete)}`;
  const failure = new Failure('mass-deletion', `${text}\nNothing was merged from or pushed to it.`);
  return { failure, conflicts: [] };
}
