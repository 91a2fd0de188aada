import type { Engine } from '../../dolt/server/engines.ts';
import { commitsAmong, mergeBase, minimalHeads } from '../../dolt/sql/history.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { SyncContext } from '../sync-context.ts';
import { converge } from './converge.ts';
import { scratchName } from './scratch.ts';

interface Checking {
  readonly ours: string;
  readonly head: string;
  readonly allProgress: readonly PeerProgress[];
  /** Whether a peer may bring a head. */
  readonly passes: (progress: PeerProgress, head: string) => Promise<boolean>;
}

/**
 * Whether a head is what a run of ours pushed that ended before our branch moved. It has the heads of several peers, and what
 * one of them may bring, another one may not: without this, each would wait for the other for ever. The record of the run
 * names the heads; each of them must pass the check of its own peer, and merging them with ours must make that very commit.
 */
export async function isOwnResult(
  { branch, limits, rules }: Pick<SyncContext, 'branch' | 'limits' | 'rules'>,
  engine: Engine,
  { ours, head, allProgress, passes }: Checking,
): Promise<boolean> {
  const { database } = engine;
  const parts: { readonly progress: PeerProgress; readonly head: string }[] = [];
  for (const progress of allProgress.toSorted((a, b) => (a.peer.name < b.peer.name ? -1 : 1))) {
    const passedOn = await commitsAmong(database, { from: ours, to: head }, progress.passedOn);
    for (const part of await minimalHeads(database, passedOn)) if (part !== head) parts.push({ progress, head: part });
  }
  if (parts.length === 0) return false;
  for (const part of parts) if (!(await passes(part.progress, part.head))) return false;
  // The user can have committed since.
  const from = (await mergeBase(database, ours, head)) ?? ours;
  const theirs = parts.map((part) => ({ head: part.head, strategy: part.progress.peer.strategy }));
  const { target } = await converge(engine, { ours: from, theirs, branch, limits, rules }, scratchName);
  return target === head;
}
