import type { Diagnostic } from '../../core/diagnostic.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines, OwnDatabase, TimeLimit } from '../../dolt/server/engines.ts';
import { branchHead, checkout } from '../../dolt/sql/heads.ts';
import { dirtyTables } from '../../dolt/sql/working-set.ts';
import { advanceBranch, finishAdvances } from '../advance.ts';
import { movedMeanwhile } from '../moved-meanwhile.ts';
import { catchUp, type Exchange, receive, send, throughFolder } from './exchange.ts';
import type { MergeAgain, Move, ServedDatabase } from './served-database.ts';

/** A database that commands of another program open one after the other. */
export interface SharedDatabase {
  /** Its engines. They are closed as soon as possible, because the other program waits meanwhile. */
  readonly engines: Engines;
  readonly path: string;
  readonly branch: string;
  /** The folder through which commits go between the database and the scratch copy. */
  readonly exchange: string;
  readonly limit: TimeLimit;
  readonly notify: (notice: Diagnostic) => void;
}

/** How a run that works in a copy of such a database brings its result back. */
export function shortHolds(
  shared: SharedDatabase,
): Pick<ServedDatabase, 'moveTo' | 'recordsIn' | 'headNow' | 'keptCopy' | 'keep'> {
  const { engines, path, branch, limit, notify } = shared;
  const folder = { ...throughFolder(shared.exchange), limit };
  const hold = <T>(work: (database: OwnDatabase, exchange: Exchange) => Promise<T>): Promise<T> =>
    engines
      .use(NO_CREDENTIALS, ({ database }) => {
        const session: Exchange['server']['session'] = (using) => database.session((sql) => using(sql));
        return work(database, { ...folder, branch, server: { name: path, session } });
      })
      .finally(() => engines.close());
  return {
    async moveTo(scratch, move, mergeAgain) {
      // Before the database is held, because this copies all that is new.
      await send(scratch, folder, move.to);
      return await hold(async (database, exchange) => {
        for (const notice of await finishAdvances(database, path)) notify(notice);
        const present = await mergedWith(scratch, { database, exchange, move, mergeAgain });
        if (present.to !== present.from) await advance(database, exchange, { move: present, notify });
        return present;
      });
    },
    recordsIn: path,
    // As for `keepTag`: no run that replaces the head of a peer works in this copy, so no message names it.
    keptCopy: null,
    headNow: () => hold((database) => branchHead(database, branch)),
    async keep(scratch, commits) {
      for (const commit of commits) {
        await send(scratch, folder, commit);
        await hold((_, exchange) => receive(exchange, async () => undefined));
      }
    },
  };
}

interface Held {
  readonly database: OwnDatabase;
  readonly exchange: Exchange;
  readonly move: Move;
  readonly mergeAgain: MergeAgain | undefined;
}

/** The move from the present head. If another process has committed, its commits are merged while it cannot commit again. */
async function mergedWith(scratch: Engines, { database, exchange, move, mergeAgain }: Held): Promise<Move> {
  const { branch } = exchange;
  const head = await branchHead(database, branch);
  if (head === move.from) return move;
  const next =
    head === null || mergeAgain === undefined ? null : await catchUp(scratch, exchange, move.from, mergeAgain);
  if (next === null) throw movedMeanwhile(`another process moved ${branch} during this run`);
  await send(scratch, exchange, next.to);
  return next;
}

async function advance(
  database: OwnDatabase,
  exchange: Exchange,
  { move, notify }: { readonly move: Move; readonly notify: SharedDatabase['notify'] },
): Promise<void> {
  const { branch } = exchange;
  await receive(exchange, async (sql) => {
    await checkout(sql, branch);
    const dirty = await dirtyTables(sql);
    const { from, to } = move;
    for (const notice of await advanceBranch(database, { branch, from, to, dirty })) notify(notice);
  });
}
