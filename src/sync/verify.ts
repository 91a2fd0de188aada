import { Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { verifyDelivery } from './deliver.ts';
import type { PeerProgress } from './peer-progress.ts';
import { readPeer } from './read-peer.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Reads a peer after a push that returned. It is verified only if the pushed commit is an ancestor of the head there,
 * because another writer may have continued from it. Everything else is recorded in the `PeerProgress` as
 * `unverified`.
 * @param push.commits how many were sent
 */
export async function verifyPush(
  context: SyncContext,
  push: { readonly target: string; readonly commits: number },
  engine: Engine,
  run: PeerProgress,
): Promise<void> {
  const { target } = push;
  const { name } = run.peer;
  try {
    if (run.delivery !== null) {
      if ((await verifyDelivery(context, target, engine, run)) === null) throw missing(run, target);
      run.recordPush({ head: run.head, commits: push.commits });
      return;
    }
    const head = await readPeer(context, engine, run);
    if (head === null || !(await holds(engine.database, run, { head, target }))) {
      throw new Failure(
        'unverified',
        `the push of ${target} to ${name} returned, but ${name} is at ${head ?? 'nothing'}`,
      );
    }
    run.recordPush({ head, commits: push.commits });
    run.endLease();
  } catch (thrown) {
    run.fail(unverified(name, toFailure(thrown)));
  }
}

function missing({ peer, delivery }: PeerProgress, target: string): Failure {
  const place = `${delivery?.branch} there is at ${delivery?.head ?? 'no commit'}`;
  return new Failure('unverified', `the delivery of ${target} to ${peer.name} returned, but ${place}`);
}

/** After a forced push, the peer must also have lost the replaced head; that it has ours would prove nothing. */
async function holds(
  sql: Sql,
  run: PeerProgress,
  at: { readonly head: string; readonly target: string },
): Promise<boolean> {
  if (!(await isAncestor(sql, at.target, at.head))) return false;
  return run.replacing === null || !(await isAncestor(sql, run.replacing.head, at.head));
}

/** The end of an engine says nothing about the peer. */
function unverified(name: string, why: Failure): Failure {
  if (why.code === 'unverified' || why.code === 'engine-lost' || why.code === 'interrupted') return why;
  return new Failure(
    'unverified',
    `the push to ${name} returned, but reading the peer afterwards failed: ${why.message}`,
    {
      cause: why,
    },
  );
}
