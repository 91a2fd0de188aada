import type { Peer } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';

/** Why nothing can be sent to a peer of that tier; null where raw history may be. */
export function tierRefusal({ name, tier }: Pick<Peer, 'name' | 'tier'>): Failure | null {
  if (tier === 'T1') return null;
  return new Failure('tier-unsupported', `${name} has the tier ${tier}, and only raw history can be sent`);
}
