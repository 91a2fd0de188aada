import { expect, test } from '@jest/globals';
import { isWithinStaleAfter } from '../../src/commands/outcome/staleness.ts';
import { combine, exitCodeOfReport } from '../../src/commands/report/index.ts';
import type { PeerResult, RunResult } from '../../src/contract/result.ts';
import { Failure } from '../../src/core/failure.ts';
import { combinedAlarms } from '../../src/report/combined/alarm.ts';
import { asFile, REPORT_REQUEST, reported } from '../helpers/reporting.ts';
import { failed, peer, runResult } from '../helpers/results.ts';

const primary = (over: Partial<PeerResult> = {}) => peer({ name: 'origin', role: 'primary', ...over });
const leg = (number: number, over: Partial<RunResult> = {}): RunResult =>
  runResult({ shard: `${number}/2`, selection: '0123456789ab', peers: [primary()], ...over });
const verdicts = (results: readonly RunResult[]) =>
  combinedAlarms(reported(results), isWithinStaleAfter).map(({ peer: name, verdict, code }) => [name, verdict, code]);

test('a peer of several legs causes one alarm, and fails if it failed in any leg', () => {
  const legs = [
    leg(1, { peers: [primary(), peer({ name: 'a' })] }),
    leg(2, { status: 'failed', peers: [primary({ ...failed, name: 'origin' }), peer({ name: 'b' })] }),
  ];
  expect(verdicts(legs)).toEqual([
    [null, 'ok', null],
    ['origin', 'failing', 'network'],
    ['a', 'ok', null],
    ['b', 'ok', null],
  ]);
});

test('a missing leg fails the report', () => {
  expect(verdicts([leg(1)])).toEqual([
    [null, 'failing', 'leg-missing'],
    ['origin', 'ok', null],
  ]);
  const [itself] = combinedAlarms(reported([leg(1)]), isWithinStaleAfter);
  expect(itself?.details()).toContain('## ⚠️ dolt-federation report: partial');
  expect(itself?.details()).toContain('| 2/2 | missing |');
});

test('commits that no peer has fail the report', () => {
  const legs = [leg(1), leg(2, { status: 'failed', unsaved: 3 })];
  expect(verdicts(legs)[0]).toEqual([null, 'failing', null]);
});

test('an alarm about a peer of several runs names its run', () => {
  const results = ['/a', '/b'].map((database) => runResult({ database, peers: [peer({ ...failed, name: 'box' })] }));
  expect(verdicts(results).map(([name]) => name)).toEqual([
    null,
    'box (sync, /a, branch main)',
    'box (sync, /b, branch main)',
  ]);
});

test('the issue of a peer has the same name on another runner, without the other results, and apart from a dry run', () => {
  const results = (workspace: string) =>
    ['a', 'b'].map((folder) =>
      runResult({ database: `${workspace}/${folder}`, folder, peers: [peer({ ...failed, name: 'box' })] }),
    );
  const issues = (all: readonly RunResult[]) =>
    combinedAlarms(reported(all), isWithinStaleAfter).flatMap(({ issue }) => issue?.name ?? []);
  const [a, b] = ['box (sync, a, branch main)', 'box (sync, b, branch main)'];
  expect(issues(results('/runner1'))).toEqual([a, b]);
  expect(issues([...results('/runner1').slice(0, 1), ...results('/runner2').slice(1)])).toEqual([a, b]);
  expect(issues(results('/runner2').slice(1))).toEqual([b]);
  const dry = results('/runner1').map((one) => ({ ...one, dryRun: true as const }));
  expect(issues(dry.slice(0, 1))).toEqual(['box (sync (dry run), a, branch main)']);
});

test('runs that may not write raise no alarm', () => {
  const results = [runResult({ status: 'skipped', peers: [peer({ status: 'skipped' })] })];
  expect(verdicts(results)).toEqual([
    [null, 'unknown', null],
    ['partner', 'unknown', null],
  ]);
});

test('a passing failure does not count before stale-after in a report either', () => {
  const legs = [
    leg(1, { status: 'partial', staleAfterMs: 60_000, peers: [primary(), peer(failed)] }),
    leg(2, { staleAfterMs: 60_000 }),
  ];
  expect(verdicts(legs)).toEqual([
    [null, 'ok', null],
    ['origin', 'ok', null],
    ['gone', 'waiting', 'network'],
  ]);
  expect(exitCodeOfReport(reported(legs), 'any')).toBe(0);
  expect(exitCodeOfReport(reported([legs[0] ?? leg(1)]), 'any')).toBe(3);
  // It does not hide another failure: a missing leg, a file that is not a result, a conflict.
  const waiting = legs[0] ?? leg(1);
  const invalid = new Failure('result-invalid', 'r.json is not valid JSON');
  const broken = combine(
    [asFile(waiting, 1), asFile(leg(2), 2), { file: 'r.json', kind: 'refused', failure: invalid }],
    REPORT_REQUEST,
  );
  expect(exitCodeOfReport(broken, 'any')).toBe(2);
  const split = leg(2, { status: 'conflict', staleAfterMs: 60_000, peers: [primary({ status: 'conflict' })] });
  expect(exitCodeOfReport(reported([waiting, split]), 'any')).toBe(4);
  expect(verdicts([waiting, split]).map(([, verdict]) => verdict)).toEqual(['ok', 'failing', 'waiting']);
  // Another leg found that it has been unreachable for too long.
  const stale = { since: null, because: 'never-verified' } as const;
  const both = [failed, { ...failed, stale }].map((over, index) =>
    leg(index + 1, { status: 'failed', staleAfterMs: 60_000, peers: [primary({ ...over, name: 'origin' })] }),
  );
  expect(exitCodeOfReport(reported(both), 'any')).toBe(1);
  const counted = [leg(1, { status: 'partial', peers: [primary(), peer(failed)] }), leg(2)];
  expect(exitCodeOfReport(reported(counted), 'any')).toBe(3);
});
