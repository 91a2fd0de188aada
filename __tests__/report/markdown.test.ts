import { describe, expect, test } from '@jest/globals';
import { code, literal, markdownTable, titledTable } from '../../src/report/markdown.ts';
import { anyCharacter, fc } from '../helpers/property.ts';

/** The text that a reader sees of encoded text. */
const decode = (markdown: string) =>
  markdown.replaceAll('&#8288;', '').replace(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)));

const HOSTILE: readonly string[] = [
  '| x | y |',
  '</code><img src=x onerror=alert(1)>',
  '`` ` ``',
  '[here](https://evil.example)',
  'https://evil.example www.evil.example a@evil.example',
  '**bold** _it_ ~~gone~~ # h',
  '<!-- generated:inputs end -->',
  '&lt;script&gt;',
  '\\| \\`',
  ':rocket:',
];

describe('literal markdown', () => {
  test.each(HOSTILE)('contains no markup: %s', (text) => {
    for (const markdown of [literal(text), code(text).slice('<code>'.length, -'</code>'.length)]) {
      expect(markdown).not.toMatch(/[|<>`*_~[\]()\\:@/.!"'$]/);
      expect(decode(markdown)).toBe(text);
    }
  });

  test('keeps a line break inside its line', () => {
    expect(decode(code('a\nb'))).toBe('<code>a\\nb</code>');
  });

  test('breaks mentions and issue numbers with an invisible character', () => {
    expect(literal('@octocat #12')).toBe('&#64;&#8288;octocat &#35;&#8288;12');
    expect(literal('GH-12 and gh-7, not gh-x')).toBe('GH-&#8288;12 and gh-&#8288;7, not gh-x');
  });

  test('is empty for an empty table', () => {
    expect(code('')).toBe('');
  });

  test('creates no markup from any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(literal(text)).toMatch(/^(?:[^|<>`*_~[\]()\\:@/.!"'$&#\n\r]|&#\d+;)*$/);
      }),
    );
  });
});

describe('a table within a size limit', () => {
  const table = { columns: ['Name'], rows: Array.from({ length: 100 }, (_, index) => [`row ${index} ü`]) };

  test('is complete if it fits', () => {
    expect(markdownTable(table, 10_000).split('\n')).toHaveLength(103);
  });

  test.each([100, 200, 500, 1_000])('is cut between rows at %d bytes and counts the missing rows', (budget) => {
    const text = markdownTable(table, budget);
    const shown = text.split('\n').filter((line) => line.startsWith('| row'));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(budget);
    expect(shown.every((line) => line.endsWith(' ü |'))).toBe(true);
    expect(text).toContain(`\n${100 - shown.length} more rows are not shown.\n`);
  });

  test('is omitted if its header does not fit, or without rows', () => {
    expect(markdownTable(table, 50)).toBe('');
    expect(markdownTable({ ...table, rows: [] }, 10_000)).toBe('');
  });

  test('includes its title in the limit, or is omitted with it', () => {
    const titled = titledTable('Rows ü', table, 500);
    expect(titled).toMatch(/^\n### Rows ü\n\n\| Name \|\n/);
    expect(Buffer.byteLength(titled)).toBeLessThanOrEqual(500);
    expect(titledTable('Rows', { ...table, rows: [] }, 10_000)).toBe('');
  });

  test('may have a single row', () => {
    expect(markdownTable({ columns: ['Name'], rows: [['x'.repeat(500)]] }, 200)).toContain('1 more row is not shown.');
  });
});
