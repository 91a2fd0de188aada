import { beforeAll, describe, expect, test } from '@jest/globals';
import { tableItems } from '../../src/dolt/schema/create-table.ts';
import { foreignCalls } from '../../src/dolt/schema/expressions.ts';
import { createTableAt } from '../../src/dolt/schema/table-definitions.ts';
import { makeEmptyDatabase } from '../helpers/database.ts';
import { filePeer, withDatabase } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The columns of every table below. */
const COLUMNS = "id INT PRIMARY KEY, a VARCHAR(90), b INT, d DATETIME, j JSON, `q'(` VARCHAR(9)";

/** The calls that are not allowed in tables as Dolt prints them, once it has stored each. */
async function callsIn(tables: readonly string[]): Promise<string[][]> {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  return await withDatabase(local.path, folder.file('tmp'), async (sql) => {
    for (const [index, columns] of tables.entries()) await sql.run(`CREATE TABLE t${index} (${columns})`);
    await sql.run("CALL DOLT_COMMIT('-A', '-m', 'tables')");
    const found: string[][] = [];
    for (const index of tables.keys())
      found.push(foreignCalls(tableItems(await createTableAt(sql, `t${index}`, 'HEAD'))).map((call) => call.function));
    return found;
  });
}

const asCheck = (expression: string): string => `${COLUMNS}, CONSTRAINT c CHECK (${expression} IS NULL)`;
const asDefault = (expression: string): string => `id INT PRIMARY KEY, a VARCHAR(90) DEFAULT (${expression})`;

const ALLOWED = [
  ...['a = 1 AND b <> 2 OR NOT (b <=> 3) XOR b > 4', 'b + 1 - 2 * 3 / 4 % 5 DIV 6 | 7 & 8 ^ 9 << 1 >> 2', '-b'],
  ...["a IN ('x', 'y')", 'b BETWEEN (1) AND (2)', "a LIKE ('x%')", "CASE (b) WHEN (1) THEN ('x') ELSE ('y') END"],
  ...[
    'CAST(a AS CHAR(3))',
    'CAST(a AS DECIMAL(5,2))',
    "CONVERT('x' USING utf8mb4)",
    'CONVERT(a, DATETIME)',
    'BINARY a',
  ],
  ...['COALESCE(a, b)', 'IF(a, b, 1)', 'IFNULL(a, b)', 'NULLIF(a, b)', 'GREATEST(b, 1)', 'LEAST(b, 1)'],
  ...['ABS(b)', 'FLOOR(b)', 'CEIL(b)', 'CEILING(b)', 'MOD(b, 2)', 'SIGN(b)'],
  ...['LOWER(a)', 'LCASE(a)', 'UPPER(a)', 'UCASE(a)', 'TRIM(a)', "TRIM(BOTH 'x' FROM (a))", 'LTRIM(a)', 'RTRIM(a)'],
  ...["CONCAT(a, 'x')", "CONCAT_WS(',', a, b)", 'SUBSTRING(a, 1, 2)', 'SUBSTR(a FROM 1 FOR 2)', 'MID(a, 1, 2)'],
  ...["SUBSTRING_INDEX(a, '.', 1)", 'LEFT(a, 1)', 'RIGHT(a, 1)', 'LENGTH(a)', 'OCTET_LENGTH(a)', 'CHAR_LENGTH(a)'],
  ...['CHARACTER_LENGTH(a)', "REPLACE(a, 'x', 'y')", "LOCATE('x', a)", "POSITION('x' IN a)", "INSTR(a, 'x')"],
  ...['UUID_TO_BIN(a)', 'BIN_TO_UUID(a)', 'DATE(d)', 'TIME(d)', 'YEAR(d)', 'MONTH(d)', 'DAY(d)', 'DAYOFMONTH(d)'],
  ...["DATE_FORMAT(d, '%Y')", 'DATE_ADD(d, INTERVAL 1 DAY)', 'DATE_SUB(d, INTERVAL 1 DAY)', 'ADDDATE(d, 1)'],
  ...['SUBDATE(d, 1)', 'DATEDIFF(d, d)', 'HEX(a)'],
  ...[
    "JSON_EXTRACT(j, '$.a')",
    "j->>'$.a'",
    "JSON_SET(j, '$.a', 1)",
    'JSON_ARRAY(a)',
    'JSON_OBJECT(a, b)',
    'JSON_VALID(a)',
  ],
  ...['POINT(1, 2)', "ST_GEOMFROMTEXT('POINT(1 1)')", "ST_POINTFROMTEXT('POINT(1 1)')"],
  ...["REGEXP_LIKE(a, '^x')", "REGEXP_LIKE(a, '^x', 'i')", "a REGEXP '^x'", "a NOT RLIKE '^x'"],
  ...[
    "a <> 'SLEEP(1)'",
    'a <> "SLEEP (1)"',
    "a <> 'it''s SLEEP(1)'",
    "a <> 'x\\\\' OR a <> 'SLEEP(1)'",
    'a <> 0x534C454550',
  ],
  ...["`q'(` <> 'x'", "a <> _utf8mb4'SLEEP(1)'", 'a /* SLEEP(1) */ <> 1'],
];

