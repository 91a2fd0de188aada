import { groupBy } from '../core/group-by.ts';
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
  const groups = [...groupBy(runs, (run) => run.kit.key).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ kit: first.kit, runs: [first, ...others] }],
  );
  const without = groups.filter(({ kit }) => kit.key === PLAIN_KIT.key);
  const own = groups.filter(({ kit }) => kit.key !== PLAIN_KIT.key);
  return plain === 'first' ? [...without, ...own] : [...own, ...without];
}
