import type { Peer } from '../../config/configuration.ts';
import { doltUrl } from '../../config/dolt-url.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Capabilities } from '../../dolt/capabilities.ts';
import { fine, missing, refused, untold } from './check.ts';

/**
 * Whether this Dolt can merge as we do, and whether it has a way to every peer that depends on it.
 * @param capabilities null where there is no Dolt to ask
 * @param patterns `federation.allowed-remote-patterns`
 */
export function checkCapabilities(
  capabilities: Capabilities | null,
  peers: readonly Peer[],
  patterns: readonly string[],
): readonly DoctorCheck[] {
  const subject = { check: 'capabilities' } as const;
  if (capabilities === null) return [untold(subject, 'there is no Dolt to ask')];
  const { s3, committer } = capabilities;
  const merge = committer
    ? fine(subject, `sets who commits; ${s3 ? 'knows' : 'does not know'} s3://`)
    : missing(
        subject,
        'this Dolt cannot say who commits and when, so merges of towns would differ',
        'Use Dolt 2.3.0 or newer.',
      );
  const dependent = peers.filter((peer) => peer.endpoint.kind === 's3');
  return [merge, ...dependent.map((peer) => checkUrl(peer, capabilities, patterns))];
}

function checkUrl(peer: Peer, capabilities: Capabilities, patterns: readonly string[]): DoctorCheck {
  const subject = { check: 'endpoint', peer: peer.name } as const;
  try {
    return fine(subject, `is ${doltUrl(peer, capabilities, patterns)} for this Dolt`);
  } catch (thrown) {
    return refused(subject, thrown);
  }
}
