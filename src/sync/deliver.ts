import { Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { forgetTracking } from '../dolt/sql/heads.ts';
import { countReachable, isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { type DeliveryVerdict, deliveryVerdict } from './inbox.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { Publication, Pushed } from './push.ts';
import { readPeer } from './read-peer.ts';
import { headsAtPeer, sendBranch } from './send-branch.ts';
import type { LocalHead, SyncContext } from './sync-context.ts';
import { type AnswerBy, LateAnswer } from './time-limits.ts';

/** Reads our inbox branch at a running database and records whether it contains our head. */
export async function fetchDelivery(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  progress: PeerProgress,
  answerBy: AnswerBy | null,
): Promise<void> {
  const { delivery } = progress;
  if (delivery === null) return;
  try {
    progress.readInbox(await readInbox(context, engine, progress, { branch: delivery.branch, answerBy }));
    const verdict = await verdictOn(engine.database, progress, local.ours);
    if (verdict === 'delivered' || verdict === 'rewritten') progress.foundInInbox(verdict);
  } catch (thrown) {
    if (thrown instanceof LateAnswer) throw thrown;
    progress.unreachable(toFailure(thrown));
  }
}

/** @returns null if the peer has no such branch */
async function readInbox(
  context: SyncContext,
  engine: Engine,
  progress: PeerProgress,
  inbox: { readonly branch: string; readonly answerBy: AnswerBy | null },
): Promise<string | null> {
  try {
    return await readPeer(context, engine, progress, inbox);
  } catch (thrown) {
    if (thrown instanceof LateAnswer) throw thrown;
    const { code } = toFailure(thrown);
    if (code !== 'branch-missing' && code !== 'remote-empty') throw thrown;
    await forgetTracking(engine.database, { remote: progress.remote, branch: inbox.branch });
    return null;
  }
}

async function verdictOn(sql: Sql, progress: PeerProgress, commit: string): Promise<DeliveryVerdict> {
  const inbox = progress.delivery?.head ?? null;
  const contains = async (head: string | null, wanted: string) =>
    head !== null && (await isAncestor(sql, wanted, head));
  return deliveryVerdict({
    inBranch: await contains(progress.head, commit),
    inInbox: await contains(inbox, commit),
    containsInbox: inbox === null || (await isAncestor(sql, inbox, commit)),
    inboxMerged: inbox !== null && (await contains(progress.head, inbox)),
  });
}

/** The plan for a delivery: how many commits it would send; null if none. */
export async function plannedDelivery(sql: Sql, progress: PeerProgress, target: string): Promise<number | null> {
  if ((await verdictOn(sql, progress, target)) !== 'deliver') return null;
  return await countReachable(sql, target, headsAtPeer(progress));
}

/** Pushes to our inbox branch at a running database, fast-forward only; its own branch is never pushed to. */
export async function deliver(
  context: SyncContext,
  publication: Publication,
  engine: Engine,
  progress: PeerProgress,
): Promise<Pushed> {
  const { target } = publication;
  const { delivery } = progress;
  if (delivery === null)
    throw new Failure('config-invalid', `${progress.peer.name} is live, and \`federation.town\` is not set`, {
      hint: 'Set `federation.town` to a unique name, such as the name of the repository.',
    });
  const verdict = await verdictOn(engine.database, progress, target);
  switch (verdict) {
    case 'received':
    case 'delivered':
      progress.verify();
      if (verdict === 'delivered') progress.foundInInbox('delivered');
      return { kind: 'done' };
    case 'pull-first':
      progress.fail(
        new Failure(
          'non-fast-forward',
          `${progress.peer.name} merged ${delivery.branch} but did not remove it, and this database does not have that merge`,
          { hint: 'Run `sync` or `pull` first to get the merge.' },
        ),
      );
      return { kind: 'done' };
    case 'rewritten':
      progress.foundInInbox('rewritten');
      refuseRewrittenInbox(progress);
      return { kind: 'done' };
    case 'deliver': {
      const commits = await sendBranch(context, publication, engine, progress, delivery.branch);
      return { kind: 'unproven', commits };
    }
  }
}

/** Fails a running database whose inbox has commits that our history no longer contains. */
export function refuseRewrittenInbox(progress: PeerProgress): void {
  const { delivery, state, failure, peer } = progress;
  if (delivery === null || state !== 'rewritten' || failure !== null) return;
  progress.fail(rewritten(peer.name, delivery));
}

function rewritten(peer: string, { branch, head }: NonNullable<PeerProgress['delivery']>): Failure {
  return new Failure(
    'history-rewritten',
    `${branch} at ${peer} is at ${head}, which our history no longer contains; nothing was delivered`,
    {
      hint:
        'Ask the other side to merge that branch, then run again. If you do not want the commits there, remove the ' +
        `branch on the server with \`CALL DOLT_BRANCH('-D', '${branch}')\`, then run again. If two databases share one ` +
        '`federation.town`, give each its own name.',
    },
  );
}

/**
 * Whether a running database has the delivered commit: in our inbox branch, or in its own branch after a merge. Records
 * in the run where it was found.
 * @returns the head that contains it; null if none does
 */
export async function verifyDelivery(
  context: SyncContext,
  target: string,
  engine: Engine,
  progress: PeerProgress,
): Promise<string | null> {
  const { delivery } = progress;
  if (delivery === null) return null;
  const sql = engine.database;
  const inbox = await readInbox(context, engine, progress, { branch: delivery.branch, answerBy: null });
  progress.readInbox(inbox);
  if (inbox !== null && (await isAncestor(sql, target, inbox))) {
    progress.foundInInbox('delivered');
    return inbox;
  }
  const head = await readPeer(context, engine, progress);
  if (head === null || !(await isAncestor(sql, target, head))) return null;
  progress.foundMerged(head, head === target);
  return head;
}
