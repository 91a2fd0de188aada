import { describe, expect, test } from '@jest/globals';
import { tableItems } from '../../src/dolt/schema/create-table.ts';
import { computedColumns, lostItems, schemaFaults } from '../../src/rows/merged-schema.ts';

const table = (...parts: string[]) => tableItems(`CREATE TABLE \`t\` (\n  ${parts.join(',\n  ')}\n) ENGINE=InnoDB`);
const ID = '`id` int NOT NULL';
const A = '`a` int';
const WIDE = '`a` bigint';
const U = 'UNIQUE KEY `u` (`a`)';

describe('the three-way result of an item', () => {
  test.each([
    ['untouched', [ID, A], [ID, A], [ID, A], [ID, A], []],
    ['changed on one side', [ID, A], [ID, WIDE], [ID, A], [ID, WIDE], []],
    ['changed on one side but not in the merge', [ID, A], [ID, A], [ID, WIDE], [ID, A], ['column a']],
    ['the same change on both sides', [ID, A], [ID, WIDE], [ID, WIDE], [ID, WIDE], []],
    [
      'changed to different definitions on both sides',
      [ID, A],
      [ID, WIDE],
      [ID, '`a` tinyint'],
      [ID, WIDE],
      ['column a'],
    ],
    ['added on one side', [ID], [ID, A], [ID], [ID, A], []],
    ['added on one side and lost', [ID], [ID, A], [ID], [ID], ['column a']],
    ['dropped on one side', [ID, A, U], [ID, A], [ID, A, U], [ID, A], []],
    ['dropped on one side and restored', [ID, A, U], [ID, A], [ID, A, U], [ID, A, U], ['index u']],
    ['an index that neither side dropped is lost', [ID, A, U], [ID, A, U], [ID, A, U], [ID, A], ['index u']],
    ['an item that neither side has', [ID], [ID], [ID], [ID, A], ['column a']],
    ['dropped on both sides', [ID, A], [ID], [ID], [ID], []],
  ])('%s', (_, base, ours, theirs, merged, faults) => {
    const versions = { table: 't', base: table(...base), merged: table(...merged) };
    const found = [
      schemaFaults({ ...versions, ours: table(...ours), theirs: table(...theirs) }),
      schemaFaults({ ...versions, ours: table(...theirs), theirs: table(...ours) }),
    ];
    for (const one of found) expect(one.map(({ kind, name }) => `${kind} ${name}`)).toEqual(faults);
  });

  test('a table that one side dropped is gone, and a restored one is an error', () => {
    const base = table(ID);
    expect(schemaFaults({ table: 't', base, ours: [], theirs: base, merged: [] })).toEqual([]);
    expect(schemaFaults({ table: 't', base, ours: [], theirs: base, merged: base })).not.toEqual([]);
  });
});

test('lost indexes and checks of a side are found, except those of a table that it dropped', () => {
  const base = table(ID, A, U, 'CONSTRAINT `ck` CHECK ((`a` > 0))');
  expect(lostItems(base, table(ID, WIDE)).map(({ name }) => name)).toEqual(['u', 'ck']);
  expect(lostItems(base, base)).toEqual([]);
  expect(lostItems(base, [])).toEqual([]);
});

describe('defaults with another value on every machine', () => {
  test.each([
    ['`n` datetime(6) DEFAULT CURRENT_TIMESTAMP(6)', 'CURRENT_TIMESTAMP'],
    ['`n` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP', 'CURRENT_TIMESTAMP'],
    ['`n` char(36) DEFAULT (uuid())', 'UUID'],
    ['`n` binary(16) DEFAULT (uuid_to_bin(uuid()))', 'UUID'],
    ['`n` double DEFAULT ((`a` + rand ()))', 'RAND'],
    ['`n` int DEFAULT (connection_id())', 'CONNECTION_ID'],
    ['`n` varchar(90) DEFAULT (user())', 'USER'],
    ['`n` varchar(90) DEFAULT (@@version)', '@@VERSION'],
    ['`n` date DEFAULT (cast(now() as date))', 'NOW'],
    ["`n` varchar(9) DEFAULT 'now()'", null],
    ["`n` varchar(9) DEFAULT (concat('uuid()', `user`))", null],
    ['`n` datetime ON UPDATE CURRENT_TIMESTAMP', null],
    ["`n` int COMMENT 'DEFAULT now()'", null],
    ['`n` int DEFAULT ((`a` + 1))', null],
    ['`n` json DEFAULT (json_object())', null],
    ["`n` int DEFAULT '5'", null],
  ])('are found: %s', (column, calls) => {
    const found = computedColumns(table(ID), table(ID, column), table(ID));
    expect(found.map((one) => one.calls)).toEqual(calls === null ? [] : [calls]);
  });

  test.each([
    ["`n` varbinary(9) DEFAULT 0x6162 COMMENT 'a'", true],
    ['`n` varbinary(9) DEFAULT (0x6162)', false],
    ["`n` varchar(9) DEFAULT '0x6162'", false],
  ])('are not alone: this Dolt misreads one of bytes: %s', (column, isFound) => {
    const found = computedColumns(table(ID), table(ID, column), table(ID));
    expect(found).toEqual(isFound ? [{ column: 'n', text: column, calls: null }] : []);
  });

  test('are ignored for a column that the other side has or dropped', () => {
    const now = '`n` datetime DEFAULT CURRENT_TIMESTAMP';
    expect(computedColumns(table(ID), table(ID, now), table(ID, now))).toEqual([]);
    expect(computedColumns(table(ID, now), table(ID, now), table(ID))).toEqual([]);
  });
});
