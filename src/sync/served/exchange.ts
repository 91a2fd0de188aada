import { Failure } from '../../core/failure.ts';
import { isAlive } from '../../core/processes.ts';
import type { UserServer } from '../../dolt/server/user-server.ts';
import { branchHead, createBranch, deleteBranch, trackingHead } from '../../dolt/sql/heads.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import { fastForward } from '../../dolt/sql/merge.ts';
import { addRemote, listRemotes, removeRemote } from '../../dolt/sql/remotes.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { fetchBranch, forceBranch } from '../../dolt/sql/transfer.ts';
import { resetBranch } from '../../dolt/sql/working-set.ts';
import { scratchName } from '../merge/scratch.ts';

/** The exchange as a remote of the scratch database. */
export const EXCHANGE = 'dolt-federation-exchange';
/** Its branches: what the server hands over, and what it takes back. */
export const HANDED_OVER = 'server';
const RESULT = 'result';

/** As a remote of the server, for moments; the process id tells a later run whether it is a leftover. */
const AT_SERVER = /^dolt-federation-exchange-(\d{1,9})$/;

/** A server, and the file remote through which commits go between it and our scratch database. */
export interface Exchange {
  readonly server: UserServer;
  /** `file://…`, a folder that the server and we can write. */
  readonly url: string;
}

/**
 * Lets the server push a branch to the exchange. Its other branches, tags and uncommitted changes stay there.
 * @throws Failure of the server
 */
export async function handOver(exchange: Exchange, branch: string): Promise<void> {
  await asRemote(exchange, (sql, remote) =>
    forceBranch(sql, { remote, source: branch, branch: HANDED_OVER, user: null }),
  );
}

/**
 * Sets a branch of the scratch database to what was handed over.
 * @returns the head of the server's branch
 */
export async function takeOver(scratch: Database, { url }: Pick<Exchange, 'url'>, branch: string): Promise<string> {
  const known = (await listRemotes(scratch)).find(({ name }) => name === EXCHANGE);
  if (known !== undefined && known.url !== url) await removeRemote(scratch, EXCHANGE);
  if (known?.url !== url) await addRemote(scratch, { name: EXCHANGE, url, ref: null });
  const from = { remote: EXCHANGE, branch: HANDED_OVER, user: null };
  await fetchBranch(scratch, from);
  const head = await trackingHead(scratch, from);
  if (head === null) throw new Failure('unknown', 'the server handed over nothing');
  const before = await branchHead(scratch, branch);
  if (before === null) await createBranch(scratch, { name: branch, at: head });
  else if (before !== head) await scratch.session((sql) => resetBranch(sql, { branch, to: head }));
  return head;
}

interface Move {
  readonly branch: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Fast-forwards the server's branch to a commit of the scratch database. Dolt 2.3.0 moves the branch and its working set
 * in two steps and has no compare-and-swap, so the head is compared right before and after.
 * @throws Failure `contention` if the branch moved meanwhile, `uncommitted-changes`, or of the server
 */
export async function handBack(exchange: Exchange, scratch: Database, move: Move): Promise<void> {
  const source = scratchName();
  await createBranch(scratch, { name: source, at: move.to });
  try {
    await forceBranch(scratch, { remote: EXCHANGE, source, branch: RESULT, user: null });
  } finally {
    await deleteBranch(scratch, source);
  }
  // The commits have no ref at the server but that of the remote, so it stays until the branch has moved.
  await asRemote(exchange, async (sql, remote) => {
    await fetchBranch(sql, { remote, branch: RESULT, user: null });
    await moveBranch(sql, move);
  });
}

async function moveBranch(sql: Sql, move: Move): Promise<void> {
  const { branch, from, to } = move;
  if ((await branchHead(sql, branch)) !== from) throw moved(branch);
  await fastForward(sql, move);
  const head = await branchHead(sql, branch);
  if (head === null || !(await isAncestor(sql, to, head))) throw moved(branch);
}

function moved(branch: string): Failure {
  return new Failure('contention', `another client of the server moved ${branch} during this run`, {
    hint: 'Run again. Nothing is lost: the next run merges the pushed commits.',
  });
}

/** Makes the exchange a remote of the server for a moment; no tracking ref stays. */
async function asRemote<T>({ server, url }: Exchange, work: (sql: Sql, remote: string) => Promise<T>): Promise<T> {
  const name = `${EXCHANGE}-${process.pid}`;
  return await server.session(async (sql) => {
    for (const remote of await listRemotes(sql)) {
      const pid = AT_SERVER.exec(remote.name)?.[1];
      if (pid !== undefined && (remote.name === name || !isAlive(Number(pid)))) await removeRemote(sql, remote.name);
    }
    await addRemote(sql, { name, url, ref: null });
    try {
      return await work(sql, name);
    } finally {
      // The next run removes what a server that ended keeps.
      await removeRemote(sql, name).catch(() => undefined);
    }
  });
}
