import type { Configuration, Peer } from '../config/configuration.ts';
import type { Role } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';

/** What a user named; an empty list narrows nothing. */
interface Selection {
  readonly only: readonly string[];
  readonly onlyRoles: readonly Role[];
}

/**
 * The peers that a user asked for by name, by role, or by both, in the order of the configuration.
 * @throws Failure `unknown-peer`
 */
export function selectPeers(configuration: Configuration, { only, onlyRoles }: Selection): readonly Peer[] {
  const known = new Set(configuration.peers.map((peer) => peer.name));
  const unknown = only.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Failure(
      'unknown-peer',
      `no peer is called ${unknown.join(', ')}; configured: ${[...known].join(', ') || 'none'}`,
    );
  }
  return configuration.peers.filter(
    ({ name, role }) =>
      (only.length === 0 || only.includes(name)) && (onlyRoles.length === 0 || onlyRoles.includes(role)),
  );
}
