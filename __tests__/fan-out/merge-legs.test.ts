import { describe, expect, test } from '@jest/globals';
import { groupLegs } from '../../src/commands/report/group-legs.ts';
import { combine, exitCodeOfReport } from '../../src/commands/report/index.ts';
import { mergeLegs } from '../../src/commands/report/merge-legs.ts';
import type { ReadFile } from '../../src/commands/report/read-results.ts';
import { type PeerResult, type RunResult, reportResultSchema } from '../../src/contract/result.ts';
import { FAIL_ON, PEER_STATUSES, RUN_STATUSES } from '../../src/contract/vocabulary.ts';
import { fc } from '../helpers/property.ts';
import { asFile, REPORT_REQUEST, reported } from '../helpers/reporting.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../helpers/results.ts';

const OTHER = HEAD.replace('0', '1');
const primary = (over: Partial<PeerResult> = {}) =>
  peer({
    name: 'origin',
    role: 'primary',
    endpoint: 'file:///srv/hub',
    status: 'unchanged',
    pushedCommits: 0,
    ...over,
  });

/** A leg of three; `selection` names its fan-out. */
function leg(number: number, over: Partial<RunResult> = {}, selection = '0123456789ab'): RunResult {
  const own = peer({ name: `p${number}`, status: 'pushed' });
  return runResult({ shard: `${number}/3`, selection, peers: [primary(), own], ...over });
}

/** The only run of a report. */
function onlyRun(results: readonly RunResult[]): RunResult {
  const { runs } = reported(results);
  const [run] = runs;
  if (run === undefined || runs.length > 1) throw new Error(`there are ${runs.length} runs`);
  return run.result;
}

describe('a peer of several legs', () => {
  const statuses: readonly (readonly [readonly PeerResult['status'][], PeerResult['status']])[] = [
    [['unchanged', 'failed', 'pushed'], 'failed'],
    [['synced', 'conflict'], 'conflict'],
    [['conflict', 'failed'], 'failed'],
    [['pulled', 'pushed', 'unchanged'], 'synced'],
    [['pulled', 'unchanged'], 'pulled'],
    [['pushed', 'skipped'], 'pushed'],
    [['unchanged', 'skipped'], 'unchanged'],
    [['skipped', 'skipped'], 'skipped'],
  ];
  test.each(statuses)('with the statuses %j is %s', (each, expected) => {
    const legs = each.map((status, index) => leg(index + 1, { peers: [primary({ status })] }));
    expect(onlyRun(legs).peers.map(({ name, status }) => [name, status])).toEqual([['origin', expected]]);
  });

  test('keeps every error, each row in conflict once, and the commits of all legs', () => {
    const error = { code: 'network', message: 'a', hint: 'fix a', retryable: true } as const;
    const row = conflict({ table: 'items' });
    const legs = [
      leg(1, { peers: [primary({ status: 'failed', error, pulledCommits: 2, conflicts: [row] })] }),
      leg(2, { peers: [primary({ status: 'failed', error: { ...error, message: 'b' }, pushedCommits: 3 })] }),
      leg(3, { peers: [primary({ status: 'failed', error, pushedCommits: 1, pulledCommits: 5, conflicts: [row] })] }),
    ];
    const { peers, problems } = onlyRun(legs);
    expect(peers).toMatchObject([{ error, pulledCommits: 5, pushedCommits: 4, conflicts: [row], remoteHead: HEAD }]);
    expect(problems).toMatchObject([{ code: 'network', message: 'in leg 2/3: b', hint: 'fix a', peer: 'origin' }]);
  });

  test('is verified if every leg that used it verified it; different heads give no head', () => {
    const verifiedIn = (...each: readonly Partial<PeerResult>[]) =>
      onlyRun(each.map((over, index) => leg(index + 1, { peers: [primary(over)] }))).peers[0];
    expect(verifiedIn({}, { status: 'skipped', verified: false })).toMatchObject({ verified: true });
    expect(verifiedIn({}, { verified: false })).toMatchObject({ verified: false });
    expect(verifiedIn({ status: 'skipped', verified: false })).toMatchObject({ verified: false });
    expect(verifiedIn({}, { remoteHead: OTHER })).toMatchObject({ remoteHead: null });
    expect(verifiedIn({}, { remoteHead: null })).toMatchObject({ remoteHead: HEAD });
    const [early, late] = ['2026-11-25T20:46:12.345Z', '2026-11-26T20:46:12.345Z'];
    expect(
      verifiedIn({ lastVerifiedAt: early, oldestUnsyncedAt: late }, { lastVerifiedAt: late, oldestUnsyncedAt: early }),
    ).toMatchObject({ lastVerifiedAt: late, oldestUnsyncedAt: early });
  });
});

