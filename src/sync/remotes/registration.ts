import type { Peer } from '../../config/configuration.ts';
import { quoteEndpoint } from '../../config/endpoint/text.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import type { Logger } from '../../core/logger.ts';
import { markRun, runOf } from '../../core/run-mark.ts';
import { remoteAddress } from '../../dolt/remote-address.ts';
import { trackingHead, trackingRefs } from '../../dolt/sql/heads.ts';
import {
  addRemote,
  listBackups,
  listRemotes,
  type Remote,
  removeRemote,
  setUpstream,
  type Upstream,
  upstreamsOf,
} from '../../dolt/sql/remotes.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { RegisteredRemote } from '../peer-plan.ts';
import { peerAddresses } from './peer-addresses.ts';
import {
  isRecorded,
  type KnownRemotes,
  type PeerRemote,
  planRemote,
  type Registering,
  type RemotePlan,
} from './remote-plan.ts';
import { type RemoteRecords, readRemoteRecords, writeRemoteRecords } from './remote-records.ts';
import { type DifferingRemote, unreported } from './reported-remotes.ts';

/** How the peers of a run are registered as remotes. */
export interface Registration {
  /** Folder of the database. */
  readonly path: string;
  readonly registering: Registering;
  /** Whether remotes that dolt-federation did not add may be repointed. */
  readonly fix: boolean;
  /** The names of all configured peers. */
  readonly peers: readonly string[];
  readonly log: Pick<Logger, 'info'>;
  readonly notify: (notice: Diagnostic) => void;
}

/** The registered remotes, and what `releaseRemotes` has to undo. */
export interface Registered {
  /** The remote of each peer, by the name of the peer. */
  readonly remotes: ReadonlyMap<string, RegisteredRemote>;
  /** Why a peer could not be registered, by its name; only this peer fails. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** The upstreams of local branches before a remote was repointed. */
  readonly upstreams: readonly Upstream[];
}

/** A remote that a run needs for a peer. */
export type WantedRemote = Omit<PeerRemote, 'address'>;

/**
 * Registers these peers as remotes. Each addition is recorded first, so that the next run can remove what a killed run
 * leaves.
 */
export async function registerPeers(
  sql: Sql,
  wanted: readonly WantedRemote[],
  registration: Registration,
): Promise<Registered> {
  const { records: noted, warning } = await readRemoteRecords(registration.path);
  if (warning !== null) registration.notify(unusable(warning));
  let records: RemoteRecords = await removeLeftovers(sql, registration.path, noted);
  const remotes = new Map<string, RegisteredRemote>();
  const failures = new Map<string, Failure>();
  const upstreams: Upstream[] = [];
  const differing: Differing[] = [];
  if (wanted.length === 0) return { remotes, failures, upstreams };
  const backups = await withAddresses(await listBackups(sql));
  for (const { peer, url, ref } of wanted) {
    try {
      const known: KnownRemotes = {
        remotes: await withAddresses(await listRemotes(sql)),
        backups,
        records,
        peers: registration.peers,
      };
      const plan = planRemote({ peer, url, ref, address: await remoteAddress(url) }, known, registration);
      if (plan.kind !== 'use') {
        const run = plan.lasting ? null : markRun();
        records = new Map([...records, [plan.remote, { peer, url, ref, run }]]);
        await writeRemoteRecords(registration.path, records);
      }
      upstreams.push(...(await carryOut(sql, { name: plan.remote, url, ref }, plan)));
      remotes.set(peer, { name: plan.remote, url, stays: plan.lasting });
      report(url, { plan, registration });
      if (plan.kind !== 'repoint' && plan.other !== null)
        differing.push({ peer, url, other: plan.other, remote: plan.remote });
    } catch (thrown) {
      failures.set(peer, toFailure(thrown));
    }
  }
  await reportDiffering(differing, registration);
  return { remotes, failures, upstreams };
}

async function withAddresses<T extends { readonly url: string }>(
  all: readonly T[],
): Promise<(T & { address: string })[]> {
  return await Promise.all(all.map(async (one) => ({ ...one, address: await remoteAddress(one.url) })));
}

/** @returns the upstreams of local branches before the change */
async function carryOut(sql: Sql, remote: Remote, { kind }: RemotePlan): Promise<readonly Upstream[]> {
  switch (kind) {
    case 'use':
      return [];
    case 'add':
      await addRemote(sql, remote);
      return [];
    case 'repoint': {
      // This also drops the tracking refs of the old address, which do not apply to the new one.
      const upstreams = await upstreamsOf(sql, remote.name);
      await removeRemote(sql, remote.name);
      await addRemote(sql, remote);
      return upstreams;
    }
  }
}

function report(
  url: string,
  { plan, registration }: { readonly plan: RemotePlan; readonly registration: Registration },
): void {
  const { kind, remote, other, lasting } = plan;
  if (kind === 'add' && registration.registering !== 'read') {
    registration.log.info(`registered remote ${remote} -> ${url}${lasting ? '' : ' for this run'}`);
  }
  if (other === null || kind !== 'repoint') return;
  // The address may contain a password.
  const message = `remote ${remote} changed from ${quoteEndpoint(other.url)} to ${quoteEndpoint(url)} to match the configuration`;
  registration.notify({ severity: 'notice', code: 'remote-corrected', message });
}

