import { describe, expect, test } from '@jest/globals';
import type { RunStatus } from '../../src/contract/vocabulary.ts';
import { Failure } from '../../src/core/failure.ts';
import { errorResult, failureSummary } from '../../src/report/error-result.ts';
import { COMMENT_BUDGET_BYTES, SUMMARY_BUDGET_BYTES, summary } from '../../src/report/summary.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../helpers/results.ts';

const cells = (markdown: string, name: string) =>
  markdown
    .split('\n')
    .find((line) => line.startsWith(`| <code>${name}</code>`))
    ?.split(' | ');

describe('the job summary', () => {
  test('names the status, the place, a diagram and every peer', () => {
    const text = summary(runResult({ peers: [peer(), peer(failed)], status: 'partial' }));
    expect(text).toMatch(/^## ⚠️ dolt-federation sync: partial\n/);
    expect(text).toContain(`head <code>${HEAD}</code>`);
    expect(text).toContain('```mermaid\nflowchart LR\n');
    expect(cells(text, 'partner')).toEqual([
      ...[
        '| <code>partner</code>',
        'peer',
        'T1',
        'up-to-date',
        'ahead',
        'pushed',
        '0',
        '2',
        '0/0',
        '<code>01234567</code>',
        'yes',
      ],
      '1.2 s',
      '2026-11-25 20:46Z',
      '- |',
    ]);
    expect(cells(text, 'gone')).toContain('failed');
    expect(text).toContain('| error | <code>gone</code> | <code>network</code> | gone could not be reached |');
    expect(text).not.toContain('### Conflicts');
  });

  test('of a dry run says that nothing was changed, and names the planned changes', () => {
    const plan = { pull: 'merge', push: 'fast-forward', pullCommits: 1, pushCommits: 3, head: HEAD } as const;
    const text = summary(
      runResult({ dryRun: true, status: 'unchanged', peers: [peer({ status: 'unchanged', plan })] }),
    );
    expect(text).toMatch(/^## ✅ dolt-federation sync: dry run, nothing was changed\n/);
    expect(text).toContain('| Would pull | Would push |');
    expect(cells(text, 'partner')).toEqual(expect.arrayContaining(['merge 1 commit', '3 commits']));
  });

  const MARKS: readonly [RunStatus, string][] = [
    ['unchanged', '✅'],
    ['success', '✅'],
    ['partial', '⚠️'],
    ['conflict', '⚠️'],
    ['failed', '❌'],
  ];
  test.each(MARKS)('marks %s with %s', (status, mark) => {
    expect(summary(runResult({ status }))).toContain(`## ${mark} `);
  });

  test('has no diagram and no empty table without peers', () => {
    const text = summary(
      runResult({ peers: [], head: null, doltVersion: null, database: null, problems: [problem()] }),
    );
    expect(text).toContain('No peer took part.');
    expect(text).not.toContain('### Peers');
    expect(text).toContain('| warning |  | <code>no-peers</code>');
  });

  test('names the conflicts file if it exists', () => {
    const left = summary(runResult({ status: 'conflict', conflictsPath: '/tmp/conflicts.yaml' }));
    expect(left).toContain(
      'Rows that need a decision are in <code>&#47;tmp&#47;conflicts&#46;yaml</code> (output <code>conflicts-path</code>)',
    );
    expect(summary(runResult())).not.toContain('conflicts-path');
  });

  test('shows the place of a problem in the configuration', () => {
    const text = summary(runResult({ problems: [problem({ file: '.beads/config.yaml', line: 3, column: 5 })] }));
    expect(text).toContain('&#40;&#46;beads&#47;config&#46;yaml&#58;3&#58;5&#41;');
  });

  test('keeps the table name of a peer inside its cell', () => {
    const hostile = conflict({ table: 'x | y\n## z <b>', key: { id: '|' }, ours: null });
    const text = summary(runResult({ peers: [peer({ conflicts: [hostile] })] }));
    const line = text.split('\n').find((each) => each.includes('z '));
    expect(line?.split(' | ')).toHaveLength(9);
    expect(text).not.toContain('<b>');
    expect(text).not.toContain('\n## z');
  });

  test('cuts ten thousand conflicts below the limit, and counts them', () => {
    const conflicts = Array.from({ length: 10_000 }, (_, index) => conflict({ key: { id: `bd-${index}` } }));
    const text = summary(runResult({ peers: [peer({ conflicts })] }));
    const shown = text.split('\n').filter((line) => line.includes('<code>issues</code>')).length;
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SUMMARY_BUDGET_BYTES);
    expect(text).toContain(`${10_000 - shown} more rows are not shown.`);
  });

  test('keeps space for problems beside many peers', () => {
    const peers = Array.from({ length: 5_000 }, (_, index) => peer({ ...failed, name: `peer${index}` }));
    const text = summary(runResult({ peers, status: 'failed' }), 20_000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
    expect(text).toContain('### Problems');
  });
});

describe('the job summary of a failure', () => {
  test('names the problem, its place and the fix', () => {
    const failure = new Failure('config-syntax', 'bad <yaml>', {
      hint: 'Line one.\nLine two.',
      location: { file: '/c.yaml', line: 2 },
    });
    const text = failureSummary(errorResult(failure));
    expect(text).toContain('<code>config-syntax</code> bad &#60;yaml&#62;');
    expect(text).toContain('at <code>&#47;c&#46;yaml&#58;2</code>');
    expect(text).toContain('Line one&#46;<br>Line two&#46;');
  });

  test('has every problem, or the first ones of very many', () => {
    const problems = Array.from({ length: 60 }, (_, index) => new Failure('config-invalid', `bad ${index}.`));
    const text = failureSummary(
      errorResult(new Failure('config-invalid', 'bad 0. (and 59 more problems)', { problems })),
    );
    expect(text.match(/bad \d+&#46;/g)).toEqual(
      problems.slice(0, 50).map(({ message }) => message.replace('.', '&#46;')),
    );
    expect(text).toContain('and 10 more problems; the file at');
  });

  test('has as many problems as a comment takes, and at least one, whatever escapes they need', () => {
    const at = '@'.repeat(1_000);
    const location = { file: `/${at}`, line: 1 };
    const problems = Array.from({ length: 9 }, () => new Failure('config-invalid', at, { hint: at, location }));
    const result = errorResult(new Failure('config-invalid', 'all', { problems }));
    const text = failureSummary(result, COMMENT_BUDGET_BYTES);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(COMMENT_BUDGET_BYTES);
    expect(text).toContain('and 7 more problems; the file at');
    expect(failureSummary(result, 10)).toContain('and 8 more problems');
    expect(Buffer.byteLength(failureSummary(result))).toBeLessThanOrEqual(SUMMARY_BUDGET_BYTES);
  });

  test('omits missing parts', () => {
    expect(failureSummary(errorResult(new Failure('unknown', 'x', { hint: '' })))).not.toContain('at <code>');
  });
});