describe('the legs of a fan-out', () => {
  test('become one run: the primary first, every peer, each problem once, the longest time', () => {
    const known = problem({ code: 'remote-differs', message: 'x' });
    const [one, two] = [problem({ message: '1' }), problem({ message: '2' })];
    const merged = onlyRun([
      leg(2, { durationMs: 9, problems: [known, two], conflictsPath: '/tmp/c.yaml', open: 2 }),
      leg(1, { durationMs: 7, problems: [known, one], cloned: true, open: 1, moved: true }),
      leg(3, { durationMs: 8 }),
    ]);
    expect(merged.peers.map(({ name }) => name)).toEqual(['origin', 'p1', 'p2', 'p3']);
    expect(merged).toMatchObject({
      status: 'success',
      durationMs: 9,
      head: HEAD,
      problems: [known, one, two],
      open: 3,
      moved: true,
    });
    expect(merged).toMatchObject({ merge: { deterministic: true, commits: 3 } });
    for (const key of ['shard', 'selection', 'conflictsPath']) expect(merged).not.toHaveProperty(key);
  });

  test('need another pass if they end at different heads, except after a dry run or a push', () => {
    const differing = (over: Partial<RunResult>) =>
      onlyRun([leg(1, over), leg(2, { ...over, head: OTHER }), leg(3, over)]);
    expect(differing({})).toMatchObject({ head: null, problems: [{ severity: 'notice', code: 'heads-differ' }] });
    expect(differing({ dryRun: true }).problems).toEqual([]);
    expect(differing({ command: 'push' }).problems).toEqual([]);
  });

  test.each([
    [['success', 'success', 'unchanged'], ['pushed', 'pushed', 'unchanged'], 'success', 0],
    [['unchanged', 'unchanged', 'unchanged'], ['unchanged', 'unchanged', 'unchanged'], 'unchanged', 0],
    [['success', 'partial', 'success'], ['pushed', 'failed', 'pushed'], 'partial', 3],
    [['success', 'conflict', 'partial'], ['pushed', 'conflict', 'failed'], 'conflict', 4],
    // The file in git could not be written, which no peer shows.
    [['success', 'partial', 'success'], ['pushed', 'pushed', 'pushed'], 'partial', 3],
    // Only our own branch moved.
    [['success', 'unchanged', 'unchanged'], ['unchanged', 'unchanged', 'unchanged'], 'success', 0],
    [['skipped', 'skipped', 'skipped'], ['skipped', 'skipped', 'skipped'], 'skipped', 0],
  ] as const)('with the statuses %j and peers %j are %s', (statuses, peers, status, exitCode) => {
    const legs = statuses.map((one, index) =>
      leg(index + 1, {
        status: one,
        peers: [primary(), peer({ name: `p${index}`, status: peers[index] ?? 'failed' })],
      }),
    );
    const report = reported(legs);
    expect([report.status, exitCodeOfReport(report, 'any')]).toEqual([status, exitCode]);
    expect(report.runs[0]?.legs.map(({ shard }) => shard)).toEqual(['1/3', '2/3', '3/3']);
  });

  test.each([
    [1, 'success', 0],
    [null, 'partial', 3],
  ] as const)(
    'of a backup that requires %j copies and has one more peer that failed are %s',
    (required, status, exitCode) => {
      const copied = (number: number) =>
        leg(number, {
          command: 'backup',
          status,
          peers: [peer({ name: `p${number}`, status: 'pushed' }), peer({ ...failed, name: `q${number}` })],
          backup: { tag: null, commit: HEAD, drill: 'off', copies: 1, required, proof: null },
        });
      const report = reported([1, 2, 3].map(copied));
      expect([report.status, exitCodeOfReport(report, 'any')]).toEqual([status, exitCode]);
    },
  );

  test('fail as a whole if all of them failed', () => {
    const bad = {
      status: 'failed',
      peers: [primary({ ...failed, name: 'origin', role: 'primary' }), peer(failed)],
    } as const;
    const report = reported([1, 2, 3].map((number) => leg(number, { ...bad, peers: [...bad.peers] })));
    expect([report.status, exitCodeOfReport(report, 'any')]).toEqual(['failed', 1]);
  });

  test('fail with every fail-on if commits are lost with a machine', () => {
    const report = reported([leg(1), leg(2, { status: 'failed', unsaved: 2 }), leg(3)]);
    expect(report.runs[0]?.result).toMatchObject({ status: 'failed', unsaved: 2 });
    expect(FAIL_ON.map((failOn) => exitCodeOfReport(report, failOn))).toEqual([1, 1, 1]);
  });

  test('never succeed if one is missing', () => {
    const report = reported([leg(1), leg(3)]);
    expect(report).toMatchObject({
      status: 'partial',
      runs: [{ missing: ['2/3'] }],
      problems: [{ severity: 'error', code: 'leg-missing', message: expect.stringContaining('1 leg (2/3)') }],
    });
    expect(FAIL_ON.map((failOn) => exitCodeOfReport(report, failOn))).toEqual([3, 3, 3]);
    const divided = reported([leg(1), leg(2, {}, 'ffffffffffff'), leg(3)]);
    expect(divided.runs.map(({ missing }) => missing)).toEqual([['2/3'], ['1/3', '3/3']]);
  });

  test('form one run per branch, even if their peers are the same', () => {
    const report = reported([leg(1), leg(2), leg(3), leg(1, { branch: 'dev' }), leg(2, { branch: 'dev' })]);
    expect(report.runs.map(({ result, legs, missing }) => [result.branch, legs.length, missing])).toEqual([
      ['main', 3, []],
      ['dev', 2, ['3/3']],
    ]);
    // A leg that opened no database belongs to the only branch there is.
    const early = { status: 'unchanged', branch: null, database: null } as const;
    expect(reported([leg(1), leg(2, early), leg(3)]).runs).toMatchObject([{ result: { branch: 'main' }, missing: [] }]);
    const unclear = reported([leg(1), leg(2, early), leg(3, { branch: 'dev' })]);
    expect(unclear.runs.map(({ missing }) => missing.length)).toEqual([2, 2, 2]);
  });

  test('count by their primary under fail-on primary', () => {
    const inLeg = (over: Partial<PeerResult>) => [leg(1), leg(2, { peers: [primary(over), peer(failed)] }), leg(3)];
    const exits = (over: Partial<PeerResult>) => exitCodeOfReport(reported(inLeg(over)), 'primary');
    expect([exits({}), exits({ status: 'failed' }), exits({ status: 'conflict' })]).toEqual([0, 1, 4]);
    expect(() => reported([runResult()], { failOn: 'primary' })).toThrow('no result has a primary');
  });
});

