import { Failure, toFailure } from '../../core/failure.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import { isAmong } from '../../dolt/sql/identifier.ts';
import { requireMovable } from '../../dolt/sql/merge.ts';
import type { Database } from '../../dolt/sql/sql.ts';
import { changedTables } from '../../dolt/sql/working-set.ts';
import type { SyncContext } from '../sync-context.ts';
import type { Converged } from './converge.ts';
import type { RejectedHead, StrategyHead } from './fold.ts';
import { rowsToSetAside } from './uncommitted.ts';

interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Why our branch cannot move to a merged commit beside what is uncommitted here; null if it can. The result may change more
 * than each head did: rows go with a row that they belong to, come back, or are computed. Nothing is pushed that our branch
 * cannot move to.
 */
export async function whyUnmovable(
  { branch, dirty, served }: Pick<SyncContext, 'branch' | 'dirty' | 'served'>,
  database: Database,
  { from, to }: Move,
): Promise<Failure | null> {
  if (from === to) return null;
  const away = served?.uncommitted ?? [];
  const changed = away.length === 0 ? [] : await database.session((sql) => changedTables(sql, from, to));
  const atServer = away.find((table) => isAmong(changed, table));
  if (atServer !== undefined) return changes(`${atServer}, which has uncommitted changes at the running server`);
  const rows = await rowsToSetAside(database, dirty, { branch, from, to });
  if (typeof rows === 'string') return changes(`${rows}, which has uncommitted changes here`);
  try {
    await database.session((sql) => requireMovable(sql, { branch, to }));
    return null;
  } catch (thrown) {
    const { code, message, hint } = toFailure(thrown);
    if (code !== 'uncommitted-changes') throw thrown;
    return new Failure(code, `${message}; nothing was merged from the peer`, { hint, cause: thrown });
  }
}

function changes(table: string): Failure {
  return new Failure('uncommitted-changes', `merging this peer changes ${table}; nothing was merged from the peer`);
}

interface Unmovable {
  readonly why: Failure;
  readonly converged: Converged;
  /** The heads that were merged. */
  readonly heads: readonly StrategyHead[];
  /** Heads that change other rows of a table with uncommitted changes. */
  readonly otherRows: ReadonlyMap<string, RejectedHead>;
  readonly mergeOf: (heads: readonly StrategyHead[]) => Promise<Converged>;
  /** Why our branch cannot move to a commit. */
  readonly unmovable: (target: string) => Promise<Failure | null>;
}

/**
 * The heads that wait so that our branch can move: those that are known to change other rows of such a table, else those
 * with which alone it cannot move, else all.
 */
export async function headsThatStay(
  database: Database,
  { why, converged, heads, otherRows, mergeOf, unmovable }: Unmovable,
): Promise<ReadonlyMap<string, RejectedHead>> {
  const known = heads.flatMap(({ head }) => {
    const reason = otherRows.get(head);
    return reason === undefined ? [] : [[head, reason] as const];
  });
  if (known.length > 0) return new Map(known);
  const published = heads.filter(({ isPublished }) => isPublished === true);
  const all = new Map<string, RejectedHead>();
  const alone = new Map<string, RejectedHead>();
  for (const one of heads) {
    if (one.isPublished === true || (await isAncestor(database, one.head, converged.kept))) continue;
    all.set(one.head, { failure: why, conflicts: [] });
    const failure = await unmovable((await mergeOf([...published, one])).target);
    if (failure !== null) alone.set(one.head, { failure, conflicts: [] });
  }
  return alone.size > 0 ? alone : all;
}
