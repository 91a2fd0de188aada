import { type EngineKit, PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { PeerRun } from './peer-run.ts';

/** Peers that share an engine. */
export interface PeerGroup {
  readonly kit: EngineKit;
  readonly runs: readonly PeerRun[];
}

/**
 * Groups peers by the engine that they need: those without any credential in one, and no secret in an engine that speaks
 * to somebody it is not for.
 * @param plain where the group without credentials stands: the merge, which comes between fetches and pushes, uses its
 *   engine
 */
export function groupPeers(runs: readonly PeerRun[], plain: 'first' | 'last'): readonly PeerGroup[] {
  const groups = new Map<string, PeerGroup>();
  for (const run of runs) {
    const { kit } = run;
    const group = groups.get(kit.key);
    groups.set(kit.key, { kit, runs: [...(group?.runs ?? []), run] });
  }
  const without = groups.get(PLAIN_KIT.key);
  groups.delete(PLAIN_KIT.key);
  const own = without === undefined ? [] : [without];
  return plain === 'first' ? [...own, ...groups.values()] : [...groups.values(), ...own];
}
