import { describe, expect, test } from '@jest/globals';
import type { PeerResult } from '../../src/contract/result.ts';
import { duration } from '../../src/report/figures.ts';
import { text } from '../../src/report/text/run-report.ts';
import { textTable } from '../../src/report/text/table.ts';
import { withValues } from '../../src/report/values.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../helpers/results.ts';

describe('the report as text', () => {
  test('contains a table, the problems and the verdict', () => {
    const result = runResult({
      status: 'partial',
      peers: [peer({ oldestUnsyncedAt: '2026-11-24T08:00:59.999Z' }), peer({ ...failed, ahead: null, behind: null })],
      problems: [problem({ file: 'c.yaml', line: 2, column: 3, hint: 'One.\nTwo.' })],
    });
    expect(text(result)).toBe(
      [
        'PEER     STATE        WAS    RESULT  PULLED  PUSHED  VERIFIED',
        'partner  up-to-date   ahead  pushed  0       2       yes',
        'gone     unreachable  -      failed  0       0       no',
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

  test('names a failed peer without a reason', () => {
    expect(text(runResult({ peers: [peer({ status: 'failed' })] }))).toContain('error: partner: the peer failed\n');
    expect(text(runResult({ peers: [peer({ status: 'conflict' })] }))).toContain('rows in conflict need a decision');
  });

  test('lists rows for which a peer waits after the reason', () => {
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

  test('contains only the verdict if no peer took part', () => {
    expect(text(runResult({ peers: [], head: null, status: 'unchanged' }))).toBe('sync: unchanged, 0 peers, 4.3 s\n');
  });

  test('lists incoming issues by source up to twenty, and counts the rest', () => {
    const sources = [
      { system: 'github', creator: 'ann', rows: 3 },
      { system: '', creator: '', rows: 2 },
    ];
    const many = Array.from({ length: 25 }, (_, index) => ({ system: `s${index}`, creator: 'bob', rows: 1 }));
    const from = (name: string, attribution: PeerResult['attribution']) => peer({ name, attribution });
    const shown = text(
      runResult({
        peers: [
          from('a', { table: 'issues', rows: 9, sources }),
          from('b', { table: 'issues', rows: 4 }),
          from('c', { table: 'issues', rows: 25, sources: many }),
        ],
      }),
    );
    expect(shown).toContain(
      [
        'PEER  TABLE   SOURCE  CREATOR  ROWS',
        'a     issues  github  ann      3',
        'a     issues  none             2',
        'a     issues  others           4',
        'b     issues  all              4',
        'c     issues  s0      bob      1',
      ].join('\n'),
    );
    expect(shown).toContain('and 9 more sources; --json shows them all');
  });

  test('lists conflicts up to fifty, and counts the rest', () => {
    const conflicts = Array.from({ length: 60 }, (_, index) => conflict({ key: { id: `bd-${index}` } }));
    const shown = text(runResult({ peers: [peer({ conflicts })] }));
    expect(shown).toContain(
      '  partner: issues id=bd-49 (changed; needs a decision)\n    title: base "old", ours "ours", theirs "theirs"',
    );
    expect(shown).not.toContain('bd-50');
    expect(shown).toContain('and 10 more rows; --json shows them all');
  });

  test('shows only peers with problems of thousands, and counts the rest', () => {
    const quiet = Array.from({ length: 4_960 }, (_, index) => peer({ name: `quiet-${index}`, status: 'unchanged' }));
    const moved = Array.from({ length: 30 }, (_, index) => peer({ name: `moved-${index}` }));
    const gone = Array.from({ length: 60 }, (_, index) => peer({ ...failed, name: `gone-${index}` }));
    const lines = text(runResult({ peers: [...quiet, ...moved, ...gone] })).split('\n');
    expect(lines.length).toBeLessThan(250);
    expect(lines.filter((line) => /^gone-\d+ +unreachable/.test(line))).toHaveLength(60);
    expect(lines.filter((line) => /^moved-\d+ +up-to-date/.test(line))).toHaveLength(30);
    expect(lines.filter((line) => /^quiet-\d+ +up-to-date/.test(line))).toHaveLength(10);
    expect(lines).toContain('and 4950 more peers; --json shows them all');
    expect(lines.filter((line) => line.startsWith('error: gone-'))).toHaveLength(50);
    expect(lines).toContain('and 10 more problems; --json shows them all');
  });

  test.each([
    ['a', 'an error that dolt-federation does not know', 'error: a: an error that'],
    ['a', 'a rule of the git host refuses the push', 'error: a: a rule of'],
    ['ssh', 'ssh was ended', 'error: ssh: ssh was'],
    ['hub', 'hub.example.org could not be reached', 'error: hub: hub.example'],
    ['hub', 'hub could not be reached', 'error: hub could'],
    ['A', 'A was empty and received its first push', 'error: A was'],
    ['a', 'a was empty and received its first push', 'error: a was'],
    ['the', 'the has no branch main', 'error: the has'],
    ['Our', 'Our branch main does not contain 0a', 'error: Our: Our branch'],
    ['THE', 'the push to THE found damaged data', 'error: THE: the push'],
    ['hub', "hub's certificate or host key is not trusted", "error: hub's"],
  ])('names the peer %s once, at the beginning of the error: %s', (name, message, beginning) => {
    const error = { code: 'unknown', message, hint: '', retryable: false } as const;
    expect(text(runResult({ peers: [peer({ ...failed, name, error })] }))).toContain(beginning);
  });

  test('prints no control characters of a peer', () => {
    const hostile = conflict({ table: '\u001b]0;x\u0007', key: { id: null } });
    expect(text(runResult({ peers: [peer({ conflicts: [hostile] })] }))).toContain('\\u{1b}]0;x\\u{7} id=NULL');
  });
});

describe('the text of a dry run', () => {
  const plan = { pull: 'merge', push: 'fast-forward', pullCommits: 1, pushCommits: 3, head: HEAD } as const;
  const result = runResult({
    dryRun: true,
    status: 'unchanged',
    peers: [
      peer({ status: 'unchanged', state: 'diverged', pushedCommits: 0, plan }),
      peer({
        name: 'new',
        status: 'unchanged',
        pushedCommits: 0,
        state: 'remote-empty',
        plan: { ...plan, pull: 'nothing', push: 'first-push', pushCommits: 1 },
      }),
      peer({
        name: 'old',
        status: 'unchanged',
        pushedCommits: 0,
        plan: { ...plan, pull: 'fast-forward', pullCommits: 2, push: 'replace' },
      }),
      peer({ name: 'far', status: 'unchanged', pushedCommits: 0, plan: { ...plan, pull: 'adopt', push: 'deliver' } }),
      peer({ ...failed }),
    ],
  });

  test('says so, and names the planned change of each peer', () => {
    expect(text(result).split('\n').slice(0, 6)).toEqual([
      'PEER     STATE         WOULD PULL                        WOULD PUSH',
      'partner  diverged      merge 1 commit                    3 commits',
      'new      remote-empty  -                                 first push, 1 commit',
      'old      ahead         2 commits                         replace its branch, 3 commits',
      'far      ahead         replace our branch with its head  3 commits to its inbox',
      'gone     unreachable   -                                 -',
    ]);
    expect(text(result)).toContain(`sync: dry run, nothing was changed, 5 peers, main at ${HEAD}`);
    expect(text({ ...result, status: 'conflict' })).toContain('sync: dry run (conflict), nothing was changed,');
  });
});

describe('the text on a terminal', () => {
  const peers = [peer({ name: 'a-peer-with-a-rather-long-name' }), peer({ ...failed })];
  const styled = (columns: number, wide = false) =>
    text(runResult({ peers }), 'full', { color: false, columns, wide }).split('\n\n')[0]?.split('\n');

  test('turns a table that is too wide into a block for each peer', () => {
    expect(styled(60)).toEqual([
      'a-peer-with-a-rather-long-name',
      '  state     up-to-date',
      '  was       ahead',
      '  result    pushed',
      '  pulled    0',
      '  pushed    2',
      '  verified  yes',
      'gone',
      '  state     unreachable',
      '  was       -',
      '  result    failed',
      '  pulled    0',
      '  pushed    0',
      '  verified  no',
    ]);
    expect(styled(100)).toHaveLength(3);
  });

  test('shows every column and the whole head with --wide', () => {
    const [titles = '', first = ''] = styled(60, true) ?? [];
    expect(titles.split(/ {2,}/)).toEqual([
      ...['PEER', 'ROLE', 'TIER', 'STATE', 'WAS', 'RESULT', 'PULLED', 'PUSHED', 'AHEAD/BEHIND', "PEER'S HEAD"],
      ...['VERIFIED', 'TIME', 'LAST VERIFIED', 'OLDEST UNSYNCED'],
    ]);
    expect(first).toContain(HEAD);
  });

  test('shows failures in red', () => {
    const shown = text(runResult({ status: 'partial', peers }), 'full', { color: true, columns: 80, wide: false });
    expect(shown).toContain('\u001b[31mgone\u001b[39m');
    expect(shown).toContain('\u001b[31merror:\u001b[39m gone could not be reached (network)');
    expect(shown).toContain('sync: \u001b[33mpartial\u001b[39m');
    expect(text(runResult({ peers }))).not.toContain('\u001b');
  });

  test('fits values into the width', () => {
    const long = conflict({ base: null, ours: { title: 'x'.repeat(300) }, theirs: { title: null } });
    const lines = (columns: number) =>
      text(runResult({ peers: [peer({ conflicts: [long] })] }), 'full', { color: false, columns, wide: false }).split(
        '\n',
      );
    expect(lines(80).find((line) => line.includes('xxx'))).toMatch(/^ {4}title: base no row, ours "x+…", theirs NULL$/);
    for (const columns of [80, 120]) expect(lines(columns).filter((line) => line.length > columns)).toEqual([]);
  });
});

describe('the values in the text', () => {
  const full = runResult({ peers: [peer({ conflicts: [conflict({ resolution: 'ours (later)', left: false })] })] });

  test.each([
    [
      'full',
      '  partner: issues id=bd-1 (changed; kept ours: changed later)\n    title: base "old", ours "ours", theirs "theirs"\n\n',
    ],
    [
      'keys',
      '  partner: issues id=bd-1 (changed; kept ours: changed later; title)\nValues are hidden (report-values: keys). `full` shows them.\n',
    ],
    ['none', '  partner: issues (changed)\nValues are hidden (report-values: none). `full` shows them.\n'],
  ] as const)('follow report-values: %s', (values, expected) => {
    expect(text(withValues(full, values), values)).toContain(expected);
  });

  test.each(['constructor', '__proto__'])('are absent for a column called %s, like an object property', (name) => {
    const result = runResult({ peers: [peer({ conflicts: [conflict({ columns: [name], left: false })] })] });
    expect(text(result, 'full')).toContain(`    ${name}: base no row, ours no row, theirs no row\n`);
  });

  test('include the keys in conflict of a document', () => {
    const path = { column: 'doc', path: '$.a', base: '1', ours: '2', theirs: null, resolution: 'ours (later)' };
    const row = conflict({
      columns: ['doc'],
      base: { doc: '{}' },
      ours: { doc: '{}' },
      theirs: { doc: '{}' },
      paths: [path],
    });
    expect(text(runResult({ peers: [peer({ conflicts: [row] })] }))).toContain(
      '    doc $.a: base "1", ours "2", theirs NULL\n',
    );
  });
});

test('columns have the width that a terminal shows', () => {
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
])('%d ms is shown as %s', (milliseconds, expected) => {
  expect(duration(milliseconds)).toBe(expected);
});
