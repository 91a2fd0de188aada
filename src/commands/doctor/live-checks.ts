import type { Configuration, Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { sortInboxes } from '../../sync/inbox.ts';
import type { DatabaseFacts } from '../database-facts.ts';
import { inboxNotices } from '../inbox-runs.ts';
import { hasIgnoredTables, liveNotice, withoutLive } from '../live-notices.ts';
import { untold, warned } from './check.ts';

const UNREAD = 'whether a push could empty tables there depends on `dolt_ignore`, and the database was not read';

/**
 * Peers of which a run would ask whether they are running databases, and deliveries that no run merges.
 * @param facts null: the database was not read
 */
export async function checkLive(
  peers: readonly Peer[],
  configuration: Configuration,
  facts: DatabaseFacts | null,
): Promise<readonly DoctorCheck[]> {
  const ignores = await hasIgnoredTables(configuration, async () => facts);
  return [...withoutLive(peers).flatMap((peer) => checkPeer(peer, ignores)), ...checkInbox(configuration, facts)];
}

function checkPeer(peer: Peer, ignores: boolean | null): readonly DoctorCheck[] {
  const subject = { check: 'live', peer: peer.name } as const;
  if (ignores === null) return [untold(subject, UNREAD, liveNotice(peer).hint)];
  return ignores ? [warned(subject, liveNotice(peer))] : [];
}

function checkInbox({ inbox }: Configuration, facts: DatabaseFacts | null): readonly DoctorCheck[] {
  const notices = inboxNotices(sortInboxes(facts?.branches ?? [], inbox.value));
  return notices.map((notice) => warned({ check: 'inbox' }, notice));
}
