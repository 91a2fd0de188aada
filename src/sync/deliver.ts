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
  run: PeerProgress,
  answerBy: AnswerBy | null,
): Promise<void> {
  const { delivery } = run;
  if (delivery === null) return;
  try {
    run.readInbox(await readInbox(context, engine, run, { branch: delivery.branch, answerBy }));
    const verdict = await verdictOn(engine.database, run, local.ours);
    if (verdict === 'delivered' || verdict === 'rewritten') run.foundInInbox(verdict);
  } catch (thrown) {
    if (thrown instanceof LateAnswer) throw thrown;
    run.unreachable(toFailure(thrown));
  }
}

/** @returns null if the peer has no such branch */
async function readInbox(
  context: SyncContext,
  engine: Engine,
  run: PeerProgress,
  inbox: { readonly branch: string; readonly answerBy: AnswerBy | null },
): Promise<string | null> {
  try {
    return await readPeer(context, engine, run, inbox);
  } catch (thrown) {
    if (thrown instanceof LateAnswer) throw thrown;
    const { code } = toFailure(thrown);
    if (code !== 'branch-missing' && code !== 'remote-empty') throw thrown;
    await forgetTracking(engine.database, { remote: run.remote, branch: inbox.branch });
    return null;
  }
}

async function verdictOn(sql: Sql, run: PeerProgress, commit: string): Promise<DeliveryVerdict> {
  const inbox = run.delivery?.head ?? null;
  const contains = async (head: string | null, wanted: string) =>
    head !== null && (await isAncestor(sql, wanted, head));
  return deliveryVerdict({
    inBranch: await contains(run.head, commit),
    inInbox: await contains(inbox, commit),
    containsInbox: inbox === null || (await isAncestor(sql, inbox, commit)),
    inboxMerged: inbox !== null && (await contains(run.head, inbox)),
  });
}

/** The plan for a delivery: how many commits it would send; null if none. */
export async function plannedDelivery(sql: Sql, run: PeerProgress, target: string): Promise<number | null> {
  if ((await verdictOn(sql, run, target)) !== 'deliver') return null;
  return await countReachable(sql, target, headsAtPeer(run));
}

/** Pushes to our inbox branch at a running database, fast-forward only; its own branch is never pushed to. */
export async function deliver(
  context: SyncContext,
  publication: Publication,
  engine: Engine,
  run: PeerProgress,
): Promise<Pushed> {
  const { target } = publication;
  const { delivery } = run;
  if (delivery === null)
    throw new Failure('config-invalid', `${run.peer.name} is live, and \`federation.town\` is not set`);
  const verdict = await verdictOn(engine.database, run, target);
  switch (verdict) {
    case 'received':
    case 'delivered':
      run.verify();
      if (verdict === 'delivered') run.foundInInbox('delivered');
      return { kind: 'done' };
    case 'pull-first':
      run.fail(
        new Failure(
          'non-fast-forward',
          `${run.peer.name} merged ${delivery.branch} but did not remove it, and this database does not have that merge`,
          { hint: 'Run `sync` or `pull` first to get the merge.' },
        ),
      );
      return { kind: 'done' };
    case 'rewritten':
      run.foundInInbox('rewritten');
      run.fail(rewritten(run.peer.name, delivery));
      return { kind: 'done' };
    case 'deliver': {
      const commits = await sendBranch(context, publication, engine, run, delivery.branch);
      return { kind: 'unproven', commits };
    }
  }
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
  run: PeerProgress,
): Promise<string | null> {
  const { delivery } = run;
  if (delivery === null) return null;
  const sql = engine.database;
  const inbox = await readInbox(context, engine, run, { branch: delivery.branch, answerBy: null });
  run.readInbox(inbox);
  if (inbox !== null && (await isAncestor(sql, target, inbox))) {
    run.foundInInbox('delivered');
    return inbox;
  }
  const head = await readPeer(context, engine, run);
  if (head === null || !(await isAncestor(sql, target, head))) return null;
  run.foundMerged(head, head === target);
  return head;
}
