import { describe, expect, test } from '@jest/globals';
import { tableDefinition } from '../../src/dolt/schema/readability.ts';
import { rowConflictOf } from '../../src/rows/classify.ts';
import { formerCells } from '../../src/rows/former-cells.ts';

const types = new Map([
  ['d', 'decimal'],
  ['t', 'datetime'],
  ['v', 'varchar'],
  ['e', 'enum'],
  ['s', 'set'],
  ['b', 'bit'],
  ['x', 'varbinary'],
]);

function bothWith(...columns: readonly string[]) {
  const version = tableDefinition(`CREATE TABLE \`x\` (\n  ${columns.join(',\n  ')}\n)`);
  return formerCells({ types, ours: version, theirs: version });
}

test.each([
  ['d', '1.5000', '1.50', true],
  ['d', '1.5001', '1.50', false],
  ['t', '2026-01-02 03:04:05.000000', '2026-01-02 03:04:05', true],
  ['t', '2026-01-02 03:04:05.000000', '2026-01-02', false],
  ['v', '1.50', '1.5', false],
  ['v', '0xAB', '0xab', false],
  ['v', null, null, true],
  ['d', null, '0', false],
])('whether the cell %s with %j is as the base has it with %j', (column, value, base, expected) => {
  expect(bothWith()(column, value, base)).toBe(expected);
});

describe('a column that both sides added', () => {
  test.each([
    ['`v` varchar(9)', 'v', null, true],
    ['`v` varchar(9)', 'v', '', false],
    ["`v` varchar(9) NOT NULL DEFAULT 'it''s' COMMENT 'a'", 'v', "it's", true],
    ["`v` varchar(9) DEFAULT '1'", 'v', '1.0', false],
    ["`v` varchar(9) DEFAULT '1'", 'v', null, false],
    ["`v` varchar(9) DEFAULT (concat('a','b'))", 'v', 'ab', false],
    ["`d` decimal(10,4) DEFAULT '1.5'", 'd', '1.5000', true],
    ['`t` datetime DEFAULT CURRENT_TIMESTAMP', 't', '2026-01-02 03:04:05', false],
    ["`e` enum('a)','B c') DEFAULT '2'", 'e', 'B c', true],
    ["`e` enum('a)','2') DEFAULT '1'", 'e', '1', false],
    ["`s` set('a','b','c') DEFAULT '5'", 's', 'a,c', true],
    ["`s` set('a','b','c') DEFAULT '0'", 's', '', true],
    ["`s` set('a','5') DEFAULT '1'", 's', '5', false],
    ["`b` bit(12) DEFAULT b'101'", 'b', '0x0005', true],
    ["`b` bit(12) DEFAULT b'101'", 'b', '0x0101', false],
    ['`x` varbinary(4) DEFAULT 0xABCD', 'x', '0xabcd', true],
    ['`x` varbinary(4) DEFAULT 0x', 'x', '0x', true],
    ['`x` varbinary(4) DEFAULT 0x', 'x', null, false],
    ["`v` varchar(9) DEFAULT 'a\\\\n''b'", 'v', "a\\n'b", true],
  ])('had its default: %s', (text, column, value, expected) => {
    expect(bothWith(text)(column, value, undefined)).toBe(expected);
  });

  test('has no former value if the definitions differ', () => {
    const [ours, theirs] = ["DEFAULT 'a'", "DEFAULT 'b'"].map((rest) =>
      tableDefinition(`CREATE TABLE \`x\` (\`v\` varchar(9) ${rest})`),
    );
    const isFormer = formerCells({ types, ours: ours ?? null, theirs: theirs ?? null });
    expect(isFormer('v', 'a', undefined)).toBe(false);
  });

  test('is in conflict only if both sides wrote it', () => {
    const isFormer = bothWith("`v` varchar(9) DEFAULT 'new'");
    const conflictOf = (ours: string, theirs: string) =>
      rowConflictOf({ id: 'x', base: {}, ours: { v: ours }, theirs: { v: theirs } }, ['v'], new Set(), isFormer);
    expect(conflictOf('new', 'edited')).toMatchObject({ conflicting: [], theirs: ['v'] });
    expect(conflictOf('edited', 'new')).toMatchObject({ conflicting: [], theirs: [] });
    expect(conflictOf('one', 'two')).toMatchObject({ conflicting: ['v'], theirs: [] });
  });
});
