import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { verifyDelivery } from './deliver.ts';
import type { PeerProgress } from './peer-progress.ts';
import { readPeer } from './read-peer.ts';
import { requireUploadedTables } from './remotes/uploaded-tables.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Reads a peer after a push that returned. It is verified only if the pushed commit is an ancestor of the head there,
 * because another writer may have continued from it, and only if a git remote has all table files. Everything else is
 * recorded in the `PeerProgress` as `unverified` or `missing-table-file`.
 * @param push.commits how many were sent
 */
export async function verifyPush(
  context: SyncContext,
  push: { readonly target: string; readonly commits: number },
  engine: Engine,
  progress: PeerProgress,
): Promise<void> {
  const { target } = push;
  const { name } = progress.peer;
  try {
    if (progress.delivery !== null) {
      if ((await verifyDelivery(context, target, engine, progress)) === null) throw missing(progress, target);
      progress.recordPush({ head: progress.head, commits: push.commits });
      return;
    }
    await requireUploadedTables(context, engine, progress);
    const head = await readPeer(context, engine, progress);
    if (head === null || !(await holds(engine.database, progress, { head, target }))) {
      throw new Failure(
        'unverified',
        `the push of ${target} to ${name} returned, but ${name} is at ${head ?? 'nothing'}`,
      );
    }
    progress.recordPush({ head, commits: push.commits });
    progress.endLease();
  } catch (thrown) {
    progress.fail(unverified(name, toFailure(thrown)));
  }
}

function missing({ peer, delivery }: PeerProgress, target: string): Failure {
  const place = `${delivery?.branch} there is at ${delivery?.head ?? 'no commit'}`;
  return new Failure('unverified', `the delivery of ${target} to ${peer.name} returned, but ${place}`);
}

/** After a forced push, the peer must also have lost the replaced head; that it has ours would prove nothing. */
async function holds(
  sql: Sql,
  progress: PeerProgress,
  at: { readonly head: string; readonly target: string },
): Promise<boolean> {
  if (!(await isAncestor(sql, at.target, at.head))) return false;
  return progress.replacing === null || !(await isAncestor(sql, progress.replacing.head, at.head));
}

/** The end of an engine says nothing about the peer, and some codes say more than `unverified`. */
const SAYS_ENOUGH: readonly ErrorCode[] = ['unverified', 'engine-lost', 'interrupted', 'missing-table-file'];

function unverified(name: string, why: Failure): Failure {
  if (SAYS_ENOUGH.includes(why.code)) return why;
  return new Failure(
    'unverified',
    `the push to ${name} returned, but reading the peer afterwards failed: ${why.message}`,
    {
      cause: why,
    },
  );
}
