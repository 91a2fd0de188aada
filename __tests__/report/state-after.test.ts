import { expect, test } from '@jest/globals';
import type { PeerState, PeerStatus } from '../../src/contract/vocabulary.ts';
import { aheadBehind } from '../../src/report/figures.ts';
import { stateAfter } from '../../src/report/state-after.ts';
import { HEAD, peer } from '../helpers/results.ts';

type Moved = { pulled?: number; pushed?: number; verified?: boolean };

const CASES: readonly [PeerState, PeerStatus, Moved, PeerState, string][] = [
  ['remote-empty', 'pushed', { pushed: 2 }, 'up-to-date', '0/0'],
  ['remote-empty', 'unchanged', {}, 'remote-empty', '2/0'],
  ['remote-empty', 'failed', { pushed: 2, verified: false }, 'remote-empty', '2/0'],
  ['ahead', 'pushed', { pushed: 2 }, 'up-to-date', '0/0'],
  ['behind', 'pulled', { pulled: 1 }, 'up-to-date', '0/0'],
  ['diverged', 'pulled', { pulled: 1 }, 'ahead', '?/0'],
  ['diverged', 'synced', { pulled: 1, pushed: 3 }, 'up-to-date', '0/0'],
  ['diverged', 'conflict', { verified: false }, 'diverged', '2/0'],
  ['diverged', 'conflict', { pulled: 1, pushed: 3 }, 'up-to-date', '0/0'],
  ['delivered', 'pushed', { pushed: 2 }, 'delivered', '2/0'],
  ['unreachable', 'failed', { verified: false }, 'unreachable', '2/0'],
  ['ahead', 'skipped', {}, 'ahead', '2/0'],
];

test.each(CASES)('%s and %s with %j is shown as %s, %s', (state, status, moved, after, commits) => {
  const { pulled: pulledCommits = 0, pushed: pushedCommits = 0, verified = true } = moved;
  const result = peer({ state, status, verified, pulledCommits, pushedCommits });
  expect(stateAfter(result, status)).toBe(after);
  expect(aheadBehind(result)).toBe(commits);
});

test('a replaced branch is up to date on both sides', () => {
  const replaced = { head: HEAD, tag: 'old', atPeer: true };
  expect(stateAfter(peer({ state: 'unrelated', pushedCommits: 0, replaced }), 'pushed')).toBe('up-to-date');
  const adopted = { head: HEAD, tag: 'old' };
  expect(stateAfter(peer({ state: 'unrelated', pushedCommits: 0, adopted }), 'pulled')).toBe('up-to-date');
});
