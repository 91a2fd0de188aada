import type { PeerResult, Plan, RunResult } from '../contract/result.ts';
import type { PeerStatus } from '../contract/vocabulary.ts';
import { counted } from '../core/text.ts';
import { drillText, growthText, sizeText } from './backup.ts';
import { aheadBehind, duration, minute, shortHash } from './figures.ts';
import { stateAfter } from './state-after.ts';

/** Escapes a name for the format of the table. */
type Quote = (text: string) => string;

/** A column of a table of peers. */
export interface PeerColumn {
  readonly title: string;
  readonly cell: (peer: PeerResult, quote: Quote) => string;
}

const NOTHING = '-';

const PEER: PeerColumn = { title: 'Peer', cell: ({ name }, quote) => quote(name) };
const ROLE: PeerColumn = { title: 'Role', cell: ({ role }) => role };
const TIER: PeerColumn = { title: 'Tier', cell: ({ tier }) => tier };
const STATE: PeerColumn = { title: 'State', cell: (peer) => stateAfter(peer, peer.status) };
const WAS: PeerColumn = {
  title: 'Was',
  cell: (peer) => (stateAfter(peer, peer.status) === peer.state ? NOTHING : peer.state),
};
const RESULT: PeerColumn = { title: 'Result', cell: ({ status }) => status };
const PULLED: PeerColumn = { title: 'Pulled', cell: ({ pulledCommits }) => String(pulledCommits) };
const PUSHED: PeerColumn = { title: 'Pushed', cell: ({ pushedCommits }) => String(pushedCommits) };
const AHEAD: PeerColumn = { title: 'Ahead', cell: ({ ahead }) => String(ahead ?? '?') };
const BEHIND: PeerColumn = { title: 'Behind', cell: ({ behind }) => String(behind ?? '?') };
const AHEAD_BEHIND: PeerColumn = { title: 'Ahead/behind', cell: aheadBehind };
const VERIFIED: PeerColumn = { title: 'Verified', cell: ({ verified }) => (verified ? 'yes' : 'no') };
const TIME: PeerColumn = { title: 'Time', cell: ({ durationMs }) => duration(durationMs) };
const LAST_VERIFIED: PeerColumn = { title: 'Last verified', cell: ({ lastVerifiedAt }) => minute(lastVerifiedAt) };
const OLDEST: PeerColumn = { title: 'Oldest unsynced', cell: ({ oldestUnsyncedAt }) => minute(oldestUnsyncedAt) };
const TAG: PeerColumn = { title: 'Tag', cell: ({ drill }) => drill?.tag ?? NOTHING };
const DRILL: PeerColumn = { title: 'Drill', cell: ({ drill }) => (drill === undefined ? NOTHING : drillText(drill)) };
const SIZE: PeerColumn = { title: 'Size', cell: ({ drill }) => (drill === undefined ? NOTHING : sizeText(drill)) };
const GROWTH: PeerColumn = {
  title: 'Growth',
  cell: ({ drill }) => (drill === undefined ? NOTHING : growthText(drill)),
};
const WOULD_PULL: PeerColumn = { title: 'Would pull', cell: ({ plan }) => (plan === undefined ? NOTHING : pull(plan)) };
const WOULD_PUSH: PeerColumn = { title: 'Would push', cell: ({ plan }) => (plan === undefined ? NOTHING : push(plan)) };

/** The columns for a reader with little space: those that answer what the command did, found, or would do. */
export function fewColumns({ command, dryRun }: RunResult): readonly PeerColumn[] {
  if (dryRun === true) return [PEER, STATE, WOULD_PULL, WOULD_PUSH];
  if (command === 'status') return [PEER, ROLE, STATE, AHEAD, BEHIND, LAST_VERIFIED];
  if (command === 'backup') return [PEER, RESULT, PUSHED, VERIFIED, TAG, DRILL, SIZE, GROWTH];
  return [PEER, STATE, WAS, RESULT, PULLED, PUSHED, VERIFIED];
}

/**
 * Every column.
 * @param hash how a commit is shown: `--force-with-lease` needs it whole
 */
export function allColumns({ command, dryRun }: RunResult, hash: 'short' | 'whole'): readonly PeerColumn[] {
  const head: PeerColumn = {
    title: "Peer's head",
    cell: ({ remoteHead }, quote) => quote(hash === 'short' ? shortHash(remoteHead) : (remoteHead ?? NOTHING)),
  };
  const done = dryRun === true ? [WOULD_PULL, WOULD_PUSH] : [WAS, RESULT, PULLED, PUSHED];
  const backup = command === 'backup' && dryRun !== true ? [TAG, DRILL, SIZE, GROWTH] : [];
  return [PEER, ROLE, TIER, STATE, ...done, AHEAD_BEHIND, head, VERIFIED, ...backup, TIME, LAST_VERIFIED, OLDEST];
}

function pull({ pull: how, pullCommits }: Plan): string {
  switch (how) {
    case 'nothing':
      return NOTHING;
    case 'fast-forward':
      return counted(pullCommits, 'commit');
    case 'merge':
      return `merge ${counted(pullCommits, 'commit')}`;
    case 'adopt':
      return 'replace our branch with its head';
  }
}

function push({ push: how, pushCommits }: Plan): string {
  const commits = counted(pushCommits, 'commit');
  switch (how) {
    case 'nothing':
      return NOTHING;
    case 'fast-forward':
      return commits;
    case 'first-push':
      return `first push, ${commits}`;
    case 'replace':
      return `replace its branch, ${commits}`;
    case 'deliver':
      return `${commits} to its inbox`;
  }
}

/** Priority of rows if not all can be shown. */
const WEIGHT = {
  failed: 3,
  conflict: 3,
  synced: 2,
  pulled: 2,
  pushed: 2,
  unchanged: 1,
  skipped: 0,
} as const satisfies Record<PeerStatus, number>;

/** At most `limit` peers, in their order; failed ones have priority over those that moved, and these over others. */
export function mostImportant(peers: readonly PeerResult[], limit: number): readonly PeerResult[] {
  if (peers.length <= limit) return peers;
  const byWeight = [...peers].sort((a, b) => WEIGHT[b.status] - WEIGHT[a.status]);
  const chosen = new Set(byWeight.slice(0, limit));
  return peers.filter((peer) => chosen.has(peer));
}
