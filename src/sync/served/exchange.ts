import { randomBytes } from 'node:crypto';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import type { CloneSource } from '../../dolt/clone.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { changeKeys, type RecordKeys } from '../../dolt/schema/uncommitted-keys.ts';
import type { Engine, Engines, TimeLimit } from '../../dolt/server/engines.ts';
import type { UserServer } from '../../dolt/server/user-server.ts';
import {
  branchHead,
  checkout,
  createBranch,
  deleteBranch,
  deleteTrackingRefs,
  trackedBranches,
  trackingHead,
} from '../../dolt/sql/heads.ts';
import { containsCommit, isAncestor } from '../../dolt/sql/history.ts';
import { fastForward, resetHard } from '../../dolt/sql/merge.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { fetchBranch, forceBranch } from '../../dolt/sql/transfer.ts';
import { NOWHERE, type Reach, ruleForUrl } from '../../egress/host-rule.ts';
import { isRefusedMove, takeBack } from '../advance.ts';
import { refuseUnresolved } from '../incoming/unresolved-commit.ts';
import { forgetMove, keysOf, recordMove, type ServedMove, servedMoves, withKeys } from '../merge/own-moves.ts';
import { isLeftoverBranch, removeScratch, scratchName } from '../merge/scratch.ts';
import { movedMeanwhile } from '../moved-meanwhile.ts';
import { asRemote, EXCHANGE, pointTo, requireWritten, usesOther } from './exchange-folder.ts';
import type { MergeAgain, Move } from './served-database.ts';

/** Branches of a file remote: what the server hands over, and what it takes back. */
const HANDED_OVER = 'server';
const RESULT = 'result';

/** How commits go between a server and our scratch copy. */
export interface Exchange {
  readonly server: Pick<UserServer, 'name' | 'session'>;
  /** The federated branch. */
  readonly branch: string;
  /** The exchange as the scratch copy reaches it. */
  readonly source: CloneSource & { readonly engineCredentials: EngineCredentials };
  /** The branch there that the result is pushed to. */
  readonly result: string;
  /** `file`: both sides push to a folder and fetch from it · `remotesapi`: the server is a remote itself. */
  readonly kind: 'file' | 'remotesapi';
  readonly limit: TimeLimit;
}

/** How the branch of the server moves. */
interface Back extends Pick<Exchange, 'server'> {
  /** The folder of the scratch copy, which records moves. */
  readonly scratch: string;
  readonly notify: (notice: Diagnostic) => void;
}

/** Runs work while the scratch copy is held. */
type Holding = (work: () => Promise<void>) => Promise<void>;

/** An exchange of a scratch copy that brings its result back at once. */
export type ServedExchange = Exchange & Back;

type Common = Pick<Exchange, 'server' | 'branch' | 'limit'>;
/** The options with which the scratch copy sends. */
type Sending = Pick<Exchange, 'source' | 'result' | 'limit'>;

/** An exchange through a folder, for a database that is on this machine. */
export function throughFolder(url: string): Pick<Exchange, 'kind' | 'source' | 'result'> {
  const source = { remote: EXCHANGE, url, ref: null, user: null, reach: NOWHERE, branch: HANDED_OVER };
  return { kind: 'file', source: { ...source, engineCredentials: NO_CREDENTIALS }, result: RESULT };
}

/** An exchange through the server's own remote interface. The name of the branch there carries the mark of the run. */
export function remotesapiExchange(
  common: Common,
  from: {
    readonly url: string;
    readonly user: string;
    readonly engineCredentials: EngineCredentials;
  },
): Exchange {
  const { url, user, engineCredentials } = from;
  const reach: Reach = [ruleForUrl(url)];
  const source = { remote: EXCHANGE, url, ref: null, user, reach, branch: common.branch, engineCredentials };
  return { ...common, kind: 'remotesapi', source, result: scratchName() };
}

/**
 * Makes the server hand over its branch. Its other branches, tags and uncommitted changes stay there.
 * @throws Failure of the server, `database-in-use` if it cannot use the folder of the exchange
 */
export async function handOver(exchange: Exchange): Promise<void> {
  if (exchange.kind === 'remotesapi') return;
  const { server, source } = exchange;
  await asRemote(exchange, (sql, remote) =>
    forceBranch(sql, { remote, source: exchange.branch, branch: HANDED_OVER, user: null }),
  );
  await requireWritten(server, source.url);
}

/**
 * Sets the branch of the scratch copy to the server's. The server is asked while we hold the copy, so that a run that
 * waited for another one starts from its result.
 * @returns the head of the server's branch
 * @throws Failure of the server, `constraint-violation` for a head that stores conflicts or violations,
 * `database-in-use` if the server uses another folder, `contention` if clients move the branch all the time
 */
