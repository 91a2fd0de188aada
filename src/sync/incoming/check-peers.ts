import { Failure, toFailure } from '../../core/failure.ts';
import { once } from '../../core/once.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { isOwnResult } from '../merge/own-result.ts';
import { isChecked } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { readAttribution } from './attribution.ts';
import { refuseBrokenRows } from './broken-rows.ts';
import { checkIncoming, type Verdict } from './check-incoming.ts';
import { headsOfRun, sharedCommits } from './losses/shared-commits.ts';
import { readIncoming } from './read-incoming.ts';
import { refuseOwnHead } from './refuse-own-head.ts';
import { untrustedChanges, withTrust } from './trust.ts';

/** The name for all peers that this run may have pushed to. */
const OF_THIS_RUN = 'reached by this run';
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Checks what each peer's head would bring before any head is merged or fast-forwarded to, and records refusals in their
 * progress. A head that several peers share is checked once; an unchanged head is not checked again.
 * @throws Failure `engine-lost` if the engine ended; the remaining heads are still unchecked
 */
export async function checkPeers(
  context: SyncContext,
  { ours, accepted }: LocalHead,
  engine: Engine,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  const { attribution, branch, limits, maxDelete, rules } = context;
  const unchecked = allProgress.filter((progress) => isChecked(progress) && progress.checkedHead !== progress.head);
  await refuseOwnHead(context, engine, unchecked, ours);
  const limit = futureLimit();
  const within = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    engine.operation(limits.of('checking'), NOWHERE, work);
  const all = [...headsOfRun(allProgress), ...accepted.map((head) => ({ head, peer: OF_THIS_RUN }))];
  const share = once((from: string) => within((sql) => sharedCommits(sql, from, all)));
  const headsFor = once(async (theirs: string) => ({
    ours: await comparedWith(engine, { ours, accepted }, theirs),
    theirs,
  }));
  const read = once(async (head: string) => {
    const heads = await headsFor(head);
    const shared = (await share(heads.ours)).get(head) ?? [];
    return await within((sql) => readIncoming(sql, { ...heads, branch, rules, shared, maxDelete }, limit));
  });
  const attribute = once(async (head: string) => {
    const heads = await headsFor(head);
    return await within((sql) => readAttribution(sql, heads));
  });
  // After the expressions of the head were checked, because its own checks are computed here.
  const verify = once(async (head: string) => {
    const heads = await headsFor(head);
    return await within((sql) => refuseBrokenRows(sql, heads));
  });
  const judge = async ({ peer }: PeerProgress, head: string): Promise<Verdict | null> => {
    const incoming = await read(head);
    if (incoming === null) return null;
    const { accept, name, trust } = peer;
    const verdict = checkIncoming(incoming, { peer: name, accept, maxDelete });
    if (verdict.failure === null) await verify(head);
    if (trust === null) return verdict;
    const heads = await headsFor(head);
    return withTrust(verdict, await within((sql) => untrustedChanges(sql, heads, trust)), name);
  };
  const passes = async (progress: PeerProgress, head: string) =>
    ((await judge(progress, head))?.failure ?? null) === null;
  const isOwn = once((head: string) => isOwnResult(context, engine, { ours, head, allProgress, passes }));
  let lost: Failure | null = null;
  const checkOne = async (progress: PeerProgress): Promise<void> => {
    const { head } = progress;
    if (head === null || progress.failure !== null) return;
    try {
      if (lost !== null) throw lost;
      const verdict = await judge(progress, head);
      if (verdict === null || (verdict.failure !== null && (await isOwn(head)))) return progress.checked(null);
      progress.checked(verdict, attribution === 'off' ? null : await attribute(head));
    } catch (thrown) {
      const failure = toFailure(thrown);
      const isGuilty = limits.checksSingly && lost === null;
      if (failure.code === 'engine-lost') lost ??= failure;
      if (failure.code !== 'engine-lost' || isGuilty) {
        const found = (await engine.endFailure(failure)) ?? failure;
        progress.fail(found.code === 'engine-lost' ? endedAlone(found) : found);
      }
    }
  };
  if (limits.checksSingly) for (const progress of unchecked) await checkOne(progress);
  else await Promise.all(unchecked.map(checkOne));
  if (lost === null) return;
  limits.recordLostCheck();
  throw lost;
}

/** A head that ended an engine of its own ends the next one, too. */
function endedAlone({ code, message, cause, values, toolText }: Failure): Failure {
  return new Failure(code, message, {
    hint: ENDS_ALONE,
    cause,
    values: values ?? undefined,
    toolText: toolText ?? undefined,
  });
}

const ENDS_ALONE =
  'Dolt ended when it read the changes of this peer alone, so another run ends in the same way unless the machine ran out of memory. Ask the operator of the peer to correct these changes or take them back: a VIRTUAL column or a functional index that Dolt cannot compute for a new value is a known cause. Or try another version of Dolt.';

/**
 * The commit with which a head is compared: our head, or the last commit of this run that was published and that the head
 * contains, or that contains it. Commits that we have sent to a peer are no change of that peer.
 */
async function comparedWith(
  { database }: Engine,
  { ours, accepted }: Pick<LocalHead, 'ours' | 'accepted'>,
  head: string,
): Promise<string> {
  for (const commit of accepted.toReversed()) {
    if ((await isAncestor(database, commit, head)) || (await isAncestor(database, head, commit))) return commit;
  }
  return ours;
}

/** The latest time that does not count as future, `YYYY-MM-DD HH:MM:SS` in UTC. Clocks differ, but not by a day. */
export function futureLimit(): string {
  return new Date(Date.now() + DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
}
