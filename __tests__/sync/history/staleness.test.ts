import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../../../src/commands/outcome/exit-code.ts';
import { parseOption } from '../../../src/contract/parse-option.ts';
import type { PeerResult } from '../../../src/contract/result.ts';
import type { FailOn, RunStatus } from '../../../src/contract/vocabulary.ts';
import { Failure } from '../../../src/core/failure.ts';
import { type Currency, currencyOf, stalenessOf } from '../../../src/sync/history/staleness.ts';
import { actionsOf } from '../../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../../src/sync/peer-progress.ts';
import { filePeer } from '../../helpers/federating.ts';
import { conflict as conflictOfRow, failed, peer, problem, runResult } from '../../helpers/results.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-28T12:00:00.000Z');
const daysAgo = (days: number) => new Date(NOW - days * DAY_MS).toISOString();
const read = { isRead: true, isDelivered: false, oldestUnsentAt: null, lastVerifiedAt: null };

test.each<[string, Currency, string | null]>([
  ['a peer with every commit', { ...read, lastVerifiedAt: daysAgo(9) }, null],
  ['a peer without a new commit', { ...read, oldestUnsentAt: daysAgo(1) }, null],
  ['a peer without an old commit', { ...read, oldestUnsentAt: daysAgo(3) }, 'unsent'],
  ['a peer exactly at the limit', { ...read, oldestUnsentAt: daysAgo(2) }, null],
  [
    'a peer without an old commit that a pull verified',
    { ...read, oldestUnsentAt: daysAgo(3), lastVerifiedAt: daysAgo(0) },
    'unsent',
  ],
  ['a commit with a date in the future', { ...read, oldestUnsentAt: daysAgo(-400) }, null],
  ['a new delivery', { ...read, isDelivered: true, oldestUnsentAt: daysAgo(1) }, null],
  ['an old delivery', { ...read, isDelivered: true, oldestUnsentAt: daysAgo(3) }, 'delivered'],
  ['unreachable since yesterday', { ...read, isRead: false, lastVerifiedAt: daysAgo(1) }, null],
  ['unreachable for a long time', { ...read, isRead: false, lastVerifiedAt: daysAgo(3) }, 'unread'],
  ['never reachable', { ...read, isRead: false }, 'never-verified'],
])('the staleness of a peer: %s', (_, currency, because) => {
  const stale = stalenessOf(currency, 2 * DAY_MS, NOW);
  expect(stale?.because ?? null).toBe(because);
  if (stale !== null) expect(stale.since).toBe(currency.isRead ? currency.oldestUnsentAt : currency.lastVerifiedAt);
});

/** The peer was read, but a failure that may pass ended the rest in each run. */
test.each([
  ['9 days ago is stale', 'upstream', daysAgo(9), 'contention', 'unread'],
  ['1 day ago is not stale', 'upstream', daysAgo(1), 'contention', null],
  ['never is stale', 'upstream', null, 'contention', 'never-verified'],
  ['9 days ago is stale, although it lacks no commit of ours', 'peer', daysAgo(9), 'engine-lost', 'unread'],
  ['9 days ago is not stale after a failure that counts at once', 'upstream', daysAgo(9), 'conflict', null],
] as const)('a peer that failed after it was read, and was verified %s', (_, role, verifiedAt, code, because) => {
  const box = filePeer('box', '/srv/box', role);
  const progress = newPeerProgress(newPeerPlan({ peer: box, actions: actionsOf('sync', role), branch: 'main' }));
  progress.compared({ head: 'h', state: 'behind', ahead: 0, behind: 1, otherMakers: null, rewritten: null });
  progress.setLastVerifiedAt(verifiedAt);
  progress.fail(new Failure(code, 'no'));
  const currency = currencyOf(progress, { oldestUnsentAt: null, mayPush: true });
  expect(stalenessOf(currency, 2 * DAY_MS, NOW)?.because ?? null).toBe(because);
});

const passing = peer(failed);
const stale = peer({ ...failed, stale: { since: daysAgo(3), because: 'unread' } });
const final = peer({ ...failed, error: { code: 'auth', message: 'no', hint: 'no', retryable: false } });
const conflict = peer({ status: 'conflict' });
const undecided = { ...passing, conflicts: [conflictOfRow({ resolution: 'theirs (created first)' })] };

test.each<[string, RunStatus, readonly PeerResult[], number, number]>([
  ['a passing failure', 'partial', [passing, peer()], 3, 0],
  ['only passing failures', 'failed', [passing, passing], 1, 0],
  ['a stale peer', 'partial', [stale, peer()], 3, 3],
  ['a stale peer beside a passing failure', 'failed', [stale, passing], 1, 1],
  ['a permanent failure', 'partial', [final, peer()], 3, 3],
  ['a passing failure after a merge with rows that need a decision', 'failed', [undecided], 1, 1],
  ['a conflict beside a passing failure', 'conflict', [conflict, passing], 4, 4],
  ['no failure', 'success', [peer()], 0, 0],
])('the exit code without and with stale-after, for %s', (_, status, peers, without, within) => {
  const result = runResult({ status, peers: [...peers] });
  const limited = { ...result, staleAfterMs: DAY_MS };
  expect([exitCodeOf(result, 'any'), exitCodeOf(limited, 'any')]).toEqual([without, within]);
  // A backup must exist now, whatever stale-after allows.
  expect(exitCodeOf({ ...limited, command: 'backup' }, 'any')).toBe(without);
});

test.each<[FailOn, PeerResult, number]>([
  ['primary', { ...passing, role: 'primary' }, 0],
  ['primary', { ...stale, role: 'primary' }, 1],
  ['none', stale, 0],
])('fail-on %s treats stale peers like failed ones: %#', (failOn, one, exit) => {
  expect(exitCodeOf(runResult({ status: 'failed', peers: [one], staleAfterMs: DAY_MS }), failOn)).toBe(exit);
});

test('a failure of the run counts despite a passing failure of a peer', () => {
  const problems = [problem({ severity: 'error', code: 'export-fewer' })];
  const partial = runResult({ status: 'partial', peers: [passing], problems, staleAfterMs: DAY_MS });
  expect(exitCodeOf(partial, 'any')).toBe(3);
  const lost = runResult({ status: 'failed', peers: [passing], unsaved: 1, staleAfterMs: DAY_MS });
  expect(exitCodeOf(lost, 'any')).toBe(1);
});

test.each([
  ['2d', 2 * DAY_MS],
  ['35d', 35 * DAY_MS],
  ['3651d', null],
  ['2', null],
])('stale-after %s is parsed', (text, milliseconds) => {
  const parsed = parseOption('stale-after', text);
  expect(parsed.ok ? parsed.value : null).toBe(milliseconds);
});
