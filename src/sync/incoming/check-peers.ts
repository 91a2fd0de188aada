import { type Failure, toFailure } from '../../core/failure.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { isChecked } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { readAttribution } from './attribution.ts';
import { checkIncoming } from './check-incoming.ts';
import type { IncomingChanges } from './incoming-changes.ts';
import { readIncoming } from './read-incoming.ts';
import { refuseOwnLosses } from './refuse-own-losses.ts';
import { untrustedChanges, withTrust } from './trust.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Checks what each peer's head would bring before any head is merged or fast-forwarded to, and records refusals in their
 * progress. A head that several peers share is checked once; an unchanged head is not checked again.
 * @throws Failure `engine-lost` if the engine ended; the remaining heads are still unchecked
 */
export async function checkPeers(
  context: SyncContext,
  { ours }: LocalHead,
  engine: Engine,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  const { branch, limits, maxDelete, rules } = context;
  const checked = allProgress.filter((progress) => isChecked(progress) && progress.checkedHead !== progress.head);
  await refuseOwnLosses(context, engine, checked, ours);
  const limit = futureLimit();
  const reads = new Map<string, Promise<IncomingChanges | null>>();
  const read = (theirs: string): Promise<IncomingChanges | null> => {
    const heads = { ours, theirs, branch, rules };
    const found =
      reads.get(theirs) ?? engine.operation(limits.of('checking'), NOWHERE, (sql) => readIncoming(sql, heads, limit));
    reads.set(theirs, found);
    return found;
  };
  let lost: Failure | null = null;
  const checkOne = async (progress: PeerProgress): Promise<void> => {
    if (
      progress.head === null ||
      progress.failure !== null ||
      progress.head === progress.checkedHead ||
      !isChecked(progress)
    )
      return;
    try {
      if (lost !== null) throw lost;
      const incoming = await read(progress.head);
      if (incoming === null) return progress.checked(null);
      const { accept, name, trust } = progress.peer;
      const verdict = checkIncoming(incoming, { peer: name, accept, maxDelete });
      const heads = { ours, theirs: progress.head };
      const untrusted =
        trust === null
          ? []
          : await engine.operation(limits.of('checking'), NOWHERE, (sql) => untrustedChanges(sql, heads, trust));
      const work = (sql: Sql) => readAttribution(sql, heads);
      const counts = context.attribution !== 'off';
      const attribution = counts ? await engine.operation(limits.of('checking'), NOWHERE, work) : null;
      progress.checked(withTrust(verdict, untrusted, name), attribution);
    } catch (thrown) {
      const failure = toFailure(thrown);
      const isGuilty = limits.checksSingly && lost === null;
      if (failure.code === 'engine-lost') lost ??= failure;
      if (failure.code !== 'engine-lost' || isGuilty) progress.fail(engine.memoryFailure() ?? failure);
    }
  };
  if (limits.checksSingly) for (const progress of allProgress) await checkOne(progress);
  else await Promise.all(allProgress.map(checkOne));
  if (lost === null) return;
  limits.recordLostCheck();
  throw lost;
}

/** The latest time that does not count as future, `YYYY-MM-DD HH:MM:SS` in UTC. Clocks differ, but not by a day. */
export function futureLimit(): string {
  return new Date(Date.now() + DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
}
