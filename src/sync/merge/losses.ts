import { Failure, toFailure } from '../../core/failure.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { ourLosses } from '../incoming/findings.ts';
import type { Deletion } from '../incoming/incoming-changes.ts';
import type { Converged } from './converge.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';

interface Losing {
  readonly ours: string;
  /** Percent of a table's rows that may be deleted at once. */
  readonly maxDelete: number;
  /** Heads without a limit on deletions. */
  readonly mayDelete: ReadonlySet<string>;
  /** Merges some heads with ours. */
  readonly mergeOf: (heads: readonly StrategyHead[]) => Promise<Converged>;
  /** The tables of our head that lose too many rows at another commit, read within a time limit. */
  readonly lossesOf: (target: string) => Promise<Deletion[]>;
}

/**
 * Heads whose merge would remove too many of our rows: as duplicates, over foreign keys, or with a row that they belong
 * to. Rows that a head deletes are checked before; these are the consequences here. A head that causes this alone is
 * rejected, and so is one whose consequences cannot be read in time.
 * @param heads the heads that were merged
 * @returns none if the result may be kept
 */
export async function headsThatLose(
  sql: Sql,
  { converged, heads }: { readonly converged: Converged; readonly heads: readonly StrategyHead[] },
  losing: Losing,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const { ours, maxDelete, mayDelete } = losing;
  const all = await losses(losing, converged);
  const blamed = new Map<string, RejectedHead>();
  if (!(all instanceof Failure) && all.length === 0) return blamed;
  const others: StrategyHead[] = [];
  for (const one of heads) {
    if (mayDelete.has(one.head) || converged.dropped.has(one.head) || (await isAncestor(sql, one.head, ours))) continue;
    others.push(one);
    const alone = await losses(losing, await losing.mergeOf([one]));
    if (alone instanceof Failure || alone.length > 0) blamed.set(one.head, refusal(alone, maxDelete));
  }
  if (blamed.size > 0) return blamed;
  const left = all instanceof Failure ? all : await avoidable(losing, all, heads);
  if (!(left instanceof Failure) && left.length === 0) return blamed;
  // Each head alone removes few enough rows: reject the last in hash order, to be compared again in the next run.
  const last = others
    .map(({ head }) => head)
    .sort()
    .at(-1);
  return last === undefined ? blamed : new Map([[last, refusal(left, maxDelete)]]);
}

/** The losses that do not come from the heads without a limit alone. */
async function avoidable(
  losing: Losing,
  all: readonly Deletion[],
  heads: readonly StrategyHead[],
): Promise<readonly Deletion[] | Failure> {
  const allowed = heads.filter(({ head }) => losing.mayDelete.has(head));
  if (allowed.length === 0) return all;
  const unavoidable = await losses(losing, await losing.mergeOf(allowed));
  if (unavoidable instanceof Failure) return unavoidable;
  return all.filter(({ table }) => !unavoidable.some((loss) => loss.table === table));
}

/** @returns the failure if they cannot be read in time */
async function losses({ ours, lossesOf }: Losing, { target }: Converged): Promise<readonly Deletion[] | Failure> {
  if (target === ours) return [];
  try {
    return await lossesOf(target);
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'timeout') throw thrown;
    return failure;
  }
}

function refusal(found: readonly Deletion[] | Failure, maxDelete: number): RejectedHead {
  if (found instanceof Failure) return { failure: found, conflicts: [] };
  const text = `merging this peer would remove ${ourLosses(found, maxDelete)}`;
  const failure = new Failure('mass-deletion', `${text}\nNothing was merged from or pushed to it.`);
  return { failure, conflicts: [] };
}
