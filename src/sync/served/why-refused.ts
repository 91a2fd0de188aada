import { type Failure, toFailure } from '../../core/failure.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { branchHead } from '../../dolt/sql/heads.ts';
import { requireMovable } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { bringTo, type Exchange } from './exchange.ts';
import type { Move } from './served-database.ts';

/**
 * Asks the server whether its uncommitted changes refuse a move, before anything is pushed. A branch that clients have moved
 * since is merged again by the move itself.
 * @returns why the move would be refused; null if it would not
 * @throws Failure `interrupted`
 */
export async function whyRefused(engines: Engines, exchange: Exchange, { from, to }: Move): Promise<Failure | null> {
  const { branch } = exchange;
  const ask = async (sql: Sql): Promise<Failure | null> => {
    try {
      await requireMovable(sql, { branch, to });
    } catch (thrown) {
      const failure = toFailure(thrown);
      // The server says so of its own user, and the session explains it.
      if (failure.code === 'auth') throw failure;
      if ((await branchHead(sql, branch)) === from) return failure;
    }
    return null;
  };
  try {
    return await bringTo(engines, exchange, to, ask);
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    return failure;
  }
}
