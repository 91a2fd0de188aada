import type { Configuration, Peer } from '../config/configuration.ts';
import type { Role } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { suggestion } from '../core/suggestion.ts';

/** The selection of the user; an empty list selects all. */
interface Selection {
  readonly only: readonly string[];
  readonly onlyRoles: readonly Role[];
}

/**
 * The peers selected by name, by role, or both, in the order of the configuration.
 * @throws Failure `unknown-peer`
 */
export function selectPeers(configuration: Configuration, { only, onlyRoles }: Selection): readonly Peer[] {
  const known = new Set(configuration.peers.map((peer) => peer.name));
  const unknown = only.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const near = suggestion(unknown[0] ?? '', [...known]);
    // As in `git push origin main`.
    const isBranch = only.length === 2 && known.has(only[0] ?? '');
    const hint = isBranch ? 'Name only peers here. `--branch` names the branch.' : undefined;
    throw new Failure(
      'unknown-peer',
      `unknown peer ${unknown.join(', ')}; configured: ${[...known].join(', ') || 'none'}`,
      { hint: near === null ? hint : `Did you mean ${near}?` },
    );
  }
  return configuration.peers.filter(
    ({ name, role }) =>
      (only.length === 0 || only.includes(name)) && (onlyRoles.length === 0 || onlyRoles.includes(role)),
  );
}
