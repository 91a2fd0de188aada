import { describe, expect, test } from '@jest/globals';
import { hasColumns } from '../../src/beads/column-kinds.ts';
import { edgeOf } from '../../src/beads/issue-graph.ts';

const ROW = { issue: 'a', issue_target: 'b', wisp_target: null, type: 'waits-for', metadata: null };

describe('the metadata of a dependency', () => {
  test.each<[string | null, string, boolean]>([
    ['{"gate": "any-children", "also_blocks": true}', 'any-children', true],
    ['{"gate": "any-children"}', 'any-children', false],
    ['{"gate": 1, "also_blocks": "yes"}', 'all-children', false],
    [null, 'all-children', false],
    ['null', 'all-children', false],
    ['[]', 'all-children', false],
    ['{', 'all-children', false],
    ['', 'all-children', false],
    [`${'['.repeat(200_000)}`, 'all-children', false],
    ['0xff', 'all-children', false],
  ])('is parsed: %.40s', (metadata, gate, alsoBlocks) => {
    expect(edgeOf({ ...ROW, metadata })).toMatchObject({ issue: 'a', on: 'b', gate, alsoBlocks });
  });
});

test.each([{ ...ROW, issue: null }, { ...ROW, type: null }, {}])(
  'a row without its issue or type is no edge (%#)',
  (row) => {
    expect(edgeOf(row)).toBeNull();
  },
);

test('a row without a target has no target in the graph', () => {
  expect(edgeOf({ ...ROW, issue_target: null })).toMatchObject({ on: null, onWisp: false });
  expect(edgeOf({ ...ROW, issue_target: null, wisp_target: 'w' })).toMatchObject({ on: null, onWisp: true });
});

describe('the type of a column', () => {
  test.each([
    ['varchar(255)', ['text', 'document']],
    ['longtext', ['text', 'document']],
    ['char(36) collate utf8mb4_0900_bin', ['text', 'document']],
    ['json', ['document']],
    ['tinyint(1)', ['whole']],
    ['int', ['whole', 'counter']],
    ['bigint', ['whole', 'counter', 'lock']],
    ['bigint unsigned', ['whole', 'counter']],
    ['decimal(20,2)', []],
    ['varbinary(255)', []],
    ['blob', []],
    ['bit(1)', []],
    ['double', []],
    ['integers', []],
  ])('is read from %s', (type, kinds) => {
    const known = ['text', 'whole', 'counter', 'lock', 'document'] as const;
    expect(known.filter((kind) => hasColumns([{ name: 'c', type }], { c: kind })).sort()).toEqual([...kinds].sort());
  });

  test('a missing column has no type', () => {
    expect(hasColumns([{ name: 'c', type: 'int' }], { d: 'whole' })).toBe(false);
  });
});
