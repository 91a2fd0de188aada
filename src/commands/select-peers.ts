import type { Configuration, Peer } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';

/**
 * The peers that a user named, in the order of the configuration; all of them where none was named.
 * @throws Failure `unknown-peer`
 */
export function selectPeers(configuration: Configuration, only: readonly string[]): readonly Peer[] {
  const known = new Set(configuration.peers.map((peer) => peer.name));
  const unknown = only.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Failure(
      'unknown-peer',
      `no peer is called ${unknown.join(', ')}; configured: ${[...known].join(', ') || 'none'}`,
    );
  }
  return only.length === 0 ? configuration.peers : configuration.peers.filter((peer) => only.includes(peer.name));
}