/** Functions that a CHECK may not call because they differ in each call. */
const ALLOWED_DEFAULTS = [
  'UUID()',
  'NOW()',
  'CURRENT_TIMESTAMP',
  'CURRENT_DATE()',
  'CURRENT_TIME()',
  'LOCALTIME()',
  'LOCALTIMESTAMP()',
  'CURDATE()',
  'CURTIME()',
  'UTC_TIMESTAMP()',
  'UNIX_TIMESTAMP()',
];

/** Each with the call that is to be found in it. */
const REFUSED = [
  ['SLEEP(0)', 'SLEEP'],
  ['SLEEP (0)', 'SLEEP'],
  ['SLEEP\n(0)', 'SLEEP'],
  ['sLeEp(0)', 'SLEEP'],
  ['`sleep`(0)', 'SLEEP'],
  ['SLEEP/* x */(0)', 'SLEEP'],
  ['/*!50000 SLEEP(0) */', 'SLEEP'],
  ['/*!SLEEP(0)*/', 'SLEEP'],
  ['mysql.SLEEP(0)', 'SLEEP'],
  ["a <> 'x\\\\' OR SLEEP(0) OR a <> 'y'", 'SLEEP'],
  ["a <> 'x''' OR SLEEP(0) OR a <> ''", 'SLEEP'],
  ["a <> 'x\\'' OR SLEEP(0) OR a <> ''", 'SLEEP'],
  ['a <> "it\'s" OR SLEEP(0) OR a <> "\'"', 'SLEEP'],
  ["`q'(` <> '' OR SLEEP(0) OR `q'(` <> ''", 'SLEEP'],
  ['a <> 0x27 OR SLEEP(0) OR a <> 0x27', 'SLEEP'],
  ["a <> _binary'x''' OR SLEEP(0)", 'SLEEP'],
  ['(1, SLEEP(0)) = (1, 2)', 'SLEEP'],
  ['CONCAT(LOWER(SLEEP(0)))', 'SLEEP'],
  ['CASE WHEN SLEEP(0) THEN 1 ELSE 2 END', 'SLEEP'],
  ['a IN (SLEEP(0))', 'SLEEP'],
  ["JSON_OBJECT('a', SLEEP(0))", 'SLEEP'],
  ["REPEAT('x', 4)", 'REPEAT'],
  ['SPACE(4)', 'SPACE'],
  ["RPAD(a, 4, 'x')", 'RPAD'],
  ["INSERT(a, 1, 2, 'x')", 'INSERT'],
  ["LOAD_FILE('/etc/hostname')", 'LOAD_FILE'],
  ["DOLT_HASHOF('HEAD')", 'DOLT_HASHOF'],
  ['VALUES(a)', 'VALUES'],
  ['a <> @@version', '@@VERSION'],
  ['a <> @x', '@X'],
  ["REGEXP_LIKE(a, CONCAT('(a', '+)+$'))", 'REGEXP_LIKE'],
  ['a REGEXP CONCAT(a, 1)', 'REGEXP_LIKE'],
  ['a RLIKE a', 'REGEXP_LIKE'],
  [`a REGEXP '${'x'.repeat(201)}'`, 'REGEXP_LIKE'],
  ["REGEXP_INSTR(a, 'x')", 'REGEXP_INSTR'],
  ["REGEXP_REPLACE(a, 'x', 'y')", 'REGEXP_REPLACE'],
  ["REGEXP_SUBSTR(a, 'x')", 'REGEXP_SUBSTR'],
  // They end the engine, or fail, for long values.
  ['ROUND(b, 1)', 'ROUND'],
  ['UNHEX(a)', 'UNHEX'],
  ['MD5(a)', 'MD5'],
  ['SHA(a)', 'SHA1'],
  ['SHA1(a)', 'SHA1'],
  ['SHA2(a, 256)', 'SHA2'],
  ['CRC32(a)', 'CRC32'],
  ["FROM_UNIXTIME(b, '%Y')", 'FROM_UNIXTIME'],
  ['JSON_EXTRACT(j, a)', 'JSON_EXTRACT'],
  ["JSON_EXTRACT(j, '$.a', a)", 'JSON_EXTRACT'],
  ["JSON_CONTAINS(j, '1', a)", 'JSON_CONTAINS'],
  ["JSON_CONTAINS_PATH(j, 'one', a)", 'JSON_CONTAINS_PATH'],
  ["JSON_SEARCH(j, 'one', a)", 'JSON_SEARCH'],
  ["JSON_VALUE(j, '$.a')", 'JSON_VALUE'],
  ['JSON_QUOTE(a)', 'JSON_QUOTE'],
] as const;

const REFUSED_DEFAULTS = [
  ['USER()', 'USER'],
  ['CURRENT_USER', 'CURRENT_USER'],
  ['DATABASE()', 'DATABASE'],
  ['CONNECTION_ID()', 'CONNECTION_ID'],
  ['RAND()', 'RAND'],
  ['LAST_INSERT_ID(3)', 'LAST_INSERT_ID'],
] as const;

