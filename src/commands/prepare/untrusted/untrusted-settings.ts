import type { Configuration, Peer } from '../../../config/configuration.ts';
import type { NotContacted } from '../../../contract/result.ts';
import { asWarning, type Diagnostic } from '../../../core/diagnostic.ts';
import { toFailure } from '../../../core/failure.ts';
import type { Credentials } from '../../../credentials/credential.ts';
import { loadCredentialsOf } from '../../../credentials/load.ts';
import { ownRepository } from '../../../credentials/providers/git.ts';
import type { Context } from '../../context.ts';
import type { SyncRequest } from '../../request.ts';
import type { SyncSettings } from '../sync-settings.ts';
import { decidePeers, type PeerDecision } from './decide-peers.ts';
import { type Known, readKnownConfigurations } from './known-configurations.ts';
import { ignoredBootstrap, keptNotices, offlineNotices, planNotice, withoutPlanNotice } from './notices.ts';
import { resolveHosts } from './resolve-hosts.ts';

/** A peer that a run on an event that may not write leaves alone. */
export interface OfflinePeer {
  readonly peer: Peer;
  readonly notContacted: NotContacted;
}

type Contacted = Extract<PeerDecision, { kind: 'contacted' }>;

/**
 * The request of a run on an event that may not write. If the workflow may come from the change, it does not choose
 * the peer to clone: only a primary may be, which the default branch names.
 */
export function planRequest<R extends SyncRequest>(request: R, { ownWorkflow }: Context): R {
  return ownWorkflow === true ? request : { ...request, bootstrap: undefined };
}

/**
 * The settings of a run on an event that may not write: the configuration of the default branch, with the peers that
 * may be contacted. They are chosen before any credential is read. The peer to clone counts also if it was not
 * selected.
 * @param proposed the configuration of the checkout, and its selected peers
 */
export async function untrustedSettings(
  asked: SyncRequest,
  context: Context,
  proposed: { readonly configuration: Configuration; readonly peers: readonly Peer[] },
): Promise<Omit<SyncSettings, 'leg' | 'cachesDatabase'>> {
  const request = planRequest(asked, context);
  const { configuration, peers } = proposed;
  const known = await readKnownConfigurations(request.overrides, context);
  if (known.kind === 'unread') {
    const offline = offlinePeers(peers, 'unread');
    const { reason, hint } = known;
    const notices = [withoutPlanNotice(`there is no configuration to compare with: ${reason}`, hint)];
    return { configuration: { ...configuration, peers: [] }, peers: [], credentials: new Map(), notices, offline };
  }
  const { ownWorkflow = false } = context;
  const isSelected = ({ name }: Peer): boolean => peers.some((peer) => peer.name === name);
  const needed = configuration.peers.filter((peer) => isSelected(peer) || isSource(peer, request));
  const decisions = decidePeers(needed, peersOf(known), { ownWorkflow });
  const same = decisions.filter((one) => one.kind === 'contacted');
  const { credentials, unreadable, problems } = await credentialsOf(same, request, context);
  const { left, sshAddresses } = await resolveAll(same, { credentials, unreadable }, request, context);
  const contacted = same.filter(({ peer }) => !left.some((one) => one.peer.name === peer.name));
  const all = [...decisions.filter((one) => one.kind === 'offline'), ...left];
  const offline = all.filter(({ peer }) => isSelected(peer));
  const planned = plannedConfiguration(known, configuration, contacted);
  const selected = planned.peers.filter(isSelected);
  const from = sourceOf(contacted, request);
  const about = [...ignoredBootstrap(asked, request, configuration), ...problems, ...offlineNotices(all)];
  if (from === null || selected.length === 0) {
    return {
      configuration: { ...planned, peers: [] },
      peers: [],
      credentials: new Map(),
      notices: [withoutPlanNotice(whyWithout(selected)), ...about],
      offline: [...offline, ...offlinePeers(selected, 'no-database')],
    };
  }
  const notices = [planNotice(from), ...about, ...keptNotices(contacted)];
  return { configuration: planned, peers: selected, credentials, sshAddresses, notices, offline };
}

