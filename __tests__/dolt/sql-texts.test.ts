import { describe, expect, test } from '@jest/globals';
import { hasKey } from '../../src/dolt/rows/row-key.ts';
import { generatedColumns, renamed } from '../../src/dolt/schema/generated-columns.ts';
import { canFixCommitter, signature } from '../../src/dolt/signature.ts';

const column = (name: string, type = 'varchar') => ({ name, type, generated: null });
const shape = { name: 't', key: ['id'], columns: [column('id', 'int'), column('a')] };

test('generated columns are read from the definition, not from similar text in comments and defaults', () => {
  const create = [
    'CREATE TABLE `t` (',
    "  `id` int NOT NULL DEFAULT 'x GENERATED ALWAYS AS (1) STORED',",
    '  `a``b` int GENERATED ALWAYS AS ((`id` + 1)) STORED,',
    "  `v` varchar(9) GENERATED ALWAYS AS (concat(`id`,'`id` (')),",
    "  `c` int COMMENT 'one\n  `d` int GENERATED ALWAYS AS (2)',",
    '  PRIMARY KEY (`id`)',
    ')',
  ].join('\n');
  const found = generatedColumns(create);
  expect([...found]).toEqual([
    ['a`b', { expression: '(`id` + 1)', stored: true }],
    ['v', { expression: "concat(`id`,'`id` (')", stored: false }],
  ]);
  expect(renamed("concat(`id`,'`id` (')", (name) => `\`our_${name}\``)).toBe("concat(`our_id`,'`id` (')");
});

describe('the condition for a list of keys', () => {
  test('is false without keys', () => {
    expect(hasKey(shape, [])).toEqual({ text: 'FALSE', values: [] });
  });
  test('contains numbers as literals, and text and bytes as values', () => {
    const wide = { name: 't', key: ['id', 'k', 'b'], columns: [column('id', 'int'), column('k'), column('b', 'blob')] };
    expect(hasKey(shape, [{ id: '1' }, { id: "1' OR 1" }], 'to_')).toEqual({
      text: '`to_id` IN (1, ?)',
      values: ["1' OR 1"],
    });
    expect(hasKey(wide, [{ id: '1', k: 'x', b: '0xff' }])).toEqual({
      text: '((`id` = 1 AND `k` = ? AND `b` = UNHEX(?)))',
      values: ['x', 'ff'],
    });
  });
});

describe('the signature of a commit', () => {
  const all = ['author', 'committer'].flatMap((who) => ['name', 'email', 'date'].map((what) => `dolt_${who}_${what}`));
  test('contains all values if the Dolt supports all variables', () => {
    expect(canFixCommitter(all)).toBe(true);
    expect(signature(all, '2026-01-02 03:04:05.678')).toEqual([
      ['dolt_author_name', 'dolt-federation'],
      ['dolt_author_email', 'merge@dolt-federation.invalid'],
      ['dolt_author_date', '2026-01-02T03:04:05.678Z'],
      ['dolt_committer_name', 'dolt-federation'],
      ['dolt_committer_email', 'merge@dolt-federation.invalid'],
      ['dolt_committer_date', '2026-01-02T03:04:05.678Z'],
    ]);
  });
  test('contains only the supported values otherwise, and the merge is not deterministic', () => {
    expect(canFixCommitter(all.slice(0, 5))).toBe(false);
    expect(signature(['dolt_author_name'], '2026-01-02')).toEqual([['dolt_author_name', 'dolt-federation']]);
  });
});
