import type { Peer } from '../../config/configuration.ts';
import type { Matrix } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { counted } from '../../core/text.ts';
import type { SyncRequest } from '../request.ts';
import { dividedNames, namesByLeg, type Shard, shardText } from './shard.ts';

/**
 * The legs of a fan-out, for `strategy.matrix` of a workflow. No leg is empty. A primary without other peers is one leg;
 * without any peer there is none.
 * @param most how many legs there may be
 */
export function matrixOf(selected: readonly Peer[], most: number): Matrix {
  const names = dividedNames(selected);
  const legs = selected.length === 0 ? 0 : Math.max(1, Math.min(most, names.length));
  return {
    include: namesByLeg(names, legs).map((part, index) => ({
      shard: shardText({ leg: index + 1, legs }),
      peers: part.join(','),
    })),
  };
}

/** Whether legs exchange commits with each other: `push` and `status` take nothing from one peer to another. */
const EXCHANGING: readonly SyncRequest['command'][] = ['sync', 'plan', 'pull'];

/**
 * Notices about work that a leg does not do, although it may be expected.
 * @param selected the peers of all legs
 * @param peers those of this leg
 */
export function legNotices(
  { command, shard }: Pick<SyncRequest, 'command' | 'shard'>,
  selected: readonly Peer[],
  peers: readonly Peer[],
): readonly Diagnostic[] {
  if (shard === undefined) return [];
  const hasPrimary = selected.some(({ role }) => role === 'primary');
  const isEmpty = dividedNames(peers).length === 0;
  if (isEmpty && hasPrimary && dividedNames(selected).length > 0)
    return [{ severity: 'notice', code: 'no-peers-selected', message: emptyLeg(shard, selected) }];
  if (hasPrimary || isEmpty || shard.legs === 1 || !EXCHANGING.includes(command)) return [];
  const message = `no primary takes part in leg ${shardText(shard)}, so it exchanges nothing with legs on other machines`;
  return [{ severity: 'warning', code: 'legs-apart', message }];
}

/** That the part of a leg is empty. */
export function emptyLeg(shard: Shard, selected: readonly Peer[]): string {
  const names = dividedNames(selected);
  return `leg ${shardText(shard)} has no peer of its own: ${counted(names.length, 'peer')} for ${counted(shard.legs, 'leg')}`;
}
