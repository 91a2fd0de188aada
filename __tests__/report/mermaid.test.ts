import { describe, expect, test } from '@jest/globals';
import type { Role } from '../../src/contract/vocabulary.ts';
import { mermaid } from '../../src/report/mermaid.ts';
import { peer, runResult } from '../helpers/results.ts';

describe('the diagram', () => {
  test('has the database in the centre and each peer with role and state', () => {
    const text = mermaid(runResult());
    expect(text).toContain('local(("local<br/>main"))');
    expect(text).toContain('p0["partner<br/>peer, T1<br/>up-to-date, pushed"]:::moved');
  });

  const LINKS: readonly [Role, string][] = [
    ['primary', 'local <--> p0'],
    ['peer', 'local <--> p0'],
    ['upstream', 'p0 --> local'],
    ['backup', 'local --> p0'],
    ['archive', 'local --> p0'],
  ];
  test.each(LINKS)('draws %s: %s', (role, link) => {
    expect(mermaid(runResult({ peers: [peer({ role })] }))).toContain(`  ${link}\n`);
  });

  test('does not end a label, a line or the block at any name', () => {
    const text = mermaid(
      runResult({ database: '/x/"]; ```\nclick p0', peers: [peer({ name: '"]\n  evil --> town #quot;' })] }),
    );
    expect(text).not.toContain('`');
    expect(text).not.toContain('evil -->');
    expect(text.split('\n').filter((line) => line.includes('evil'))).toEqual([
      expect.stringMatching(/^ {2}p0\["[^"]*"\]:::moved$/),
    ]);
  });

  test('shows a database without data as a database', () => {
    expect(mermaid(runResult({ database: null }))).toContain('local(("database<br/>main"))');
  });

  test('counts more peers than it can show', () => {
    const peers = Array.from({ length: 100 }, (_, index) => peer({ name: `p${index}` }));
    const text = mermaid(runResult({ peers }));
    expect(text).toContain('more["40 more"]');
    expect(text).not.toContain('p60[');
  });
});