describe('the parser of expressions that Dolt prints', () => {
  let found: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    const refused = (cases: readonly (readonly [string, string])[]) => cases.map(([text]) => text);
    const tables = [
      ...[...ALLOWED, ...refused(REFUSED)].map(asCheck),
      ...[...ALLOWED_DEFAULTS, ...refused(REFUSED_DEFAULTS)].map(asDefault),
    ];
    const calls = await callsIn(tables);
    found = new Map(tables.map((columns, index) => [columns, calls[index] ?? ['nothing']]));
  });

  test('accepts every allowed function', () => {
    expect(ALLOWED.filter((text) => found.get(asCheck(text))?.length !== 0)).toEqual([]);
  });
  test('accepts every allowed function as a default', () => {
    expect(ALLOWED_DEFAULTS.filter((text) => found.get(asDefault(text))?.length !== 0)).toEqual([]);
  });
  test.each(REFUSED)('finds the call in %s', (text, name) => {
    expect(found.get(asCheck(text))).toEqual([name]);
  });
  test.each(REFUSED_DEFAULTS)('finds the call in the default %s', (text, name) => {
    expect(found.get(asDefault(text))).toEqual([name]);
  });
});

describe('expressions in an unreadable table', () => {
  test.each([
    ['in a check', 'CREATE TABLE x (id INT PRIMARY KEY, `a``b` INT, CHECK (`a``b` <> 3 OR SLEEP(0) OR `a``b` <> 4))'],
    [
      'in a generated column',
      'CREATE TABLE x (id INT PRIMARY KEY, `a``b` INT, g INT AS (`a``b` + SLEEP(0) + `a``b`) STORED)',
    ],
    [
      'in a table of another name',
      'CREATE TABLE `x``y` (id INT PRIMARY KEY, a INT, CHECK (`x``y`.a <> 3 OR SLEEP(0) OR `x``y`.a <> 4))',
    ],
  ])('are blocked %s, because Dolt does not double the backticks of a name', async (_, statement) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send(statement);
    const { blocked, accepted } = await box.receiveBlocked(['expressions']);
    expect(blocked.run('partner').failure).toMatchObject({
      code: 'peer-brings-code',
      message: expect.stringMatching(
        /^partner sends expressions of x(`y)? that cannot be read because of quotes in names or comments/,
      ),
    });
    expect(accepted.run('partner')).toMatchObject({ failure: null });
  });

  test('are not blocked if the table has none', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send('CREATE TABLE `x``y` (id INT PRIMARY KEY, `a``b` INT DEFAULT 3, KEY (`a``b`))');
    expect((await box.receive()).run('partner')).toMatchObject({ failure: null, verified: true });
  });

  test.each([
    ['EXTRACT', 'CREATE TABLE x (id INT PRIMARY KEY, d DATE, CHECK (EXTRACT(YEAR FROM d) > 0))'],
    ['TIMESTAMPDIFF', 'CREATE TABLE x (id INT PRIMARY KEY, d DATE, CHECK (TIMESTAMPDIFF(DAY, d, d) = 0))'],
    ['ANY_VALUE', 'CREATE TABLE x (id INT PRIMARY KEY, a INT DEFAULT (ANY_VALUE(3)))'],
    ['DOLT_VERSION', 'CREATE TABLE x (id INT PRIMARY KEY, a VARCHAR(9) DEFAULT (DOLT_VERSION()))'],
  ])('are a defect of Dolt if it cannot print them: %s', async (_, statement) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send(statement);
    const { failure } = (await box.receiveUnchanged()).run('partner');
    expect(failure).toMatchObject({
      code: 'dolt-defect',
      message: expect.stringContaining('this Dolt cannot read the tables of'),
      hint: expect.stringContaining('SHOW CREATE TABLE'),
    });
  });
});

test('an expression that crashes the engine of Dolt 2.3.0 during printing fails only its peer', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const side = folder.file('side');
  await box.north.sql(
    "INSERT INTO items VALUES (7, 'seven', 'sue')",
    "CALL DOLT_COMMIT('-A', '-m', 'honest')",
    `CALL DOLT_REMOTE('add', 'side', 'file://${side}')`,
    "CALL DOLT_PUSH('side', 'main')",
    "CALL DOLT_RESET('--hard', 'HEAD~1')",
  );
  await box.send('CREATE TABLE x (id INT PRIMARY KEY, d DATETIME, CHECK (UNIX_TIMESTAMP(d) > 0))');
  const outcome = await box.receive({ others: [filePeer('honest', side)] });
  expect(outcome.run('partner').failure).toMatchObject({
    code: 'engine-lost',
    hint: expect.stringContaining('another run ends in the same way'),
  });
  expect(outcome.run('honest')).toMatchObject({ failure: null, verified: true });
  expect(await box.south.rows('SELECT title FROM items WHERE id = 7')).toEqual([{ title: 'seven' }]);
  expect(await box.south.rows("SHOW TABLES LIKE 'x'")).toEqual([]);
});
