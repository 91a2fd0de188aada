import { expect, test } from '@jest/globals';
import type { DoctorResult } from '../../src/contract/doctor-result.ts';
import { doctorSummary, doctorText } from '../../src/report/doctor.ts';

const RESULT: DoctorResult = {
  version: 1,
  command: 'doctor',
  status: 'missing',
  checks: [
    { check: 'dolt', peer: null, status: 'ok', message: '2.3.0 at /usr/bin/dolt', cure: null },
    { check: 'credentials', peer: 'hub', status: 'missing', message: 'no\u001b[2J entry', cure: 'Give one.\nOr two.' },
    { check: 'branch', peer: null, status: 'unknown', message: 'who knows', cure: null },
  ],
};
const [DOLT] = RESULT.checks;

test('the text is a table with the fixes below it', () => {
  expect(doctorText(RESULT)).toBe(`ok       dolt              2.3.0 at /usr/bin/dolt
missing  credentials  hub  no\\u{1b}[2J entry
unknown  branch            who knows

1 problem

credentials hub: no\\u{1b}[2J entry
  Give one.
  Or two.
`);
  const fine: DoctorResult = { ...RESULT, status: 'ok', checks: DOLT === undefined ? [] : [DOLT] };
  expect(doctorText(fine)).toBe('ok  dolt    2.3.0 at /usr/bin/dolt\n\nno problems\n');
});

test('the markdown fits into its limit', () => {
  const whole = doctorSummary(RESULT, 10_000);
  expect(whole).toContain('## ❌ dolt-federation doctor: 1 problem\n');
  expect(whole).toContain('<code>hub</code>');
  const many: DoctorResult = { ...RESULT, checks: Array.from({ length: 500 }, () => RESULT.checks).flat() };
  const cut = doctorSummary(many, 4_000);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(4_000);
  expect(cut).toMatch(/\d+ more rows are not shown\./);
});
