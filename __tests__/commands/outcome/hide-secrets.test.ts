import { expect, test } from '@jest/globals';
import { hideInFailure, hideInOutcome } from '../../../src/commands/outcome/hide-secrets.ts';
import { Failure, problemsOf } from '../../../src/core/failure.ts';
import { peer, runResult } from '../../helpers/results.ts';

const hide = (text: string) => text.replaceAll('s3cret', '***');

test('of a failure: message, hint, and those of every problem that it stands for, be it one', () => {
  const problem = new Failure('config-invalid', 'a s3cret', { hint: 'no s3cret', cause: new Error('below') });
  for (const cause of [[problem], [problem, problem]]) {
    const hidden = hideInFailure(
      new Failure('auth', 's3cret', { hint: 'a s3cret', location: { file: '/f' }, cause }),
      hide,
    );
    expect(hidden).toMatchObject({ code: 'auth', message: '***', hint: 'a ***', location: { file: '/f' } });
    expect(problemsOf(hidden).map(({ message, hint }) => [message, hint])).toEqual(
      cause.map(() => ['a ***', 'no ***']),
    );
    expect(problemsOf(hidden)[0]?.cause).toBe(problem.cause);
  }
  const alone = new Failure('unknown', 's3cret', { cause: 'what was thrown' });
  expect(hideInFailure(alone, hide)).toMatchObject({ message: '***', location: null, cause: 'what was thrown' });
});

test('of a run and of doctor', () => {
  const error = { code: 'auth', message: 's3cret', hint: '', retryable: false } as const;
  const result = runResult({ peers: [peer({ error })] });
  const run = hideInOutcome({ command: 'sync', result, doltPath: null, locations: {} }, hide);
  expect(run).toMatchObject({ command: 'sync', result: { peers: [{ error: { message: '***' } }] }, locations: {} });
  const check = { check: 'git', peer: null, status: 'missing', message: 's3cret', cure: null } as const;
  const doctor = { version: 1, command: 'doctor', status: 'missing', checks: [check] } as const;
  expect(hideInOutcome({ command: 'doctor', result: { ...doctor, checks: [check] } }, hide)).toMatchObject({
    result: { checks: [{ message: '***' }] },
  });
});
