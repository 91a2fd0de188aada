import { describe, expect, test } from '@jest/globals';
import { rowDiffsOf } from '../../../src/dolt/rows/differing-rows.ts';
import {
  crashesDiff,
  crashesKeyCheck,
  mayRename,
  readability,
  tableDefinition,
} from '../../../src/dolt/schema/readability.ts';
import { mayLoseKey } from '../../../src/dolt/sql/require-mergeable.ts';
import { violationsOf } from '../../../src/dolt/sql/violations.ts';

/** A CREATE TABLE as Dolt prints it. */
const create = (...lines: string[]): string =>
  `CREATE TABLE \`t\` (\n${lines.map((line) => `  ${line}`).join(',\n')}\n) ENGINE=InnoDB`;
const ID = '`id` int NOT NULL';
const KEY = 'PRIMARY KEY (`id`)';
const plain = tableDefinition(create(ID, '`a` int', KEY));

describe('the definition of a table', () => {
  test('is read from CREATE TABLE', () => {
    const text = create(
      ID,
      "`a,b\\n` varchar(9) DEFAULT '`x` int,\n  KEY `no` ((1))'",
      '`v``v` int GENERATED ALWAYS AS ((`id` + 1))',
      '`s` int GENERATED ALWAYS AS ((`id` + 2)) STORED',
      'PRIMARY KEY (`s`,`id`)',
      'KEY `plain` (`a,b\\n`(10),`s`)',
      'UNIQUE KEY `f``x` (`s`,(lower(`a,b\\n`)))',
      'KEY `g` ((concat(`s`,1)))',
      'CONSTRAINT `c` CHECK ((`s` > 0))',
    );
    expect(tableDefinition(text)).toMatchObject({
      columns: ['id', 'a,b\\n', 'v`v', 's'],
      virtualColumns: ['v`v'],
      functionalIndexes: ['f`x', 'g'],
      key: ['s', 'id'],
    });
    expect(tableDefinition(text).columnTexts[0]).toBe(ID);
    expect(tableDefinition(create('`a` int')).key).toEqual([]);
  });
});

describe('the readability of conflicts', () => {
  const virtual = tableDefinition(create(ID, '`v` int GENERATED ALWAYS AS ((`id` + 1))', KEY));
  const functional = tableDefinition(create(ID, '`a` int', KEY, 'KEY `f` ((`a` + 1))'));
  const shadowed = tableDefinition(create(ID, '`Diff_Type` int', '`cardinality` int', KEY));
  const keyless = tableDefinition(create('`diff_type` int', '`Cardinality` int'));
  const all = { base: plain, ours: plain, theirs: plain, merged: plain };

  test.each([
    ['plain', all, []],
    ['new on both sides', { ...all, base: null }, []],
    ['a virtual column that one side dropped', { ...all, theirs: virtual }, ['virtual-column v']],
    ['an index that one side added', { ...all, theirs: functional, merged: functional }, ['functional-index f']],
    ['an index that one side dropped', { ...all, base: functional, ours: functional }, ['functional-index f']],
    ['a column with a name of a system table', { ...all, ours: shadowed, merged: shadowed }, ['system-name Diff_Type']],
    ['without a key', { ...all, base: keyless }, ['system-name diff_type', 'system-name Cardinality']],
  ] as const)('%s', (_, versions, conflicts) => {
    expect(readability(versions).conflicts.map(({ cause, name }) => `${cause} ${name}`)).toEqual(conflicts);
  });
});

