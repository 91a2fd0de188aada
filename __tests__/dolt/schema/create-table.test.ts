import { describe, expect, test } from '@jest/globals';
import {
  columnType,
  defaultTokens,
  type Item,
  indexParts,
  isNotNull,
  isUniqueIndex,
  tableCollation,
  tableItems,
} from '../../../src/dolt/schema/create-table.ts';

/** As Dolt 2.3.0 prints it. */
const TABLE = `CREATE TABLE \`we\`\`ird\` (
  \`i d\` int unsigned NOT NULL AUTO_INCREMENT,
  \`x,y\` decimal(10,2) DEFAULT ((1 + 2)),
  \`b\` varchar(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'q''x"y)' COMMENT 'back\\\\slash '' \\"q\\", KEY \`no\` (\`b\`)',
  \`t\` timestamp DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'default now()',
  \`e\` enum('a','b''c','NOT NULL') NOT NULL DEFAULT '1',
  \`p\` point NOT NULL /*!80003 SRID 4326 */,
  \`j\` json DEFAULT (json_object('a',1)),
  \`g\` int GENERATED ALWAYS AS ((\`x,y\` + 1)) STORED,
  PRIMARY KEY (\`i d\`,\`b\`(10)),
  KEY \`ab\` (\`x,y\`,\`b\`),
  FULLTEXT KEY \`ft\` (\`b\`),
  SPATIAL KEY \`sp\` (\`p\`),
  UNIQUE KEY \`fb\` ((lower(t.b)),((\`e\` * 2))),
  UNIQUE KEY \`u\` (\`b\`(3)) COMMENT 'a, b',
  CONSTRAINT \`ck\` CHECK (((\`x,y\` > 0) AND (NOT((\`b\` = 'x,)y'))))),
  CONSTRAINT \`fk\` FOREIGN KEY (\`i d\`) REFERENCES \`t\` (\`id\`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin COMMENT='tab, "le"'`;

const items = tableItems(TABLE);
const item = (name: string): Item => {
  const found = items.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no item ${name}`);
  return found;
};

test('every item has its kind, name and text', () => {
  expect(items.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'column i d',
    'column x,y',
    'column b',
    'column t',
    'column e',
    'column p',
    'column j',
    'column g',
    'primary key ',
    'index ab',
    'index ft',
    'index sp',
    'index fb',
    'index u',
    'check ck',
    'foreign key fk',
    'options ',
  ]);
  expect(item('fk').text).toBe('CONSTRAINT `fk` FOREIGN KEY (`i d`) REFERENCES `t` (`id`) ON DELETE CASCADE');
  expect(item('sp').text).toBe('SPATIAL KEY `sp` (`p`)');
});

test('the AUTO_INCREMENT counter is not part of the definition', () => {
  const texts = (sql: string): string[] => tableItems(sql).map(({ text }) => text);
  expect(texts(TABLE.replace('AUTO_INCREMENT=4 ', ''))).toEqual(texts(TABLE));
  expect(texts(TABLE.replace('AUTO_INCREMENT=4', 'AUTO_INCREMENT=77'))).toEqual(texts(TABLE));
  expect(texts(TABLE.replace("COMMENT='tab", "COMMENT='other"))).not.toEqual(texts(TABLE));
});

test('a text that does not define a table has no items', () => {
  expect(tableItems('')).toEqual([]);
});

test.each([
  ['i d', 'int unsigned', true],
  ['x,y', 'decimal(10,2)', false],
  ['b', 'varchar(20) CHARACTER SET latin1 COLLATE latin1_bin', false],
  ['t', 'timestamp', false],
  ['e', "enum('a','b''c','NOT NULL')", true],
  ['p', 'point', true],
  ['g', 'int', false],
])('the type of column %s is %s', (name, type, notNull) => {
  expect(columnType(item(name))).toBe(type);
  expect(isNotNull(item(name))).toBe(notNull);
});

test.each([
  ['i d', ''],
  ['x,y', '( ( 1 + 2 ) )'],
  ['b', `'q''x"y)'`],
  ['t', 'CURRENT_TIMESTAMP'],
  ['j', "( json_object ( 'a' , 1 ) )"],
])('the default of column %s is found', (name, text) => {
  expect(
    defaultTokens(item(name))
      .map((token) => token.text)
      .join(' '),
  ).toBe(text);
});

describe('the items of a table', () => {
  test.each([
    [
      'ab',
      false,
      [
        { column: 'x,y', prefix: null },
        { column: 'b', prefix: null },
      ],
    ],
    ['u', true, [{ column: 'b', prefix: 3 }]],
    ['fb', true, [{ expression: '(lower(t.b))' }, { expression: '((`e` * 2))' }]],
    ['ft', false, [{ column: 'b', prefix: null }]],
  ])('include the parts of index %s', (name, unique, parts) => {
    expect(isUniqueIndex(item(name))).toBe(unique);
    expect(indexParts(item(name))).toMatchObject(parts);
  });
});

test('the collation of the table is parsed', () => {
  expect(tableCollation(items)).toBe('COLLATE utf8mb4_0900_bin');
  expect(tableCollation([])).toBe('');
});
