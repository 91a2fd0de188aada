import { describe, expect, test } from '@jest/globals';
import { duration } from '../../src/report/figures.ts';
import { text } from '../../src/report/text.ts';
import { textTable } from '../../src/report/text-table.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../helpers/results.ts';

describe('the report as text', () => {
  test('is a table, what went wrong, and the verdict', () => {
    const result = runResult({
      status: 'partial',
      peers: [peer({ oldestUnsyncedAt: '2026-11-24T08:00:59.999Z' }), peer({ ...failed, ahead: null, behind: null })],
      problems: [problem({ file: 'c.yaml', line: 2, column: 3, hint: 'One.\nTwo.' })],
    });
    expect(text(result)).toBe(
      [
        'PEER     ROLE  TIER  STATE        STATUS  PULLED  PUSHED  AHEAD/BEHIND  HEAD      VERIFIED  TIME   LAST VERIFIED      OLDEST UNSYNCED',
        'partner  peer  T1    up-to-date   pushed  0       2       0/0           01234567  yes       1.2 s  2026-11-25 20:46Z  2026-11-24 08:00Z',
        'gone     peer  T1    unreachable  failed  0       0       ?/?           -         no        1.2 s  2026-11-25 20:46Z  -',
        '',
        'error: gone could not be reached (network)',
        '  Check the network.',
        'warning: no peer is configured (no-peers)',
        '  at c.yaml:2:3',
        '  One.',
        '  Two.',
        '',
        `sync: partial, 2 peers, main at ${HEAD}, 4.3 s`,
        '',
      ].join('\n'),
    );
  });

  test('a failed peer without a reason is still named', () => {
    expect(text(runResult({ peers: [peer({ status: 'failed' })] }))).toContain('error: partner: the peer failed\n');
    expect(text(runResult({ peers: [peer({ status: 'conflict' })] }))).toContain('rows in conflict need a decision');
  });

  test('rows for which a peer waits follow the reason', () => {
    const error = { code: 'future-date', message: 'partner sends 2 rows', hint: 'Ask.', retryable: false } as const;
    const held = [
      { table: 'times', key: { id: '1' }, column: 'updated_at', value: '2100-01-01' },
      { table: 'times', key: { id: '2', part: null }, column: null, value: null },
    ];
    expect(text(runResult({ peers: [peer({ status: 'conflict', error, held })] }))).toContain(
      [
        'error: partner sends 2 rows (future-date)',
        '  times: id = 1, updated_at = 2100-01-01',
        '  times: id = 2, part = NULL',
        '  Ask.',
      ].join('\n'),
    );
  });

  test('nothing but the verdict where nothing took part', () => {
    expect(text(runResult({ peers: [], head: null, status: 'unchanged' }))).toBe('sync: unchanged, 0 peers, 4.3 s\n');
  });

  test('conflicts are listed up to fifty, then counted', () => {
    const conflicts = Array.from({ length: 60 }, (_, index) => conflict({ key: { id: `bd-${index}` } }));
    const shown = text(runResult({ peers: [peer({ conflicts })] }));
    expect(shown).toContain('partner        changed  issues  bd-49  title    undone');
    expect(shown).not.toContain('bd-50');
    expect(shown).toContain('and 10 more rows; --json shows them all');
  });

  test('of thousands of peers those with trouble are shown, and the rest is counted', () => {
    const quiet = Array.from({ length: 4_960 }, (_, index) => peer({ name: `quiet-${index}`, status: 'unchanged' }));
    const moved = Array.from({ length: 30 }, (_, index) => peer({ name: `moved-${index}` }));
    const gone = Array.from({ length: 60 }, (_, index) => peer({ ...failed, name: `gone-${index}` }));
    const lines = text(runResult({ peers: [...quiet, ...moved, ...gone] })).split('\n');
    expect(lines.length).toBeLessThan(250);
    expect(lines.filter((line) => /^gone-\d+ +peer/.test(line))).toHaveLength(60);
    expect(lines.filter((line) => /^moved-\d+ +peer/.test(line))).toHaveLength(30);
    expect(lines.filter((line) => /^quiet-\d+ +peer/.test(line))).toHaveLength(10);
    expect(lines).toContain('and 4950 more peers; --json shows them all');
    expect(lines.filter((line) => line.startsWith('error: gone-'))).toHaveLength(50);
    expect(lines).toContain('and 10 more problems; --json shows them all');
  });

  test('what a peer wrote cannot steer a terminal', () => {
    const hostile = conflict({ table: '\u001b]0;x\u0007', key: { id: null } });
    expect(text(runResult({ peers: [peer({ conflicts: [hostile] })] }))).toContain('\\u{1b}]0;x\\u{7}  NULL');
  });
});

test('columns count what a terminal shows', () => {
  const table = textTable([
    ['漢字', 'x'],
    ['e\u0301', 'y'],
    ['😀a', 'z'],
  ]);
  expect(table).toEqual(['漢字  x', 'e\u0301     y', '😀a   z']);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_499, '59.5 s'],
  [59_700, '1 min 00 s'],
  [245_000, '4 min 05 s'],
])('%d ms is %s', (milliseconds, expected) => {
  expect(duration(milliseconds)).toBe(expected);
});