describe('results of several databases', () => {
  const hub = (endpoint: string) => [primary({ endpoint }), peer()];

  test('are separated by primary, folder, branch and command', () => {
    const results = [
      runResult({ peers: hub('file:///srv/a') }),
      runResult({ peers: hub('file:///srv/b') }),
      runResult({ peers: hub('file:///srv/a'), branch: 'dev' }),
      runResult({ peers: hub('file:///srv/a'), database: '/work/other' }),
      runResult({ peers: hub('file:///srv/a'), command: 'status' }),
      runResult({ peers: hub('file:///srv/a'), dryRun: true }),
      // A second run of the first one.
      runResult({ peers: hub('file:///srv/a'), durationMs: 1 }),
    ];
    expect(groupLegs(results.map((result) => ({ file: 'f', result }))).map(({ legs }) => legs.length)).toEqual([
      ...[2, 1, 1, 1, 1, 1],
    ]);
  });

  test('have one status together', () => {
    const good = runResult({ peers: hub('file:///srv/a') });
    const bad = runResult({ peers: [primary({ ...failed, role: 'primary' })], status: 'failed' });
    const split = runResult({ peers: hub('file:///srv/c'), status: 'conflict' });
    const statusOf = (...results: readonly RunResult[]) => reported(results).status;
    expect([statusOf(good), statusOf(good, bad), statusOf(bad)]).toEqual(['success', 'partial', 'failed']);
    const conflicting = { ...split, peers: [primary({ endpoint: 'file:///srv/c', status: 'conflict' })] };
    expect(statusOf(good, bad, conflicting)).toBe('conflict');
  });

  test('fail the report if fewer than expected exist', () => {
    const report = reported([runResult()], { expect: 3 });
    expect(report).toMatchObject({
      problems: [{ code: 'leg-missing', message: '3 results must exist, but there is 1' }],
      status: 'partial',
    });
    expect(exitCodeOfReport(report, 'none')).toBe(3);
    expect(reported([runResult()], { expect: 1 }).problems).toEqual([]);
  });
});

