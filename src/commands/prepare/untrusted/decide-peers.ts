import { differingSettings, type PeerSetting } from '../../../config/compare/configurations.ts';
import type { Peer } from '../../../config/configuration.ts';
import type { NotContacted } from '../../../contract/result.ts';

/** The effect of a changed setting on a run whose event may not write. */
type Effect =
  /** It decides what is reached and with what: the peer is not contacted. */
  | 'contact'
  /** It decides what a merge accepts: the plan keeps the value of the default branch. */
  | 'kept'
  /** It only decides what would be done: the plan uses the proposed value. */
  | 'planned';

const EFFECTS: Readonly<Record<PeerSetting, Effect>> = {
  endpoint: 'contact',
  tier: 'contact',
  aws: 'contact',
  branch: 'contact',
  ref: 'contact',
  user: 'contact',
  'allowed-hosts': 'contact',
  accept: 'kept',
  trust: 'kept',
  role: 'planned',
  conflict: 'planned',
  live: 'planned',
  timeout: 'planned',
};

/** The decision of a run that may not write about a peer of a proposed configuration. */
export type PeerDecision =
  | {
      readonly kind: 'contacted';
      /** As the plan uses it. */
      readonly peer: Peer;
      /** Settings that differ, for which the plan keeps the value of the default branch. */
      readonly kept: readonly PeerSetting[];
      /** Whether it is the primary, and was it before. */
      readonly isPrimary: boolean;
    }
  | { readonly kind: 'offline'; readonly peer: Peer; readonly notContacted: NotContacted };

/**
 * Decides which peers of a proposed configuration may be contacted: those that every known configuration has, with the
 * same settings as far as these decide where a request goes. Pure.
 * @param known peers of the default branch, then those of the base of the change if there is one
 */
export function decidePeers(
  proposed: readonly Peer[],
  known: readonly [readonly Peer[], ...(readonly Peer[])[]],
  { ownWorkflow }: { readonly ownWorkflow: boolean },
): readonly PeerDecision[] {
  return proposed.map((peer): PeerDecision => {
    const offline = (reason: NotContacted['reason'], settings: readonly PeerSetting[] = []): PeerDecision => ({
      kind: 'offline',
      peer,
      notContacted: { reason, settings: [...settings] },
    });
    if (isLocal(peer)) return offline('local');
    const isOfFile = peer.origin.layer === 'file' || peer.origin.layer === 'default';
    if (!isOfFile && !ownWorkflow) return offline('workflow');
    const before = known.map((peers) => peers.find(({ name }) => name === peer.name));
    const same = before.filter((one) => one !== undefined);
    const [trusted] = same;
    if (trusted === undefined || same.length < before.length) return offline('new');
    const differing = [...new Set(same.flatMap((one) => differingSettings(one, peer)))];
    const moved = differing.filter((setting) => EFFECTS[setting] === 'contact');
    if (moved.length > 0) return offline('changed', moved);
    return {
      kind: 'contacted',
      peer: plannedPeer(trusted, peer),
      kept: differing.filter((setting) => EFFECTS[setting] === 'kept'),
      isPrimary: [peer, ...same].every(({ role }) => role === 'primary'),
    };
  });
}

/** The peer of the default branch, with the proposed settings that cannot reach anything else. */
function plannedPeer(trusted: Peer, { role, strategy, live, timeout, origin }: Peer): Peer {
  return { ...trusted, role, strategy, live, timeout, origin };
}

/** Whether an endpoint is on this machine by its form: a folder, or a git repository in one. */
function isLocal({ endpoint: { kind, dolt } }: Peer): boolean {
  return kind === 'file' || /^(git\+)?file:/i.test(dolt);
}