export async function takeOver(engines: Engines, exchange: Exchange): Promise<string> {
  const { branch, source } = exchange;
  return await inExchange(engines, exchange, async ({ database, operation }) => {
    const from = { remote: EXCHANGE, branch: source.branch ?? branch, user: source.user };
    const take = async () => {
      await handOver(exchange);
      await operation(exchange.limit, source.reach, (sql) => fetchBranch(sql, from));
      return await trackingHead(database, from);
    };
    const head = await presentHead(exchange, database, take);
    const before = await branchHead(database, branch);
    if (before === null) await createBranch(database, { name: branch, at: head });
    else if (before !== head) {
      // Dolt resets no branch to such a commit.
      await operation(exchange.limit, NOWHERE, (sql) => refuseUnresolved(sql, { head, isOurs: true }));
      await database.session(async (sql) => {
        await checkout(sql, branch);
        // Keeps no foreign keys: ignored tables of the copy may be older than the head, and are not written back.
        await resetHard(sql, head);
      });
    }
    return head;
  });
}

/** How often a branch that clients rewrite meanwhile is taken over again. */
const TAKES_OVER = 3;

/**
 * Takes the branch over until its head is one that the server has or had meanwhile. In another container, the server
 * writes to another folder of the same name, and ours has what an earlier run found there.
 * @param scratch the copy, which then has the head
 */
async function presentHead(exchange: Exchange, scratch: Sql, take: () => Promise<string | null>): Promise<string> {
  const { server, branch } = exchange;
  const atServer = () => server.session((sql) => branchHead(sql, branch));
  let before = await atServer();
  for (let tries = 1; ; tries += 1) {
    const head = await take();
    if (head === null) throw new Failure('unknown', `${server.name} handed over nothing`);
    const now = await atServer();
    if (head === before || head === now) return head;
    if (before === now) throw usesOther(exchange);
    // Clients committed before and after.
    if (before !== null && (await containsCommit(scratch, head, before))) return head;
    if (tries === TAKES_OVER) throw new Failure('contention', `clients of ${server.name} rewrote ${branch} meanwhile`);
    before = now;
  }
}

/**
 * Fast-forwards the server's branch to a commit of the scratch copy. Dolt 2.3.0 moves the branch and its working set in
 * two steps and has no compare-and-swap, so the head is compared right before and after.
 * @throws Failure `contention` if the branch moved meanwhile, `uncommitted-changes`, or of the server
 */
export async function handBack(engines: Engines, exchange: ServedExchange, move: Move): Promise<void> {
  // Clients have made the result themselves: their uncommitted changes are in the way of no move.
  if (move.to === move.from) return;
  await bringTo(engines, exchange, move.to, (sql) => moveBranch(sql, exchange, move));
}

/**
 * Brings a commit of the scratch copy to the server.
 * @param work runs at the server while a ref keeps the commit there
 */
export async function bringTo<T>(
  engines: Engines,
  exchange: Exchange,
  commit: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const { kind, result, server } = exchange;
  if (kind === 'file') {
    await send(engines, exchange, commit);
    return await receive(exchange, work);
  }
  try {
    await send(engines, exchange, commit);
    return await server.session(work);
  } finally {
    // An interrupted push may have made the branch. The next run removes what a server that ended keeps.
    await server.session((sql) => deleteBranch(sql, result)).catch(() => undefined);
  }
}

/** How often commits that clients of a server make during a run are merged before they are left to the next run. */
const CATCHES_UP = 3;

/**
 * Fast-forwards the server's branch like `handBack`. Commits that clients made meanwhile are merged first.
 * @param mergeAgain absent: a branch that moved meanwhile is not moved
 * @returns the move that was made
 * @throws Failure like `handBack`; `contention` also if clients commit faster than a run merges
 */
export async function catchUpAndHandBack(
  engines: Engines,
  exchange: ServedExchange,
  wanted: Move,
  mergeAgain?: MergeAgain,
): Promise<Move> {
  let move = wanted;
  for (let merges = 0; ; merges += 1) {
    try {
      await handBack(engines, exchange, move);
      return move;
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code !== 'contention' || mergeAgain === undefined || merges === CATCHES_UP) throw failure;
      const next = await catchUp(engines, exchange, move.from, mergeAgain);
      if (next === null) throw failure;
      move = next;
    }
  }
}

/**
 * Takes over what others have committed since `from`, and merges the result of the run with it.
 * @returns the move to the merged commit; null if they took commits back, which must not return
 */
export async function catchUp(
  engines: Engines,
  exchange: Exchange,
  from: string,
  mergeAgain: MergeAgain,
): Promise<Move | null> {
  const head = await takeOver(engines, exchange);
  const isContinued = await engines.use(NO_CREDENTIALS, ({ database }) => isAncestor(database, from, head));
  return head === from || !isContinued ? null : { from: head, to: await mergeAgain(head) };
}

