import type { Peer } from '../../config/configuration.ts';
import { possibleUrls } from '../../config/endpoint/dolt-url.ts';
import { remoteAddress } from '../../dolt/remote-address.ts';

/**
 * The addresses that a remote or a backup of the database can have if it is at the place of a peer. A run, which has
 * asked its Dolt, knows the one; everything else compares with all of them.
 */
export async function peerAddresses(peer: Pick<Peer, 'endpoint' | 'aws'>): Promise<readonly string[]> {
  return await Promise.all(possibleUrls(peer).map(remoteAddress));
}
