import { describe, expect, test } from '@jest/globals';
import { type Conflict, runResultSchema } from '../../src/contract/result.ts';
import type { ReportValues } from '../../src/contract/vocabulary.ts';
import { columnsOf } from '../../src/report/conflict-rows.ts';
import { withValues } from '../../src/report/values.ts';
import { conflict, HEAD, peer, runResult } from '../helpers/results.ts';

const whole = conflict();
const silent = { base: null, ours: null, theirs: null };
const CASES: readonly [ReportValues, Conflict][] = [
  ['none', { ...whole, key: {}, columns: [], resolution: '', ...silent }],
  ['keys', { ...whole, ...silent }],
  ['full', whole],
];

describe('the visible parts of a conflict', () => {
  test.each(CASES)('follow report-values: %s', (level, expected) => {
    const result = runResult({ peers: [peer({ conflicts: [whole] }), peer({ name: 'other' })] });
    const shown = withValues(result, level);
    expect(shown.peers[0]?.conflicts).toEqual([expected]);
    expect(runResultSchema.parse(shown)).toEqual(shown);
  });

  test('exclude nothing else, and the result object is unchanged', () => {
    const result = runResult({ peers: [peer({ conflicts: [whole] })] });
    const shown = withValues(result, 'none');
    expect({ ...shown, peers: [] }).toEqual({ ...result, peers: [] });
    expect(result.peers[0]?.conflicts).toEqual([whole]);
  });
});

describe("the visible parts of a document's keys", () => {
  const path = (text: string, ours: string | null) => ({
    column: 'doc',
    path: text,
    base: null,
    ours,
    theirs: '2',
    resolution: 'theirs (later)',
  });
  const paths = [path('$.k', '1'), path('$.auth.token', '"abc"')];
  test.each([
    ['none', undefined],
    ['keys', paths.map((one) => ({ ...one, ours: null, theirs: null }))],
    ['full', [paths[0], { ...path('$.auth.token', '***'), theirs: '***' }]],
  ] as const)('follow report-values: %s', (level, expected) => {
    const result = runResult({ peers: [peer({ conflicts: [{ ...whole, columns: ['doc'], paths }] })] });
    const shown = withValues(result, level);
    expect(shown.peers[0]?.conflicts[0]?.paths).toEqual(expected);
    expect(runResultSchema.parse(shown)).toEqual(shown);
  });

  test('are named beside their column in a table', () => {
    const columns = ['title', 'doc'];
    expect(columnsOf({ ...whole, columns, paths })).toEqual(['title', 'doc $.k', 'doc $.auth.token']);
  });
});

const lost = {
  with: { table: 'issues', key: { id: 'bd-1' } },
  otherKey: { id: 'kb-1' },
  lost: { commit: HEAD, sql: "INSERT … 'bd-1'" },
  elsewhere: true,
};

describe('the visible parts of a lost row', () => {
  test.each<[ReportValues, Partial<Conflict>, Partial<Conflict>]>([
    ['none', lost, { lost: { commit: HEAD, sql: null }, elsewhere: true }],
    ['keys', lost, lost],
    ['full', lost, lost],
    // A statement repeats the keys.
    ['full', { ...lost, otherKey: { token: 'hush hush' } }, { lost: { commit: HEAD, sql: null } }],
  ])('follow report-values: %s', (level, given, expected) => {
    const shown = withValues(runResult({ peers: [peer({ conflicts: [conflict(given)] })] }), level);
    expect(shown.peers[0]?.conflicts[0]).toMatchObject(expected);
    if (level === 'none') expect(JSON.stringify(shown.peers[0]?.conflicts)).not.toContain('-1');
    expect(JSON.stringify(shown)).not.toContain('hush');
    expect(runResultSchema.parse(shown)).toEqual(shown);
  });
});

const row = { table: 'times', key: { id: 'bd-1' }, column: 'updated_at', value: '2100-01-01 00:00:00' };

describe('the visible parts of a row that blocks a peer', () => {
  test.each([
    ['none', undefined],
    ['keys', [{ ...row, value: null }]],
    ['full', [row]],
  ] as const)('follow report-values: %s', (level, expected) => {
    const result = runResult({ peers: [peer({ held: [row] })] });
    const shown = withValues(result, level);
    expect(shown.peers[0]?.held).toEqual(expected);
    expect(runResultSchema.parse(shown)).toEqual(shown);
  });
});