test.each([
  ['a primary key', true, [['id', '!hidden!f!0!0', 'a']], [], false],
  ['no primary key', false, [['a', 'b']], [], false],
  ['a VIRTUAL column', false, [['a', 'v']], ['v'], true],
  ['a VIRTUAL column in one version', false, [['a'], ['a', 'v']], ['v'], true],
  ['a functional index at the end', false, [['a', '!hidden!f!0!0', '!hidden!f!0!1']], [], false],
  ['a functional index before a column', false, [['a', '!hidden!f!0!0', 'b']], [], true],
  ['a functional index of one version', false, [['a'], ['a', '!hidden!f!0!0']], [], true],
] as const)('the rows of a table cannot be compared: %s', (_, isKeyed, versions, virtualColumns, expected) => {
  const key = isKeyed ? ['id'] : [];
  const found = versions.map((allColumns) => ({
    key,
    allColumns,
    virtualColumns: virtualColumns.filter((name) => (allColumns as readonly string[]).includes(name)),
  }));
  expect(crashesDiff(found)).toBe(expected);
  // Its primary key came later.
  if (expected) expect(crashesDiff([...found, { key: ['a'], allColumns: ['a'], virtualColumns: [] }])).toBe(true);
});

test.each([
  ['behind a VIRTUAL column', [], ['a', 'v', 'p'], ['v'], true],
  ['behind a functional index', [], ['a', '!hidden!f!0!0', 'p'], [], true],
  ['before a VIRTUAL column', [], ['a', 'p', 'v'], ['v'], false],
  ['with a primary key', ['a'], ['a', 'v', 'p'], ['v'], false],
])('a foreign key cannot be checked: %s', (_, key, allColumns, virtualColumns, expected) => {
  expect(crashesKeyCheck({ key, allColumns, virtualColumns }, ['p'])).toBe(expected);
});

const definition = (key: string, ...columns: string[]) =>
  tableDefinition(create(...columns.map((name) => `\`${name}\` int`), `PRIMARY KEY (\`${key}\`)`));

test.each([
  ['the same', ['id', 'a', 'b'], ['id', 'a', 'b'], false],
  ['added', ['id', 'a'], ['b', 'id', 'a'], false],
  ['dropped', ['id', 'a', 'b'], ['id', 'b'], false],
  ['renamed', ['id', 'a'], ['id', 'b'], true],
  ['in another case', ['id', 'a'], ['id', 'A'], true],
  ['replaced', ['id', 'a'], ['id', 'x', 'y'], true],
  ['exchanged', ['id', 'a', 'b'], ['id', 'b', 'a'], true],
])('columns may have been renamed: %s', (_, before, after, expected) => {
  expect(mayRename(definition('id', ...before), definition('id', ...after))).toBe(expected);
});

test.each([
  ['nothing dropped', ['a', 'id'], ['id', 'a'], false],
  ['after the key', ['a', 'id', 'b'], ['a', 'id'], false],
  ['before the key', ['a', 'id', 'b'], ['id', 'b'], true],
])('the key may be lost: %s', (_, here, there, expected) => {
  expect(mayLoseKey(definition('id', ...here), definition('id', ...there))).toBe(expected);
});

test('different rows are identified by the position of their columns', () => {
  const columns = [
    'to_commit',
    'to_from_x',
    'to_commit',
    'to_commit_date',
    'from_commit',
    'from_commit',
    'from_commit_date',
    'diff_type',
  ];
  const rows = [
    ['k', 'n', 'hash', 'date', 'k', 'hash', 'date', 'modified'],
    [null, null, 'hash', 'date', 'k', 'hash', 'date', 'removed'],
    ['k', 'n', 'hash', 'date', null, 'hash', 'date', 'added'],
  ];
  expect(rowDiffsOf({ columns, rows })).toEqual([
    { to: { commit: 'k', from_x: 'n' }, from: { commit: 'k' } },
    { to: null, from: { commit: 'k' } },
    { to: { commit: 'k', from_x: 'n' }, from: null },
  ]);
});

test('broken constraints are identified by the position of their columns', () => {
  const columns = ['from_root_ish', 'violation_type', 'id', 'violation_type', 'violation_info', 'violation_info'];
  const rows = [['root', 'unique index', '1', 'mine', 'mine too', '{"Name":"u","Columns":["a"]}']];
  expect(violationsOf('t', { columns, rows })).toMatchObject([
    {
      type: 'unique index',
      name: 'u',
      columns: ['a'],
      row: { id: '1', violation_type: 'mine', violation_info: 'mine too' },
    },
  ]);
});