interface Differing extends DifferingRemote {
  /** The remote that the peer uses. */
  readonly remote: string;
}

/** A run that writes reports each such remote once; `status` and a dry run always do. */
async function reportDiffering(differing: readonly Differing[], registration: Registration): Promise<void> {
  const toReport = registration.registering === 'read' ? differing : await unreported(registration.path, differing);
  for (const { peer, url, other, remote } of toReport) {
    const name = registration.registering === 'read' ? `dolt-federation-${peer}` : remote;
    const message = `the remote ${other.name} of the database points to ${quoteEndpoint(other.url)}, not to ${quoteEndpoint(url)}: it was not changed, and ${peer} uses the remote ${name}`;
    registration.notify({ severity: 'notice', code: 'remote-differs', message });
  }
}

function unusable(warning: string): Diagnostic {
  return { severity: 'warning', code: 'memory-unusable', message: warning };
}

/**
 * Removes the remotes that dead runs added temporarily to a database that a server holds now.
 * @param path the folder of the database, which has the records
 */
export async function removeLeftRemotes(sql: Sql, path: string): Promise<void> {
  await removeLeftovers(sql, path, (await readRemoteRecords(path)).records);
}

/** Removes the remotes that dead runs added temporarily. */
async function removeLeftovers(sql: Sql, path: string, records: RemoteRecords): Promise<RemoteRecords> {
  const ended = (run: string | null): boolean => run !== null && runOf(run) !== 'other';
  if (![...records.values()].some(({ run }) => ended(run))) return records;
  return await removeNoted(sql, { path, records }, ended);
}

async function removeNoted(
  sql: Sql,
  { path, records }: { readonly path: string; readonly records: RemoteRecords },
  isGone: (run: string | null) => boolean,
): Promise<RemoteRecords> {
  const known = new Map((await listRemotes(sql)).map((remote) => [remote.name, remote]));
  const kept = new Map(records);
  for (const [name, record] of records) {
    if (!isGone(record.run)) continue;
    const remote = known.get(name);
    if (remote !== undefined && isRecorded(remote, record)) await removeRemote(sql, name);
    kept.delete(name);
  }
  await writeRemoteRecords(path, kept);
  return kept;
}

/**
 * Undoes temporary changes at the end of a run: removes the remotes that it added, with their tracking refs, and
 * restores the upstreams of local branches.
 */
export async function releaseRemotes(
  sql: Sql,
  path: string,
  { upstreams }: Pick<Registered, 'upstreams'>,
): Promise<void> {
  const { records } = await readRemoteRecords(path);
  const isOurs = (run: string | null): boolean => run !== null && runOf(run) === 'this';
  if ([...records.values()].some(({ run }) => isOurs(run))) await removeNoted(sql, { path, records }, isOurs);
  for (const upstream of upstreams) {
    const at = { remote: upstream.remote, branch: upstream.follows };
    if ((await trackingHead(sql, at)) !== null) await setUpstream(sql, upstream);
  }
}

/** The result of `forgetPeer`. */
interface Forgotten {
  readonly removed: readonly string[];
  /** Number of tracking branches that the removed remotes had. */
  readonly branches: number;
  /** Whether a remote of the peer's name stays, because dolt-federation did not add it. */
  readonly stays: boolean;
}

/**
 * Removes the remotes of a peer that is no longer configured, with their tracking branches, if dolt-federation added
 * them.
 */
export async function forgetPeer(sql: Sql, path: string, peer: string): Promise<Forgotten> {
  const { records } = await readRemoteRecords(path);
  const kept = new Map(records);
  const removed: string[] = [];
  let stays = false;
  const before = (await trackingRefs(sql)).size;
  for (const remote of await listRemotes(sql)) {
    const record = records.get(remote.name);
    if (record?.peer === peer && isRecorded(remote, record)) {
      await removeRemote(sql, remote.name);
      kept.delete(remote.name);
      removed.push(remote.name);
    } else if (remote.name === peer) stays = true;
  }
  if (kept.size !== records.size) await writeRemoteRecords(path, kept);
  return { removed, branches: before - (await trackingRefs(sql)).size, stays };
}

/** The remotes that the database keeps for peers, by peer name; others are absent. */
export async function remotesOf(
  sql: Sql,
  path: string,
  peers: readonly Pick<Peer, 'name' | 'endpoint' | 'aws'>[],
): Promise<ReadonlyMap<string, string>> {
  const { records } = await readRemoteRecords(path);
  const all = await withAddresses(await listRemotes(sql));
  const found = new Map<string, string>();
  for (const { name: peer, ...place } of peers) {
    const addresses = await peerAddresses(place);
    const remote = all.find((one) => {
      const record = records.get(one.name);
      const isNamed = one.name === peer && addresses.includes(one.address);
      return record === undefined ? isNamed : record.peer === peer && record.run === null && isRecorded(one, record);
    });
    if (remote !== undefined) found.set(peer, remote.name);
  }
  return found;
}

/** The warning about temporary remotes that could not be removed. */
export function unreleased(thrown: unknown): Diagnostic {
  const { code, message } = toFailure(thrown);
  return {
    severity: 'warning',
    code,
    message: `the remotes that this run added for itself were not removed: ${message}`,
    hint: 'The next run removes them.',
  };
}