/** Puts a commit of the scratch copy into the exchange. */
export async function send(engines: Engines, exchange: Sending, commit: string): Promise<void> {
  const { result: branch, source, limit } = exchange;
  await inExchange(engines, exchange, async ({ database, operation }) => {
    const name = scratchName();
    await createBranch(database, { name, at: commit });
    try {
      const to = { remote: EXCHANGE, source: name, branch, user: source.user };
      await operation(limit, source.reach, (sql) => forceBranch(sql, to));
    } finally {
      await deleteBranch(database, name);
      await forgetResults(database);
    }
  });
}

/** Each run pushes to another branch, so a scratch copy that is kept would collect their tracking refs. */
async function forgetResults(scratch: Database): Promise<void> {
  const results = (await trackedBranches(scratch, EXCHANGE)).filter(isLeftoverBranch);
  await deleteTrackingRefs(
    scratch,
    results.map((branch) => `remotes/${EXCHANGE}/${branch}`),
  );
}

/**
 * Fetches what was sent from the folder.
 * @param work what to do with it. The commits have no ref at the server but that of the remote, which exists meanwhile
 */
export async function receive<T>(exchange: Exchange, work: (sql: Sql) => Promise<T>): Promise<T> {
  return await asRemote(exchange, async (sql, remote) => {
    await fetchBranch(sql, { remote, branch: exchange.result, user: null }).catch((thrown: unknown) => {
      // Nothing removes the result that this run has sent.
      const isElsewhere = toFailure(thrown).code === 'branch-missing';
      throw isElsewhere ? usesOther(exchange) : thrown;
    });
    return await work(sql);
  });
}

async function inExchange<T>(
  engines: Engines,
  { source: { url, engineCredentials } }: Pick<Exchange, 'source'>,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  return await engines.use(engineCredentials, async (engine) => {
    await pointTo(engine.database, url);
    return await work(engine);
  });
}

async function moveBranch(sql: Sql, { branch, scratch, notify }: ServedExchange, { from, to }: Move): Promise<void> {
  const moved = () => movedMeanwhile(`another client of the server moved ${branch} during this run`);
  if ((await branchHead(sql, branch)) !== from) throw moved();
  const name = `dolt-federation-served/${randomBytes(6).toString('hex')}/${branch}`;
  const move: ServedMove = { kind: 'served', branch, from, to };
  const record: RecordKeys = (keys) => recordMove(scratch, name, withKeys(move, keys));
  await recordMove(scratch, name, move);
  try {
    for (const notice of await fastForward(sql, { branch, to, record })) notify(notice);
  } catch (thrown) {
    const failure = toFailure(thrown);
    const isUndone = isRefusedMove(failure) || (await undo(sql, move).catch(() => false));
    if (!isUndone) throw unfinished(move, failure);
    await forgetMove(scratch, name);
    // A client can commit while the move is checked, which then seems to lack the rows that others refer to.
    const isMoved = isRefusedMove(failure) && (await branchHead(sql, branch).catch(() => from)) !== from;
    throw isMoved ? moved() : failure;
  }
  await forgetMove(scratch, name);
  const head = await branchHead(sql, branch);
  if (head === null || !(await isAncestor(sql, to, head))) throw moved();
}

/**
 * Reverts a half move.
 * @returns whether nothing of the move is left on the branch
 */
async function undo(sql: Sql, move: ServedMove): Promise<boolean> {
  if ((await branchHead(sql, move.branch)) !== null) await takeBack(sql, move);
  const head = await branchHead(sql, move.branch);
  return head === null || !(await containsCommit(sql, head, move.to));
}

/** The failure of a move that may be half done. Its record stays; with `contention` this run would continue from there. */
function unfinished({ branch, to }: ServedMove, failure: Failure): Failure {
  if (failure.code !== 'contention') return failure;
  const message = `the server did not complete the move of ${branch} to ${to}, and clients changed it since: ${failure.message}`;
  return new Failure('uncommitted-changes', message, { cause: failure });
}

/**
 * Finishes the moves at the server that killed runs recorded, and removes their results there. A half move is reverted,
 * and this run merges again. Only if the branch contains the recorded commit did Dolt undo changes of foreign keys.
 * @param holding holds the scratch copy, if others can use it: its run may be alive, and holds the copy while it moves
 */
export async function finishHandBacks(back: Back, holding: Holding = (work) => work()): Promise<void> {
  const { server, scratch } = back;
  // The server may refuse to remove a branch that another user made.
  await server.session(removeScratch).catch(() => undefined);
  if ((await servedMoves(scratch)).length > 0) await holding(() => finishServedMoves(back));
}

async function finishServedMoves({ server, scratch, notify }: Back): Promise<void> {
  for (const [name, move] of await servedMoves(scratch)) {
    await server.session(async (sql) => {
      if (await undo(sql, move)) return;
      await checkout(sql, move.branch);
      for (const notice of await changeKeys(sql, keysOf(move))) notify(notice);
    });
    await forgetMove(scratch, name);
  }
}