function whyWithout(contacted: readonly Peer[]): string {
  return contacted.length === 0
    ? 'no peer may be contacted'
    : 'a plan needs a clone of the primary, and no primary may be contacted';
}

/** Peers that are not contacted for the same reason, which is not a difference of their settings. */
export function offlinePeers(peers: readonly Peer[], reason: NotContacted['reason']): readonly OfflinePeer[] {
  return peers.map((peer) => ({ peer, notContacted: { reason, settings: [] } }));
}

function peersOf({ ofDefaultBranch, ofBase }: Extract<Known, { kind: 'read' }>) {
  return [ofDefaultBranch.peers, ...(ofBase === null ? [] : [ofBase.peers])] as const;
}

/** Whether a peer is the one to clone: the one that `bootstrap` names, else the primary. */
function isSource({ name, role }: Peer, { bootstrap }: SyncRequest): boolean {
  return bootstrap === undefined ? role === 'primary' : name === bootstrap;
}

/** The peer to clone. A primary must have been it before. */
function sourceOf(contacted: readonly Contacted[], request: SyncRequest): Peer | null {
  const found = contacted.find(
    ({ peer, isPrimary }) => isSource(peer, request) && (request.bootstrap !== undefined || isPrimary),
  );
  return found?.peer ?? null;
}

/**
 * The configuration of a plan. Settings that widen what is merged or reached are those of the default branch. A
 * database or a server that a file names is never used.
 */
function plannedConfiguration(
  { ofDefaultBranch }: Extract<Known, { kind: 'read' }>,
  { file, syncMode, strategy, town, push }: Configuration,
  contacted: readonly Contacted[],
): Configuration {
  const none = { value: null, origin: { layer: 'default' } } as const;
  return {
    ...ofDefaultBranch,
    ...{ file, syncMode, strategy, town, push },
    ...{ workspace: null, redirect: null, bdEnv: {}, database: none, server: none },
    peers: contacted.map(({ peer }) => peer),
  };
}

interface GivenCredentials {
  readonly credentials: Credentials;
  readonly unreadable: ReadonlySet<string>;
}

/** The credentials of these peers. If they cannot be read at all, each of the peers may need one. */
async function credentialsOf(
  contacted: readonly Contacted[],
  request: SyncRequest,
  context: Context,
): Promise<GivenCredentials & { readonly problems: readonly Diagnostic[] }> {
  const names = new Set(contacted.map(({ peer }) => peer.name));
  if (names.size === 0) return { credentials: new Map(), unreadable: names, problems: [] };
  try {
    return { ...(await loadCredentialsOf(names, request.credentials, context)), problems: [] };
  } catch (thrown) {
    return { credentials: new Map(), unreadable: names, problems: [asWarning(toFailure(thrown))] };
  }
}

/** The peers that are the same and still not contacted, and the addresses for ssh of the others. */
async function resolveAll(
  same: readonly Contacted[],
  { credentials, unreadable }: GivenCredentials,
  { dolt: { githubToken } }: SyncRequest,
  { env }: Context,
): Promise<{ readonly left: readonly OfflinePeer[] } & Required<Pick<SyncSettings, 'sshAddresses'>>> {
  const peers = same.map(({ peer }) => peer);
  const readable = peers.filter(({ name }) => !unreadable.has(name));
  const resolved = await Promise.all(
    readable.map(async (peer) => {
      const credential = credentials.get(peer.name) ?? ownRepository(peer, env, githubToken);
      return { peer, hosts: await resolveHosts(peer, credential, env) };
    }),
  );
  const local = resolved.flatMap(({ peer, hosts }) => (hosts.kind === 'local' ? [peer] : []));
  const sshAddresses = resolved.flatMap(({ peer, hosts }) =>
    hosts.kind === 'remote' && hosts.ssh !== undefined ? [[peer.name, hosts.ssh] as const] : [],
  );
  return {
    left: [
      ...offlinePeers(
        peers.filter(({ name }) => unreadable.has(name)),
        'credential',
      ),
      ...offlinePeers(local, 'local'),
    ],
    sshAddresses: new Map(sshAddresses),
  };
}
