import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../src/report/annotations.ts';
import { failed, peer, problem, runResult } from '../helpers/results.ts';

const failing = { failing: true, locations: {} };

describe('annotations', () => {
  test('mark a failed peer as an error on the line of its configuration', () => {
    const result = runResult({ peers: [peer(), peer(failed)] });
    const locations = { gone: { file: '/w/.beads/config.yaml', line: 7, column: 5 } };
    expect(annotations(result, { failing: true, locations })).toEqual([
      {
        severity: 'error',
        title: 'gone: network',
        message: 'gone could not be reached\nCheck the network.',
        file: '/w/.beads/config.yaml',
        line: 7,
        column: 5,
      },
    ]);
  });

  test('mark it as a warning if the run does not fail', () => {
    const [annotation] = annotations(runResult({ peers: [peer(failed)] }), { failing: false, locations: {} });
    expect(annotation).toMatchObject({ severity: 'warning', file: null, line: null, column: null });
  });

  test.each(['error', 'warning', 'notice'] as const)('keep the severity %s and the place of a problem', (severity) => {
    const reported = problem({ severity, peer: 'partner', file: 'c.yaml', line: 2, hint: '' });
    const locations = { partner: { file: 'other.yaml', line: 9 } };
    expect(annotations(runResult({ problems: [reported] }), { failing: true, locations })).toEqual([
      { severity, title: 'partner: no-peers', message: reported.message, file: 'c.yaml', line: 2, column: null },
    ]);
  });

  test('print no control characters of a file name', () => {
    const reported = problem({ file: 'a\u009b31m\u202e\n.yaml' });
    expect(annotations(runResult({ problems: [reported] }), failing)).toMatchObject([
      { file: 'a\\u{9b}31m\\u{202e}\\n.yaml' },
    ]);
  });

  test('have no place for a peer with the name of an object property', () => {
    const result = runResult({ peers: [peer({ ...failed, name: 'constructor' })] });
    expect(annotations(result, failing)[0]).toMatchObject({ file: null, line: null });
  });

  test('show as many problems as GitHub does, and count the rest', () => {
    const peers = Array.from({ length: 5_000 }, (_, index) => peer({ ...failed, name: `gone-${index}` }));
    const reported = annotations(runResult({ peers }), failing);
    expect(reported).toHaveLength(11);
    expect(reported.at(-1)).toMatchObject({
      severity: 'notice',
      message: expect.stringContaining('4990 more problems'),
    });
  });

  test('count errors, warnings and notices separately, and the notice about the rest is one of ten', () => {
    const many = (severity: 'error' | 'warning' | 'notice') => Array.from({ length: 12 }, () => problem({ severity }));
    const reported = annotations(
      runResult({ problems: [...many('notice'), ...many('error'), ...many('warning')] }),
      failing,
    );
    const count = (wanted: string) => reported.filter(({ severity }) => severity === wanted).length;
    expect(['error', 'warning', 'notice'].map(count)).toEqual([10, 10, 10]);
    expect(reported.at(-1)?.message).toContain('and 7 more problems');
  });
});
