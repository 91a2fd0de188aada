import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES } from '../../src/contract/error-codes.ts';

const COLUMNS = ['Who', 'What they try', 'What the product does', 'Code', 'Test'];
const page = await readFile('docs/threat-model.md', 'utf8');
const cellsOf = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
const wordsOf = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const lines = page.split('\n').filter((line) => line.startsWith('|'));
const rows = lines.map(cellsOf).filter(([first = '']) => first !== 'Who' && !/^-+$/.test(first));
const sections = page.split(/^## /m).slice(1);

describe('the threat model', () => {
  test('has one table with the same columns for each attacker, and a section about attacks without a defence', () => {
    expect(sections.length).toBeGreaterThan(5);
    for (const section of sections) {
      expect(
        section
          .split('\n')
          .filter((line) => line.startsWith('| Who'))
          .map(cellsOf),
      ).toEqual([COLUMNS]);
      expect(section).toContain('\nNot defended:');
    }
  });

  test.each(rows.map((row) => [row[1] ?? '', row] as const))(
    '%s: all cells are filled, its tests exist and check its code',
    async (_, row) => {
      expect(row).toHaveLength(COLUMNS.length);
      expect(row.filter((cell) => cell === '')).toEqual([]);
      const [code = '', tests = ''] = row.slice(3);
      expect(wordsOf(code).length > 0 || code === '–').toBe(true);
      expect(wordsOf(code).filter((word) => !ERROR_CODES.some((known) => known === word))).toEqual([]);
      expect(wordsOf(tests).length).toBeGreaterThan(0);
      const files = wordsOf(tests).map((name) => `__tests__/${name}.test.ts`);
      expect(files.filter((file) => !existsSync(file))).toEqual([]);
      const texts = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
      expect(wordsOf(code).filter((word) => !texts.includes(word))).toEqual([]);
    },
  );
});
