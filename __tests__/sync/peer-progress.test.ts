import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan, type PeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../src/sync/peer-progress.ts';
import { filePeer } from '../helpers/federating.ts';

const failure = new Failure('timeout', 'too late');

const progressOf = (plan: Partial<PeerPlan> = {}): PeerProgress => {
  const peer = filePeer('partner', '/srv/partner');
  return newPeerProgress(newPeerPlan({ peer, actions: actionsOf('sync', 'peer'), branch: 'main', ...plan }));
};

const failed = (plan: Partial<PeerPlan> = {}): PeerProgress => {
  const progress = progressOf(plan);
  progress.fail(failure);
  return progress;
};

const found = { head: 'h', state: 'diverged', ahead: 1, behind: 1, otherMakers: null, rewritten: null } as const;
const replacing = { head: 'h', tag: 't', atPeer: true, target: 'o', commits: 1 };
const verdict = { failure: null, held: [], notices: [] };

describe('an impossible transition of a peer throws', () => {
  test.each<readonly [name: string, progress: PeerProgress, change: (progress: PeerProgress) => void, says: string]>([
    [
      'compared after a failure',
      failed(),
      (progress) => progress.compared(found),
      'failed with timeout and cannot be compared',
    ],
    ['empty after a failure', failed(), (progress) => progress.foundEmpty('remote-empty'), 'cannot be found empty'],
    ['verified after a failure', failed(), (progress) => progress.verify(), 'cannot be verified'],
    [
      'a push verified after a failure',
      failed(),
      (progress) => progress.recordPush({ head: 'h', commits: 1 }),
      'be verified',
    ],
    [
      'a push verified that was not planned',
      progressOf({ actions: actionsOf('pull', 'peer') }),
      (progress) => progress.recordPush({ head: 'h', commits: 1 }),
      'takes no pushes',
    ],
    ['explained without a failure', progressOf(), (progress) => progress.explain(failure), 'has not failed'],
    ['checked without a head', progressOf(), (progress) => progress.checked(verdict), 'no head that could be checked'],
    [
      'equivalent without a head',
      progressOf(),
      (progress) => progress.foundEquivalent('h', 'h'),
      'no head that could be equivalent',
    ],
    ['pulled without a head', progressOf(), (progress) => progress.pulled(1), 'no head that our branch could contain'],
    [
      'adopted without a request',
      progressOf(),
      (progress) => progress.adoptedAs({ head: 'h', tag: 't' }),
      'not to be adopted',
    ],
    ['replaced without a lease', progressOf(), (progress) => progress.beginReplacing(replacing), 'has no lease'],
    ['read again without a lease', progressOf(), (progress) => progress.readAgain('h'), 'has no lease'],
    ['read from a foreign inbox', progressOf(), (progress) => progress.readInbox('h'), 'has no inbox of ours'],
    [
      'delivered without an inbox',
      progressOf(),
      (progress) => progress.foundInInbox('delivered'),
      'has no inbox of ours',
    ],
    [
      'merged there without an inbox',
      progressOf(),
      (progress) => progress.foundMerged('h', true),
      'has no inbox of ours',
    ],
  ])('%s', (_, progress, change, says) => {
    const before = {
      state: progress.state,
      head: progress.head,
      verified: progress.verified,
      failure: progress.failure,
    };
    expect(() => change(progress)).toThrow(says);
    expect({
      state: progress.state,
      head: progress.head,
      verified: progress.verified,
      failure: progress.failure,
    }).toEqual(before);
  });
});

test('a failure removes the verification, and the peer can be tried again', () => {
  for (const fail of ['fail', 'unreachable', 'incomparable'] as const) {
    const progress = progressOf();
    progress.compared(found);
    progress.verify();
    progress[fail](failure);
    expect([progress.verified, progress.failure]).toEqual([false, failure]);
    progress.explain(failure);
    progress.fail(failure);
    progress.tryAgain();
    // It holds again when the work that failed is repeated.
    expect([progress.verified, progress.failure]).toEqual([true, null]);
    progress.checked({ failure, held: [], notices: [] });
    expect([progress.verified, progress.failure]).toEqual([false, failure]);
    progress.tryAgain();
    expect([progress.verified, progress.failure]).toEqual([true, null]);
    progress.beginPush();
    progress.checked({ failure, held: [], notices: [] });
    progress.tryAgain();
    expect(progress.verified).toBe(false);
  }
});

test('a peer whose push was refused is still merged, until it fails in another way', () => {
  const progress = progressOf();
  progress.fail(failure, 'refused');
  expect([progress.isMerged, progress.pushFailure]).toEqual([true, 'refused']);
  progress.fail(failure);
  expect([progress.isMerged, progress.pushFailure]).toEqual([false, null]);
  progress.fail(failure, 'failed');
  expect(progress.isMerged).toBe(false);
  progress.tryAgain();
  expect([progress.isMerged, progress.pushFailure]).toEqual([true, null]);
});

test('a verified peer stays verified after an interruption', () => {
  const progress = progressOf();
  progress.compared(found);
  progress.verify();
  progress.interrupt(failure);
  expect([progress.verified, progress.failure]).toEqual([true, null]);
});

test('an engine that the interruption ended is not a failure of the peer', () => {
  const progress = progressOf();
  progress.fail(new Failure('engine-lost', 'the Dolt server ended'));
  progress.interrupt(new Failure('interrupted', 'stopped by SIGINT'));
  expect(progress.failure).toMatchObject({ code: 'interrupted' });
});
