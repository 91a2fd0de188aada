import { expect, test } from '@jest/globals';
import type { DoctorResult } from '../../src/contract/doctor-result.ts';
import { hideInDoctor, hideInRun } from '../../src/report/hide-secrets.ts';
import { conflict, HEAD, peer, problem, runResult } from '../helpers/results.ts';

const hide = (text: string) => text.replaceAll('s3cret', '***');

test('a run repeats a secret in no message, hint or row', () => {
  const cells = { id: 's3cret', note: null };
  const told = { message: 'got s3cret', hint: 'not s3cret' };
  const result = runResult({
    peers: [
      peer({
        error: { code: 'auth', retryable: false, ...told },
        conflicts: [
          conflict({ key: cells, base: cells, ours: cells, theirs: null }),
          conflict({ with: { table: 't', key: cells }, otherKey: cells, lost: { commit: HEAD, sql: "= 's3cret'" } }),
        ],
        held: [{ table: 't', key: cells, column: 'c', value: 'a s3cret' }],
      }),
      peer({ held: [{ table: 't', key: cells, column: null, value: null }] }),
    ],
    problems: [problem(told)],
  });
  const hidden = hideInRun(result, hide);
  expect(hidden).toEqual(JSON.parse(hide(JSON.stringify(result))));
  expect(JSON.stringify(hidden)).toContain('"message":"got ***","hint":"not ***"');
});

test('so does doctor', () => {
  const check = { check: 'git', peer: 'p', status: 'missing' } as const;
  const result: DoctorResult = {
    ...({ version: 1, command: 'doctor', status: 'missing' } as const),
    checks: [
      { ...check, message: 'got s3cret', cure: 'not s3cret' },
      { ...check, message: 's3cret', cure: null },
    ],
  };
  expect(hideInDoctor(result, hide)).toEqual(JSON.parse(hide(JSON.stringify(result))));
});
