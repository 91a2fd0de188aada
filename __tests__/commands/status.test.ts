import { describe, expect, test } from '@jest/globals';
import { exitCodeOf, exitCodeOfFailure } from '../../src/commands/outcome/exit-code.ts';
import { peerStatus, runStatus } from '../../src/commands/outcome/run-status.ts';
import { ERROR_CODES } from '../../src/contract/error-codes.ts';
import type { RunResult } from '../../src/contract/result.ts';
import type { FailOn, PeerStatus, RunStatus } from '../../src/contract/vocabulary.ts';
import { Failure } from '../../src/core/failure.ts';
import { peer, runResult } from '../helpers/results.ts';

const quiet = {
  actions: {},
  failure: null,
  conflicts: [],
  pulledCommits: 0,
  pushedCommits: 0,
  replaced: null,
  adopted: null,
};

test.each([
  [{ ...quiet, actions: null }, 'skipped'],
  [quiet, 'unchanged'],
  [{ ...quiet, pulledCommits: 1, conflicts: [{ left: false }] }, 'pulled'],
  [{ ...quiet, pulledCommits: 1, conflicts: [{ left: true }] }, 'conflict'],
  [{ ...quiet, pulledCommits: 2 }, 'pulled'],
  [{ ...quiet, pushedCommits: 1 }, 'pushed'],
  [{ ...quiet, pulledCommits: 2, pushedCommits: 1 }, 'synced'],
  [{ ...quiet, replaced: {} }, 'pushed'],
  [{ ...quiet, replaced: {}, pulledCommits: 1 }, 'synced'],
  [{ ...quiet, adopted: {} }, 'pulled'],
  [{ ...quiet, failure: { code: 'history-rewritten' } }, 'conflict'],
  [{ ...quiet, pulledCommits: 2, failure: { code: 'network' } }, 'failed'],
  [{ ...quiet, failure: { code: 'conflict' } }, 'conflict'],
  [{ ...quiet, failure: { code: 'unrelated' } }, 'conflict'],
  [{ ...quiet, failure: { code: 'unverified' } }, 'failed'],
] as const)('the status of a peer with %j is %s', (run, status) => {
  expect(peerStatus(run)).toBe(status);
});

test.each<[PeerStatus[], boolean, RunStatus]>([
  [[], false, 'unchanged'],
  [['unchanged', 'skipped'], false, 'unchanged'],
  [['unchanged'], true, 'success'],
  [['unchanged', 'pushed'], false, 'success'],
  [['failed', 'failed'], false, 'failed'],
  [['failed', 'skipped'], false, 'failed'],
  [['failed', 'synced'], true, 'partial'],
  [['failed', 'conflict'], false, 'conflict'],
  [['conflict'], false, 'conflict'],
])('peers with the status %j, moved: %s, make a run %s', (peers, moved, status) => {
  expect(runStatus(peers, { moved, unsaved: 0 })).toBe(status);
});

test.each<PeerStatus[][]>([[['unchanged']], [['pulled', 'conflict']], [['failed', 'pulled']]])(
  'peers with the status %j make a run fail if its commits are lost with the machine',
  (peers) => {
    expect(runStatus(peers, { moved: true, unsaved: 1 })).toBe('failed');
  },
);

function result(status: RunStatus, primary: PeerStatus | null): RunResult {
  const peers = primary === null ? [] : [peer({ name: 'origin', role: 'primary', status: primary })];
  return runResult({ status, peers: [...peers, peer({ name: 'other', status: 'failed' })] });
}

describe('the exit code', () => {
  test.each<FailOn>(['any', 'primary', 'none'])(
    'of a run whose commits are lost with the machine: fail-on %s',
    (failOn) => {
      const lost = { ...result('failed', 'synced'), unsaved: 1 };
      expect(exitCodeOf(lost, failOn)).toBe(1);
      expect(exitCodeOf({ ...lost, status: 'success', unsaved: 0 }, failOn)).toBe(0);
    },
  );

  test.each<[FailOn, RunStatus, PeerStatus | null, number]>([
    ['any', 'unchanged', null, 0],
    ['any', 'success', 'synced', 0],
    ['any', 'failed', 'failed', 1],
    ['any', 'partial', 'synced', 3],
    ['any', 'conflict', 'synced', 4],
    ['any', 'partial', null, 3],
    ['primary', 'unchanged', 'unchanged', 0],
    ['primary', 'success', 'pushed', 0],
    ['primary', 'partial', 'synced', 0],
    ['primary', 'partial', 'failed', 1],
    ['primary', 'failed', 'failed', 1],
    ['primary', 'conflict', 'conflict', 4],
    ['primary', 'conflict', 'synced', 0],
    ['primary', 'conflict', 'failed', 1],
    ['primary', 'failed', 'skipped', 0],
    ['primary', 'failed', null, 0],
    ['none', 'failed', 'failed', 0],
    ['none', 'partial', 'failed', 0],
    ['none', 'conflict', 'conflict', 0],
  ])('of fail-on %s, run %s, primary %s: %d', (failOn, status, primary, code) => {
    expect(exitCodeOf(result(status, primary), failOn)).toBe(code);
  });
});

test('the exit code of a failure that stops the command does not depend on fail-on', () => {
  const exits = Object.fromEntries(ERROR_CODES.map((code) => [code, exitCodeOfFailure(new Failure(code, ''))]));
  expect(exits).toMatchObject({
    'bad-usage': 2,
    'config-syntax': 2,
    'no-primary': 2,
    'no-database': 2,
    'engine-start': 1,
    'database-in-use': 1,
    'disk-full': 1,
    'database-read-only': 1,
    conflict: 4,
    unrelated: 4,
    'schema-conflict': 4,
    interrupted: 130,
  });
});
