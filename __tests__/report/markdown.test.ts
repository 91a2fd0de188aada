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
  test.each(HOSTILE)('%s', (text) => {
    for (const markdown of [literal(text), code(text).slice('<code>'.length, -'</code>'.length)]) {
      expect(markdown).not.toMatch(/[|<>`*_~[\]()\\:@/.!"'$]/);
      expect(decode(markdown)).toBe(text);
    }
  });

  test('a line break does not leave the line', () => {
    expect(decode(code('a\nb'))).toBe('<code>a\\nb</code>');
  });

  test('mentions and issue numbers are broken by an invisible character', () => {
    expect(literal('@octocat #12')).toBe('&#64;&#8288;octocat &#35;&#8288;12');
  });

  test('an empty table has no text', () => {
    expect(code('')).toBe('');
  });

  test('no text of any kind makes markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(literal(text)).toMatch(/^(?:[^|<>`*_~[\]()\\:@/.!"'$&#\n\r]|&#\d+;)*$/);
      }),
    );
  });
});

describe('a table within a budget', () => {
  const table = { columns: ['Name'], rows: Array.from({ length: 100 }, (_, index) => [`row ${index} ü`]) };

  test('is whole where it fits', () => {
    expect(markdownTable(table, 10_000).split('\n')).toHaveLength(103);
  });

  test.each([100, 200, 500, 1_000])('is cut between rows at %d bytes and says how many are missing', (budget) => {
    const text = markdownTable(table, budget);
    const shown = text.split('\n').filter((line) => line.startsWith('| row'));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(budget);
    expect(shown.every((line) => line.endsWith(' ü |'))).toBe(true);
    expect(text).toContain(`\n${100 - shown.length} more rows are not shown.\n`);
  });

  test('is left out where not even its head fits, or if it has no rows', () => {
    expect(markdownTable(table, 50)).toBe('');
    expect(markdownTable({ ...table, rows: [] }, 10_000)).toBe('');
  });

  test('has its title in the same budget, or is left out with it', () => {
    const titled = titledTable('Rows ü', table, 500);
    expect(titled).toMatch(/^\n### Rows ü\n\n\| Name \|\n/);
    expect(Buffer.byteLength(titled)).toBeLessThanOrEqual(500);
    expect(titledTable('Rows', { ...table, rows: [] }, 10_000)).toBe('');
  });

  test('one row is one row', () => {
    expect(markdownTable({ columns: ['Name'], rows: [['x'.repeat(500)]] }, 200)).toContain('1 more row is not shown.');
  });
});
