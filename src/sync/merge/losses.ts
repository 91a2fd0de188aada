import { Failure, toFailure } from '../../core/failure.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Deletion } from '../incoming/incoming-changes.ts';
import type { Converged } from './converge.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';

interface Losing {
  /** The head whose rows count: ours, or that of a peer. */
  readonly ours: string;
  /** The losses in words, as the end of a sentence. */
  readonly textOf: (losses: readonly Deletion[]) => string;
  /** Heads without a limit on deletions. */
  readonly mayDelete: ReadonlySet<string>;
  /** Merges some heads with ours, and with the head whose rows count. */
  readonly mergeOf: (heads: readonly StrategyHead[]) => Promise<Converged>;
  /** The tables of that head that lose too many rows at another commit, read within a time limit. */
  readonly lossesOf: (target: string) => Promise<Deletion[]>;
}

/**
 * Heads whose merge would remove too many rows of a head, ours or that of a peer: as duplicates, over foreign keys, or
 * with a row that they belong to. Rows that a head deletes are checked before; these are the consequences here. A head
 * that causes this alone is rejected, and so is one whose consequences cannot be read in time.
 * @param heads the heads that were merged
 * @returns none if the result may be kept
 */
export async function headsThatLose(
  sql: Sql,
  { converged, heads }: { readonly converged: Converged; readonly heads: readonly StrategyHead[] },
  losing: Losing,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const { ours, mayDelete } = losing;
  const all = await losses(losing, converged);
  const blamed = new Map<string, RejectedHead>();
  if (isNone(all)) return blamed;
  const others: string[] = [];
  for (const one of heads) {
    if (mayDelete.has(one.head) || converged.dropped.has(one.head) || (await isAncestor(sql, one.head, ours))) continue;
    others.push(one.head);
    const alone = await losses(losing, await losing.mergeOf([one]));
    if (!isNone(alone)) blamed.set(one.head, refusal(losing, alone));
  }
  if (blamed.size > 0) return blamed;
  return await lossesTogether(losing, { all, heads, others: others.sort() });
}

interface Together {
  readonly all: readonly Deletion[] | Failure;
  readonly heads: readonly StrategyHead[];
  /** The heads with a limit, in hash order. Each alone removes few enough rows. */
  readonly others: readonly string[];
}

/** The first head that removes too many rows together with those before it. */
async function lossesTogether(
  losing: Losing,
  { all, heads, others }: Together,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const { mayDelete, mergeOf } = losing;
  const allowed = heads.filter(({ head }) => mayDelete.has(head));
  const unavoidable = allowed.length === 0 ? [] : await losses(losing, await mergeOf(allowed));
  let found = avoidable(all, unavoidable);
  if (isNone(found)) return new Map();
  let [fitting, tooMany] = [allowed.length === 0 ? 1 : 0, others.length];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    const first = others.slice(0, middle);
    const merged = await mergeOf(heads.filter(({ head }) => mayDelete.has(head) || first.includes(head)));
    const ofFirst = avoidable(await losses(losing, merged), unavoidable);
    if (isNone(ofFirst)) fitting = middle;
    else [tooMany, found] = [middle, ofFirst];
  }
  const guilty = others[tooMany - 1];
  return guilty === undefined ? new Map() : new Map([[guilty, refusal(losing, found)]]);
}

const isNone = (found: readonly Deletion[] | Failure): boolean => !(found instanceof Failure) && found.length === 0;

/** The losses that do not come from the heads without a limit alone. */
function avoidable(
  found: readonly Deletion[] | Failure,
  unavoidable: readonly Deletion[] | Failure,
): readonly Deletion[] | Failure {
  if (found instanceof Failure) return found;
  if (unavoidable instanceof Failure) return unavoidable;
  return found.filter(({ table }) => !unavoidable.some((loss) => loss.table === table));
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

function refusal({ textOf }: Losing, found: readonly Deletion[] | Failure): RejectedHead {
  if (found instanceof Failure) return { failure: found, conflicts: [] };
  const text = `merging this peer would remove ${textOf(found)}`;
  const failure = new Failure('mass-deletion', `${text}\nNothing was merged from or pushed to it.`);
  return { failure, conflicts: [] };
}
