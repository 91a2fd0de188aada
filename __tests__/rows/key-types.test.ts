import { expect, test } from '@jest/globals';
import { HASH_ORDERS } from '../helpers/two-databases.ts';
import { twoBranches } from '../helpers/workshop.ts';

const BITS = '1'.repeat(64);

/** Types of keys, and values at the limits of their range, or values that Dolt prints and reads in different forms. */
const KEYS: readonly (readonly [type: string, values: readonly string[]])[] = [
  ['DATE', ["'0001-01-01'", "'0099-02-03'", "'9999-12-31'", "'0000-00-00'"]],
  ['DATETIME(6)', ["'0001-01-01'", "'9999-12-31 23:59:59.999999'"]],
  ['TIMESTAMP(6)', ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'"]],
  ['TIME(6)', ["'-838:59:59'", "'838:59:59'"]],
  ['YEAR', ['1901', '2155', '0']],
  ['FLOAT', ['3.4028234e38', '-3.4028234e38', '1.17549e-38', '0.1', '16777217']],
  ['DOUBLE', ['1.7976931348623157e308', '5e-324', '0.1']],
  ['DECIMAL(65,30)', [`${'9'.repeat(35)}.${'9'.repeat(30)}`, `-0.${'0'.repeat(29)}1`]],
  ['BIT(64)', [`b'${BITS}'`, "b'0'", `b'1${'0'.repeat(63)}'`]],
  ['BIT(3)', ["b'111'", "b'0'"]],
  ['BIGINT', ['9223372036854775807', '-9223372036854775808', '9007199254740993']],
  ['INT AUTO_INCREMENT', ['0', '5']],
  ['BIGINT UNSIGNED', ['18446744073709551615', '9007199254740993']],
  ['VECTOR(2)', ["STRING_TO_VECTOR('[1, 2]')", "STRING_TO_VECTOR('[-0.5, 8]')"]],
];

const shape = (name: string, text: (n: number) => string): readonly [type: string, value: (n: number) => string] => [
  name,
  (n) => `ST_GEOMFROMTEXT('${text(n)}')`,
];
/** Types of values, among them all that a client does not read as text, and three values of each. */
const VALUES: readonly (readonly [type: string, value: (n: number) => string])[] = [
  ['VECTOR(2)', (n) => `STRING_TO_VECTOR('[${n}, 0.30000001]')`],
  ['BIT(64)', (n) => `b'1${'0'.repeat(61)}${n.toString(2).padStart(2, '0')}'`],
  ['VARBINARY(9)', (n) => `x'ff0${n}'`],
  ["SET('a', 'b', 'c')", (n) => String(n + 4)],
  ["ENUM('', 'a', 'b', 'c')", (n) => String(n + 1)],
  ['YEAR', (n) => String(n === 1 ? 0 : 1900 + n)],
  ['JSON', (n) => `CAST('{"a": ${n}.50}' AS JSON)`],
  ['DECIMAL(65,30)', (n) => `${'9'.repeat(34)}${n}.${'1'.repeat(30)}`],
  shape('POINT', (n) => `POINT(${n} 1)`),
  shape('LINESTRING', (n) => `LINESTRING(0 0, 1 ${n})`),
  shape('POLYGON', (n) => `POLYGON((0 0, 1 1, ${n + 1} 0, 0 0))`),
  shape('MULTIPOINT', (n) => `MULTIPOINT(1 1, ${n} 2)`),
  shape('MULTILINESTRING', (n) => `MULTILINESTRING((0 0, 1 ${n}))`),
  shape('MULTIPOLYGON', (n) => `MULTIPOLYGON(((0 0, 1 1, ${n + 1} 0, 0 0)))`),
  shape('GEOMETRYCOLLECTION', (n) => `GEOMETRYCOLLECTION(POINT(${n} 1))`),
];
const FIRST = 100;

/** Every row changes, and the values of the unique key change places: the rows are written by their keys. */
function changed(v: number, at: string, place: (index: number, rows: number) => number): readonly string[] {
  return KEYS.flatMap(([, values], table) => [
    `UPDATE k${table} SET u = NULL`,
    ...values.map(
      (value, index) =>
        `UPDATE k${table} SET v = ${v}, u = ${FIRST + place(index, values.length)}, updated_at = '${at}' WHERE id = ${value}`,
    ),
  ]);
}

test.each(HASH_ORDERS)('rows with keys at the limits of their types are found and merged, %s', async (order) => {
  const loose = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'";
  const databases = await twoBranches(
    loose,
    ...KEYS.flatMap(([type, values], table) => [
      `CREATE TABLE k${table} (id ${type} PRIMARY KEY, v INT, u INT UNIQUE, updated_at DATETIME)`,
      `INSERT INTO k${table} VALUES ${values.map((value, index) => `(${value}, 0, ${index}, '2026-01-01')`).join(', ')}`,
    ]),
  );
  await databases.edit(
    [loose, ...changed(1, '2026-02-01', (index) => index)],
    [loose, ...changed(2, '2026-03-01', (index, rows) => rows - 1 - index)],
    order,
  );
  const select = `SELECT ${KEYS.map((_, table) => `DOLT_HASHOF_TABLE('k${table}') AS k${table}`).join(', ')}`;
  const before = await databases.south.rows(select);
  const progress = (await databases.run('north')).run('south');
  expect(progress).toMatchObject({ failure: null, verified: true });
  const dates = progress.conflicts.flatMap(({ table, key }) => (table === 'k0' ? [key?.['id']] : []));
  expect(dates).toEqual(['0000-00-00', '0001-01-01', '0099-02-03', '9999-12-31']);
  expect(await databases.north.rows(select)).toEqual(before);
});

test.each(HASH_ORDERS)('values of every type that both sides changed are merged, %s', async (order) => {
  const set = (n: number, at: string): string =>
    `UPDATE t SET ${VALUES.map(([, value], index) => `c${index} = ${value(n)}`).join(', ')}, updated_at = '${at}' WHERE id = 1`;
  const added = (n: number): string =>
    `INSERT INTO t SELECT ${n}, ${VALUES.map((_, index) => `c${index}`).join(', ')}, 7, updated_at FROM t WHERE id = 1`;
  const databases = await twoBranches(
    `CREATE TABLE t (id INT PRIMARY KEY, ${VALUES.map(([type], index) => `c${index} ${type}`).join(', ')}, u INT UNIQUE, updated_at DATETIME)`,
    `INSERT INTO t VALUES (1, ${VALUES.map(([, value]) => value(1)).join(', ')}, 1, '2026-01-01')`,
  );
  await databases.edit([set(2, '2026-02-01'), added(2)], [set(3, '2026-03-01'), added(3)], order);
  const progress = (await databases.run('north')).run('south');
  expect(progress).toMatchObject({ failure: null, verified: true });
  const values = VALUES.map(([, value], index) => `(c${index} <=> ${value(3)}) AS c${index}`).join(', ');
  const [merged] = await databases.north.rows(`SELECT ${values} FROM t WHERE id = 1`);
  expect(merged).toEqual(Object.fromEntries(VALUES.map((_, index) => [`c${index}`, 1])));
  expect(progress.conflicts).toContainEqual(expect.objectContaining({ kind: 'duplicate' }));
});
