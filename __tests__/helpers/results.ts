import type { Conflict, PeerResult, Problem, RunResult } from '../../src/contract/result.ts';

/** A head as Dolt prints it. */
export const HEAD = '0123456789abcdefghijklmnopqrstuv';

export function peer(over: Partial<PeerResult> = {}): PeerResult {
  return {
    name: 'partner',
    endpoint: 'file:///srv/partner',
    role: 'peer',
    tier: 'T1',
    state: 'ahead',
    status: 'pushed',
    ahead: 2,
    behind: 0,
    pulledCommits: 0,
    pushedCommits: 2,
    remoteHead: HEAD,
    verified: true,
    lastVerifiedAt: '2026-11-25T20:46:12.345Z',
    oldestUnsyncedAt: null,
    conflicts: [],
    error: null,
    attempts: 1,
    durationMs: 1_234,
    ...over,
  };
}

export function conflict(over: Partial<Conflict> = {}): Conflict {
  return {
    kind: 'changed',
    table: 'issues',
    key: { id: 'bd-1' },
    columns: ['title'],
    base: { title: 'old' },
    ours: { title: 'ours' },
    theirs: { title: 'theirs' },
    resolution: 'undone',
    left: true,
    heads: { ours: HEAD, theirs: HEAD },
    between: [],
    ...over,
  };
}

export function problem(over: Partial<Problem> = {}): Problem {
  return {
    severity: 'warning',
    code: 'no-peers',
    message: 'no peer is configured',
    hint: 'Add one.',
    peer: null,
    file: null,
    line: null,
    column: null,
    ...over,
  };
}

export const failed: Partial<PeerResult> = {
  name: 'gone',
  state: 'unreachable',
  status: 'failed',
  remoteHead: null,
  verified: false,
  pushedCommits: 0,
  error: { code: 'network', message: 'gone could not be reached', hint: 'Check the network.', retryable: true },
};

export function runResult(over: Partial<RunResult> = {}): RunResult {
  return {
    version: 1,
    command: 'sync',
    status: 'success',
    database: '/work/local',
    branch: 'main',
    head: HEAD,
    doltVersion: '2.3.0',
    durationMs: 4_321,
    merge: { protocol: 2, deterministic: true, because: null, commits: 1 },
    peers: [peer()],
    problems: [],
    ...over,
  };
}
