import { describe, expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/exit-code.ts';
import { peerStatus, runStatus } from '../../src/commands/run-status.ts';
import type { PeerResult, RunResult } from '../../src/contract/result.ts';
import type { FailOn, PeerStatus, RunStatus } from '../../src/contract/vocabulary.ts';

const quiet = { part: {}, failure: null, conflicts: [], pulledCommits: 0, pushedCommits: 0 };

test.each([
  [{ ...quiet, part: null }, 'skipped'],
  [quiet, 'unchanged'],
  [{ ...quiet, pulledCommits: 1, conflicts: [{ left: false }] }, 'pulled'],
  [{ ...quiet, pulledCommits: 1, conflicts: [{ left: true }] }, 'conflict'],
  [{ ...quiet, pulledCommits: 2 }, 'pulled'],
  [{ ...quiet, pushedCommits: 1 }, 'pushed'],
  [{ ...quiet, pulledCommits: 2, pushedCommits: 1 }, 'synced'],
  [{ ...quiet, pulledCommits: 2, failure: { code: 'network' } }, 'failed'],
  [{ ...quiet, failure: { code: 'conflict' } }, 'conflict'],
  [{ ...quiet, failure: { code: 'unrelated' } }, 'conflict'],
  [{ ...quiet, failure: { code: 'unverified' } }, 'failed'],
] as const)('a peer with %j is %s', (run, status) => {
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
])('peers %j, moved: %s make a run %s', (peers, moved, status) => {
  expect(runStatus(peers, moved)).toBe(status);
});

function result(status: RunStatus, primary: PeerStatus | null): RunResult {
  const peer: PeerResult = {
    name: 'origin',
    endpoint: 'file:///o',
    role: 'primary',
    tier: 'T1',
    state: 'unknown',
    status: primary ?? 'unchanged',
    ahead: null,
    behind: null,
    pulledCommits: 0,
    pushedCommits: 0,
    remoteHead: null,
    verified: false,
    conflicts: [],
    error: null,
    attempts: 1,
    durationMs: 1,
  };
  const peers = primary === null ? [] : [peer];
  return {
    version: 1,
    command: 'sync',
    status,
    database: null,
    branch: 'main',
    head: null,
    doltVersion: null,
    durationMs: 1,
    merge: null,
    peers,
    problems: [],
  };
}

describe('the exit code', () => {
  test.each<[FailOn, RunStatus, PeerStatus | null, number]>([
    ['any', 'unchanged', null, 0],
    ['any', 'success', 'synced', 0],
    ['any', 'failed', 'failed', 1],
    ['any', 'partial', 'synced', 3],
    ['any', 'conflict', 'synced', 4],
    ['primary', 'partial', 'synced', 0],
    ['primary', 'failed', 'failed', 1],
    ['primary', 'conflict', 'conflict', 4],
    ['none', 'failed', 'failed', 0],
  ])('fail-on %s, run %s, primary %s: %d', (failOn, status, primary, code) => {
    expect(exitCodeOf(result(status, primary), failOn)).toBe(code);
  });
});
