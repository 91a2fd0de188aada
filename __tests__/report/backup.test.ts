import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../../src/contract/result.ts';
import { backupLines, drillText, growthText, sizeText } from '../../src/report/backup.ts';
import { summary } from '../../src/report/summary.ts';
import { text } from '../../src/report/text/run-report.ts';
import { HEAD, peer, runResult } from '../helpers/results.ts';

const BACKUP = { tag: 'v1', commit: HEAD, drill: 'full', copies: 1, required: null, proof: null } as const;
const DRILL = {
  kind: 'proven',
  tag: 'pushed',
  databaseHash: HEAD,
  tables: [
    { name: 'items', rows: 2 },
    { name: 'notes', rows: 40 },
  ],
  bytes: 1_234_567,
  growth: -2_000,
  durationMs: 1_500,
  lastProvenAt: '2026-11-27T03:00:00.000Z',
} as const;

const backedUp = (backup: Partial<NonNullable<RunResult['backup']>> = {}) =>
  runResult({
    command: 'backup',
    status: 'success',
    peers: [peer({ drill: { ...DRILL, tables: [...DRILL.tables] } }), peer({ name: 'other' })],
    backup: { ...BACKUP, ...backup },
  });

describe('the size of a backup', () => {
  test.each([
    [null, '-'],
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_234_567, '1.2 MB'],
    [5e15, '5000.0 TB'],
  ])('%s is shown as %s', (bytes, shown) => {
    expect(sizeText({ bytes })).toBe(shown);
  });

  test.each([
    [null, '-'],
    [0, '+0 B'],
    [1_500, '+1.5 kB'],
    [-20, '-20 B'],
  ])('with a growth of %s is shown as %s', (growth, shown) => {
    expect(growthText({ growth })).toBe(shown);
  });
});

test.each([
  ['proven', '2026-11-27T03:00:00.000Z', 'proven'],
  ['skipped', '2026-11-27T03:00:00.000Z', 'skipped, proven 2026-11-27 03:00Z'],
  ['unproven', '2026-11-27T03:00:00.000Z', 'unproven, proven 2026-11-27 03:00Z'],
  ['skipped', null, 'skipped'],
] as const)('a drill with the status %s and the last proof at %s is shown as %s', (kind, lastProvenAt, shown) => {
  expect(drillText({ kind, lastProvenAt })).toBe(shown);
});

test.each([
  ['success', 'warning'],
  ['partial', 'error'],
] as const)('in a backup with the status %s, the error of a peer is shown as %s', (status, shown) => {
  const error = { code: 'drill-unproven', message: 'other could not be drilled', hint: '', retryable: false } as const;
  const result = runResult({
    command: 'backup',
    status,
    peers: [peer({ drill: { ...DRILL, tables: [...DRILL.tables] } }), peer({ name: 'other', status: 'failed', error })],
    backup: { ...BACKUP, required: 1 },
  });
  const line = `${shown}: other could not be drilled (drill-unproven)`;
  expect(text(result).split('\n')).toContain(line);
});

describe('the line about a backup', () => {
  test.each<[Partial<NonNullable<RunResult['backup']>>, string]>([
    [{}, `backup of v1 at ${HEAD}: 1 of 2 peers has the proven commit`],
    [{ copies: 2, required: 2 }, `backup of v1 at ${HEAD}: 2 of 2 peers have the proven commit, 2 required`],
    [{ tag: null, drill: 'off', copies: 0 }, `backup of ${HEAD}: 0 of 2 peers have the commit`],
    [{ drill: 'rotate', copies: 2 }, `backup of v1 at ${HEAD}: 2 of 2 peers have the commit`],
  ])('summarises %j', (backup, line) => {
    expect(backupLines(backedUp(backup), (name) => name)).toEqual([line]);
  });

  test('reports unknown copies if the run ended early, and is absent for other commands', () => {
    expect(backupLines(backedUp({ commit: null }), (name) => name)).toEqual([]);
    expect(backupLines(runResult({}), (name) => name)).toEqual([]);
  });

  test('names the proof in the text and in the summary', () => {
    const result = backedUp({ proof: '/tmp/proof.json' });
    expect(text(result)).toContain('peers has the proven commit\nproof: /tmp/proof.json\n');
    expect(text(result)).toMatch(/^partner +pushed +2 +yes +pushed +proven +1\.2 MB +-2\.0 kB$/m);
    expect(summary(result)).toContain('<code>v1</code> at ');
    expect(summary(result)).toContain(
      '| <code>partner</code> | proven | 2026-11-27 03:00Z | pushed | <code>01234567</code> | 2 | 42 | 1.2 MB | -2.0 kB | 1.5 s |',
    );
  });
});
