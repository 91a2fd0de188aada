import type { PeerProgress } from '../peer-progress.ts';

/**
 * Whether the merge with a peer waits for decisions. Under `manual`, a broken unique key also needs a person; other
 * strategies resolve it or report why not.
 */
export function isUnresolved({ failure, peer }: Pick<PeerProgress, 'failure' | 'peer'>): boolean {
  if (failure?.code === 'constraint-violation') return peer.strategy === 'manual';
  return failure?.code === 'conflict';
}
