import type { Peer } from '../config/configuration.ts';
import { Failure, failureOf, toFailure } from '../core/failure.ts';
import { branchHead, trackingHead } from '../dolt/sql/heads.ts';
import { commitInfo, isAncestor } from '../dolt/sql/history.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { inboxSender } from '../sync/inbox.ts';
import { refuseBrokenRows } from '../sync/incoming/broken-rows.ts';
import { checkIncoming } from '../sync/incoming/check-incoming.ts';
import { futureLimit } from '../sync/incoming/check-peers.ts';
import { type PeerHead, sharedCommits } from '../sync/incoming/losses/shared-commits.ts';
import { readIncoming } from '../sync/incoming/read-incoming.ts';
import { untrustedChanges, withTrust } from '../sync/incoming/trust.ts';
import { refuseUnresolved } from '../sync/incoming/unresolved-commit.ts';
import { rightsOf } from '../sync/peer-actions.ts';
import type { ConflictsFile, UnresolvedMerge } from './conflicts-file.ts';

/** The remote and the branch under which the database tracks a peer; null: none. */
type TrackedAs = (peer: string) => { readonly remote: string; readonly branch: string } | null;

/**
 * Checks that a file matches the current heads.
 * @throws Failure `conflicts-stale` if our branch or a peer's fetched head differs or is missing
 */
export async function checkHeads(sql: Sql, { branch, merges }: ConflictsFile, trackedAs: TrackedAs): Promise<void> {
  const ours = await branchHead(sql, branch);
  for (const merge of merges) {
    const stale = (why: string): Failure => new Failure('conflicts-stale', why, { location: merge.at });
    if (ours === null) throw stale(`this database has no branch ${branch}`);
    const theirs =
      inboxSender(merge.peer) === null
        ? await fetchedHead(sql, merge.theirs, trackedAs(merge.peer))
        : await branchHead(sql, merge.peer);
    if (theirs === null) throw stale(`this database has fetched nothing from ${merge.peer}`);
    if (theirs !== merge.theirs) {
      throw stale(`the file was written when ${merge.peer} was at ${merge.theirs}, but it is now at ${theirs}`);
    }
    if (await isAncestor(sql, theirs, ours)) throw stale(`${theirs} of ${merge.peer} is already merged`);
    if (ours !== merge.ours)
      throw stale(`the file was written when ${branch} was at ${merge.ours}, but it is now at ${ours}`);
  }
}

/**
 * Refuses merges with peers whose role has changed since the file was written.
 * @throws Failure `conflicts-stale`
 */
export function refuseCopies({ merges }: ConflictsFile, peers: readonly Pick<Peer, 'name' | 'role'>[]): void {
  const copies = new Map(peers.flatMap(({ name, role }) => (rightsOf(role).pull ? [] : [[name, role] as const])));
  for (const { peer, at } of merges) {
    const role = copies.get(peer);
    if (role === undefined) continue;
    const message = `the conflicts file names ${peer}, which has the role ${role} now: its commits are never merged`;
    throw new Failure('conflicts-stale', message, { location: at });
  }
}

/** The heads of peers that were fetched or pushed to. */
export async function trackedHeads(
  sql: Sql,
  peers: readonly Pick<Peer, 'name'>[],
  trackedAs: TrackedAs,
): Promise<PeerHead[]> {
  const found: PeerHead[] = [];
  for (const { name } of peers) {
    const tracked = trackedAs(name);
    const head = tracked === null ? null : await trackingHead(sql, tracked);
    if (head !== null) found.push({ head, peer: name });
  }
  return found;
}

/** Without a tracking ref, search the head that the file names: a fetch left it here unless it was collected since. */
async function fetchedHead(
  sql: Sql,
  named: string,
  tracked: { readonly remote: string; readonly branch: string } | null,
): Promise<string | null> {
  if (tracked !== null) return await trackingHead(sql, tracked);
  return await commitInfo(sql, named).then(
    ({ hash }) => hash,
    (thrown: unknown) => {
      if (toFailure(thrown).code === 'interrupted') throw thrown;
      return null;
    },
  );
}

/**
 * Checks what each head would bring, as a run does: a head is not trusted because a file names it.
 * @param rules.branch our branch
 * @param rules.database what its program expects
 * @param rules.peerOf the settings of a peer, for what it may bring and whose rows it may change
 * @param rules.heads the heads of all peers, as they were fetched last
 * @param rules.maxDelete percent of a table's rows that a peer may delete at once
 * @throws Failure why a peer has to wait
 */
export async function checkMerges(
  sql: Database,
  merges: readonly UnresolvedMerge[],
  rules: {
    readonly branch: string;
    readonly database: DatabaseRules;
    readonly peerOf: (peer: string) => Pick<Peer, 'accept' | 'trust'> | undefined;
    readonly heads: readonly PeerHead[];
    readonly maxDelete: number;
  },
): Promise<void> {
  const { branch, maxDelete } = rules;
  const heads = [...rules.heads, ...merges.map(({ peer, theirs }) => ({ head: theirs, peer }))];
  for (const { peer, ours, theirs } of merges) {
    await sql.session((session) => refuseUnresolved(session, { head: ours, isOurs: true }));
    const shared = (await sharedCommits(sql, ours, heads)).get(theirs) ?? [];
    const bringing = { ours, theirs, branch, rules: rules.database, shared, maxDelete };
    const incoming = await sql.session((session) => readIncoming(session, bringing, futureLimit()));
    if (incoming === null) continue;
    const { accept, trust } = rules.peerOf(peer) ?? { accept: [], trust: null };
    const verdict = checkIncoming(incoming, { peer, accept, maxDelete });
    const untrusted = trust === null ? [] : await untrustedChanges(sql, { ours, theirs }, trust);
    const { failure } = withTrust(verdict, untrusted, peer);
    if (failure !== null) throw failureOf(inboxSender(peer) ?? peer, failure);
    await sql.session((session) => refuseBrokenRows(session, { ours, theirs }));
  }
}