test('a run that could not start counts as failed, and its error keeps its place', () => {
  const error = { code: 'config-invalid', message: 'no', hint: 'fix', file: '/c.yaml', line: 3, column: 1 } as const;
  const files: readonly ReadFile[] = [asFile(leg(1), 1), asFile(leg(2), 2), { file: 'e.json', kind: 'error', error }];
  const report = combine(files, { ...REPORT_REQUEST, expect: 3 });
  expect(report).toMatchObject({
    status: 'partial',
    problems: [
      { code: 'config-invalid', message: 'the run of e.json could not start: no', file: '/c.yaml', line: 3, column: 1 },
      { code: 'leg-missing' },
    ],
  });
  expect(exitCodeOfReport(report, 'none')).toBe(3);
});

test('a single result is unchanged', () => {
  const statuses = fc.array(fc.constantFrom(...PEER_STATUSES.filter((status) => status !== 'skipped')), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(statuses, fc.boolean(), (list, moved) => {
      const all = list.every((one) => one === 'failed');
      const worst = all
        ? 'failed'
        : list.includes('conflict')
          ? 'conflict'
          : list.includes('failed')
            ? 'partial'
            : null;
      const status = worst ?? (moved || list.some((one) => one !== 'unchanged') ? 'success' : 'unchanged');
      const result = runResult({ status, peers: list.map((one, index) => peer({ name: `p${index}`, status: one })) });
      expect(mergeLegs({ legs: [{ file: 'f', result }], missing: [] })).toEqual(result);
    }),
  );
});

test('every combination of legs gives a report of the published form, without a hidden failure or conflict', () => {
  const status = fc.constantFrom(...PEER_STATUSES);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...RUN_STATUSES), status, status), { minLength: 1, maxLength: 3 }),
      (all) => {
        const legs = all.map(([run, hub, own], index) =>
          leg(index + 1, { status: run, peers: [primary({ status: hub }), peer({ name: `p${index}`, status: own })] }),
        );
        const report = reported(legs);
        expect(reportResultSchema.parse(report)).toEqual(report);
        const peers = legs.flatMap((one) => one.peers.map((each) => each.status));
        if (all.length < 3 || peers.includes('failed'))
          expect(['failed', 'conflict', 'partial']).toContain(report.status);
        if (peers.includes('conflict')) expect(report.status).toBe('conflict');
      },
    ),
  );
});
