import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan, type PeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../src/sync/peer-progress.ts';
import { filePeer } from '../helpers/federating.ts';

const failure = new Failure('timeout', 'too late');

const progress = (plan: Partial<PeerPlan> = {}): PeerProgress => {
  const peer = filePeer('partner', '/srv/partner');
  return newPeerProgress(newPeerPlan({ peer, actions: actionsOf('sync', 'peer'), branch: 'main', ...plan }));
};

const failed = (plan: Partial<PeerPlan> = {}): PeerProgress => {
  const run = progress(plan);
  run.fail(failure);
  return run;
};

const found = { head: 'h', state: 'diverged', ahead: 1, behind: 1, otherMakers: null, rewritten: null } as const;
const replacing = { head: 'h', tag: 't', atPeer: true, target: 'o', commits: 1 };
const verdict = { failure: null, held: [], notices: [] };

describe('a transition that cannot follow from the state of a peer throws', () => {
  test.each<readonly [name: string, run: PeerProgress, change: (run: PeerProgress) => void, says: string]>([
    ['compared after a failure', failed(), (run) => run.compared(found), 'failed with timeout and cannot be compared'],
    ['empty after a failure', failed(), (run) => run.foundEmpty('remote-empty'), 'cannot be found empty'],
    ['verified after a failure', failed(), (run) => run.verify(), 'cannot be verified'],
    ['a push verified after a failure', failed(), (run) => run.recordPush({ head: 'h', commits: 1 }), 'be verified'],
    [
      'a push verified that was not to be made',
      progress({ actions: actionsOf('pull', 'peer') }),
      (run) => run.recordPush({ head: 'h', commits: 1 }),
      'takes no pushes',
    ],
    ['explained without a failure', progress(), (run) => run.explain(failure), 'has not failed'],
    ['checked without a head', progress(), (run) => run.checked(verdict), 'no head that could be checked'],
    [
      'equivalent without a head',
      progress(),
      (run) => run.foundEquivalent('h', 'h'),
      'no head that could be equivalent',
    ],
    ['pulled without a head', progress(), (run) => run.pulled(1), 'no head that our branch could contain'],
    ['adopted without being named', progress(), (run) => run.adoptedAs({ head: 'h', tag: 't' }), 'not to be adopted'],
    ['replaced without a lease', progress(), (run) => run.beginReplacing(replacing), 'has no lease'],
    ['read again without a lease', progress(), (run) => run.readAgain('h'), 'has no lease'],
    ['an inbox read that is not ours', progress(), (run) => run.readInbox('h'), 'has no inbox of ours'],
    ['delivered without an inbox', progress(), (run) => run.foundInInbox('delivered'), 'has no inbox of ours'],
    ['merged there without an inbox', progress(), (run) => run.foundMerged('h', true), 'has no inbox of ours'],
  ])('%s', (_, run, change, says) => {
    const before = { state: run.state, head: run.head, verified: run.verified, failure: run.failure };
    expect(() => change(run)).toThrow(says);
    expect({ state: run.state, head: run.head, verified: run.verified, failure: run.failure }).toEqual(before);
  });
});

test('a failure takes back a verification, and the peer can try again', () => {
  for (const fail of ['fail', 'unreachable', 'incomparable'] as const) {
    const run = progress();
    run.compared(found);
    run.verify();
    run[fail](failure);
    expect([run.verified, run.failure]).toEqual([false, failure]);
    run.tryAgain();
    run.compared(found);
    run.verify();
    expect(run.verified).toBe(true);
  }
});

test('what is verified stays verified when the run is interrupted', () => {
  const run = progress();
  run.compared(found);
  run.verify();
  run.interrupt(failure);
  expect([run.verified, run.failure]).toEqual([true, null]);
});

test('an engine that ended because of the interruption is no failure of the peer', () => {
  const run = progress();
  run.fail(new Failure('engine-lost', 'the Dolt server ended'));
  run.interrupt(new Failure('interrupted', 'stopped by SIGINT'));
  expect(run.failure).toMatchObject({ code: 'interrupted' });
});
