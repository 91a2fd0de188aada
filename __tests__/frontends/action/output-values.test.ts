import { describe, expect, test } from '@jest/globals';
import { OUTPUTS } from '../../../src/contract/outputs.ts';
import { errorResultSchema, type PeerResult, type RunResult } from '../../../src/contract/result.ts';
import { Failure } from '../../../src/core/failure.ts';
import { failureValues, outputValues } from '../../../src/frontends/action/outputs.ts';
import { runOutputs } from '../../../src/report/outputs.ts';
import { conflict, failed, HEAD, peer, runResult } from '../../helpers/results.ts';

const of = (over: Partial<RunResult>, doltPath: string | null = '/bin/dolt') => {
  const result = runResult(over);
  return outputValues({
    json: result,
    text: () => '',
    outputs: () => runOutputs(result, { doltPath, doltSource: doltPath === null ? null : 'path' }),
  });
};

describe('the outputs of a run', () => {
  test('name its status, changes and counts', () => {
    const stuck = peer({ name: 'stuck', status: 'conflict', conflicts: [conflict(), conflict()], pulledCommits: 0 });
    const peers = [peer({ pulledCommits: 3, status: 'synced' }), peer(failed), stuck];
    expect(of({ status: 'conflict', peers })).toMatchObject({
      ...{ status: 'conflict', changed: 'true', head: HEAD, synced: 'partner', failed: 'gone', conflicts: '2' },
      ...{ 'pulled-commits': '3', 'pushed-commits': '4', 'database-path': '/work/local', 'dolt-version': '2.3.0' },
      ...{ 'dolt-path': '/bin/dolt', 'cache-hit': 'false' },
    });
  });

  test('hold a result that a later step can print: no command of a runner, no code for a terminal', () => {
    const error = { code: 'auth', message: '##[error]x \u202e', hint: '', retryable: false } as const;
    const { result } = of({ peers: [peer({ ...failed, error })] });
    expect(result).toContain('"#\\u0023[error]x \\u202e"');
    expect(JSON.parse(result)).toMatchObject({ peers: [{ error }] });
    expect(failureValues(new Failure('unknown', '##[error]x')).result).toContain('"#\\u0023[error]x"');
  });

  test('say that our branch moved, also if its commits reached no peer', () => {
    const peers = [peer(failed)];
    expect(of({ status: 'failed', peers })).toMatchObject({ changed: 'false' });
    expect(of({ status: 'failed', peers, moved: true })).toMatchObject({ changed: 'true' });
  });

  test('are empty for unknown values', () => {
    const values = of({ database: null, head: null, doltVersion: null, status: 'unchanged', peers: [] }, null);
    expect(values).toMatchObject({
      changed: 'false',
      head: '',
      'database-path': '',
      'dolt-version': '',
      'dolt-path': '',
      'cache-hit': '',
    });
    expect(Object.keys(values)).toEqual(Object.keys(OUTPUTS));
  });

  const still: Partial<PeerResult> = { status: 'unchanged', pushedCommits: 0 };
  const plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: null } as const;
  test.each<[string, RunResult['command'], Partial<PeerResult>, boolean]>([
    ['pulled', 'sync', { status: 'pulled' }, true],
    ['pushed', 'push', { status: 'pushed' }, true],
    ['nothing to do', 'sync', still, true],
    ['an upstream that is behind us', 'sync', { ...still, role: 'upstream', state: 'ahead' }, true],
    ['up to date in a status', 'status', { ...still, state: 'up-to-date' }, true],
    ['ahead in a status', 'status', { ...still, state: 'ahead' }, false],
    ['nothing planned', 'sync', { ...still, plan }, true],
    ['a pull planned', 'sync', { ...still, plan: { ...plan, pull: 'merge' } }, false],
    ['a push planned', 'sync', { ...still, plan: { ...plan, push: 'first-push' } }, false],
    ['skipped', 'sync', { status: 'skipped' }, false],
    ['in conflict', 'sync', { status: 'conflict' }, false],
    ['failed', 'sync', { status: 'failed' }, false],
  ])('list a peer that is in step: %s', (_, command, over, inStep) => {
    expect(of({ command, peers: [peer(over)] }).synced).toBe(inStep ? 'partner' : '');
  });
});

test('a command without outputs of its own sets its JSON', () => {
  const values = outputValues({ json: [{ name: 'p' }], text: () => '' });
  expect(values).toMatchObject({ status: 'success', changed: 'false', conflicts: '0', head: '', 'dolt-path': '' });
  expect(JSON.parse(values.result)).toEqual([{ name: 'p' }]);
});

describe('the outputs of a failure', () => {
  test('are all set, and the result contains the error', () => {
    const failure = new Failure('config-syntax', 'bad', { hint: 'h', location: { file: '/c', line: 1, column: 2 } });
    const values = failureValues(failure);
    expect(Object.keys(values)).toEqual(Object.keys(OUTPUTS));
    expect(values).toMatchObject({ status: 'failed', changed: 'false', conflicts: '0', synced: '' });
    expect(JSON.parse(values.result)).toEqual({
      error: { code: 'config-syntax', message: 'bad', hint: 'h', file: '/c', line: 1, column: 2 },
    });
  });

  test('contain a shortened message if it is too long', () => {
    const { error, truncated } = errorResultSchema.parse(
      JSON.parse(failureValues(new Failure('unknown', 'x'.repeat(100_000))).result),
    );
    expect(error.message).toHaveLength(500);
    expect(truncated).toBe(true);
    expect(error).toMatchObject({ file: null, line: null, column: null });
  });

  test('contain all problems, or only the first if there are too many', () => {
    const reported = (count: number) => {
      const problems = Array.from({ length: count }, (_, index) => new Failure('config-invalid', `bad ${index}`));
      const failure = new Failure('config-invalid', 'bad 0 (and more)', { problems });
      return errorResultSchema.parse(JSON.parse(failureValues(failure).result));
    };
    expect(reported(2).problems?.map(({ message }) => message)).toEqual(['bad 0', 'bad 1']);
    const most = reported(5_000);
    expect(most).toMatchObject({ error: { message: 'bad 0 (and more)' }, truncated: true });
    expect(most.problems?.map(({ message }) => message)).toEqual(
      Array.from({ length: 20 }, (_, index) => `bad ${index}`),
    );
  });
});
