import type { OutputName } from '../contract/outputs.ts';
import type { InstallResult, PeerResult, RunResult } from '../contract/result.ts';
import { resultJson } from './result-json.ts';

/** The Dolt of a run; null where none was needed. */
interface UsedDolt {
  readonly doltPath: string | null;
  readonly doltSource: InstallResult['source'] | null;
}

/** The outputs of a run. The result must already be reduced to what may be shown (`withValues`). */
export function runOutputs(result: RunResult, { doltPath, doltSource }: UsedDolt): Partial<Record<OutputName, string>> {
  const { peers, command } = result;
  return {
    status: result.status,
    changed: String(result.status === 'success' || result.moved === true || peers.some(moved)),
    head: result.head ?? '',
    result: resultJson(result),
    synced: names(peers.filter((peer) => isInStep(peer, command))),
    failed: names(peers.filter((peer) => peer.status === 'failed')),
    conflicts: String(sum(peers.map((peer) => peer.conflicts.filter(({ left }) => left).length))),
    'conflicts-path': result.conflictsPath ?? '',
    'proof-path': result.backup?.proof ?? '',
    'jsonl-path': result.export?.file ?? '',
    'pulled-commits': String(sum(peers.map((peer) => peer.pulledCommits))),
    'pushed-commits': String(sum(peers.map((peer) => peer.pushedCommits))),
    'database-path': result.database ?? '',
    'dolt-version': result.doltVersion ?? '',
    'dolt-path': doltPath ?? '',
    'cache-hit': doltSource === null ? '' : cacheHit(doltSource),
  };
}

/** The output `cache-hit`. */
export function cacheHit(source: InstallResult['source']): string {
  return String(source === 'actions-cache');
}

/** Whether a commit came in or went out, or a branch was reset. */
function moved(peer: PeerResult): boolean {
  return (
    peer.pulledCommits + peer.pushedCommits > 0 ||
    peer.replaced !== undefined ||
    peer.adopted !== undefined ||
    peer.drill?.tag === 'pushed'
  );
}

/** Whether a peer is in sync: after a run that may write, if it did not fail; else if nothing is planned. */
function isInStep(peer: PeerResult, command: RunResult['command']): boolean {
  switch (peer.status) {
    case 'failed':
    case 'conflict':
    case 'skipped':
      return false;
    case 'pulled':
    case 'pushed':
    case 'synced':
      return true;
    case 'unchanged':
      if (peer.plan !== undefined) return peer.plan.pull === 'nothing' && peer.plan.push === 'nothing';
      return command === 'status' ? peer.state === 'up-to-date' : true;
  }
}

function names(peers: readonly PeerResult[]): string {
  return peers.map((peer) => peer.name).join(',');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
