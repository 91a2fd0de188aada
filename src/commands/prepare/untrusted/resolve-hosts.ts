import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Peer } from '../../../config/configuration.ts';
import type { Env } from '../../../core/env.ts';
import type { Credential } from '../../../credentials/credential.ts';
import { peerReach } from '../../../credentials/peer-reach.ts';
import { sshUrl } from '../../../credentials/providers/ssh.ts';
import { isLocalAddress } from '../../../egress/dial.ts';
import { canonicalHost } from '../../../egress/host-rule.ts';

/** Whether the hosts of a peer are local. */
export type PeerHosts =
  /** The first host that is this machine or on its link, by its address or by an address of its name. */
  | { readonly kind: 'local'; readonly host: string }
  /**
   * No host is known to be. `ssh`: the address to which ssh must connect; null: its name does not resolve; undefined:
   * the endpoint names no host of ssh, or its address.
   */
  | { readonly kind: 'remote'; readonly ssh?: string | null };

/**
 * Resolves the hosts of a peer. The proxy of the engine checks each address again when it connects. ssh does not use
 * the proxy, so it must use the address that was checked here.
 */
export async function resolveHosts(peer: Peer, credential: Credential | null, env: Env): Promise<PeerHosts> {
  const named = peerReach(peer, credential, env).flatMap(({ host }) => (typeof host === 'string' ? [host] : []));
  const url = sshUrl(peer.endpoint);
  const ssh = url === null ? null : canonicalHost(url.hostname);
  const found = new Map<string, readonly string[]>();
  for (const host of new Set([...named, ...(ssh === null ? [] : [ssh])])) {
    const addresses = await addressesOf(host);
    if (addresses.some(isLocalAddress)) return { kind: 'local', host };
    found.set(host, addresses);
  }
  if (ssh === null || isIP(ssh) !== 0) return { kind: 'remote' };
  return { kind: 'remote', ssh: found.get(ssh)?.[0] ?? null };
}

/** None for a name that does not resolve: only a proxy of the job may know it. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
