import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Peer } from '../../../config/configuration.ts';
import type { Env } from '../../../core/env.ts';
import type { Credential } from '../../../credentials/credential.ts';
import { peerReach } from '../../../credentials/peer-reach.ts';
import { isLocalAddress } from '../../../egress/dial.ts';
import { canonicalHost } from '../../../egress/host-rule.ts';

/**
 * The first host of a peer that is this machine or on its link, by its address or by an address of its name. The proxy of
 * the engine checks each address again when it connects; ssh does not use it, so its host is only checked here.
 * @returns null: none is known to be
 */
export async function localHostOf(peer: Peer, credential: Credential | null, env: Env): Promise<string | null> {
  const named = peerReach(peer, credential, env).flatMap(({ host }) => (typeof host === 'string' ? [host] : []));
  for (const host of new Set([...named, ...sshHost(peer)])) {
    if ((await addressesOf(host)).some(isLocalAddress)) return host;
  }
  return null;
}

function sshHost({ endpoint: { dolt } }: Peer): readonly string[] {
  const url = dolt.replace(/^git\+/i, '');
  return /^ssh:/i.test(url) && URL.canParse(url) ? [canonicalHost(new URL(url).hostname)] : [];
}

/** None for a name that does not resolve: only a proxy of the job may know it. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
