import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../helpers/another-second.ts';
import { twoBranches } from '../helpers/workshop.ts';

/** A column type; the values of base, north and south as SQL; and the side with the greater value. */
const TYPES: readonly [type: string, base: string, north: string, south: string, greater: 'north' | 'south'][] = [
  ['INT', '1', '7', '5', 'north'],
  ['INT', '1', '-7', '-10', 'north'],
  ['INT', '1', 'NULL', '2', 'south'],
  ['BIGINT', '1', '9007199254740993', '9007199254740995', 'south'],
  ['DECIMAL(30,10)', '1', '12345678901234567890.0123456789', '12345678901234567890.0123456788', 'north'],
  ['DOUBLE', '1', '0.1', '1e300', 'south'],
  ['FLOAT', '1', '2.5', '10.5', 'south'],
  ['BIT(12)', "b'1'", "b'101'", "b'111'", 'south'],
  ['VARCHAR(40)', "'x'", "'Ä`quote'", "'zz'''", 'north'],
  ['CHAR(4) COLLATE utf8mb4_0900_ai_ci', "'a'", "'B'", "'b'", 'south'],
  ['LONGTEXT', "'x'", "REPEAT('n', 70000)", "REPEAT('s', 70000)", 'south'],
  ['JSON', `'[]'`, `'[1,9007199254740993]'`, `'[1,[2]]'`, 'south'],
  ['BLOB', "x'00'", "x'00ff10'", "x'00ff11'", 'south'],
  ['VARBINARY(8)', "x'00'", "x'80'", "x'7f'", 'north'],
  ['DATETIME(6)', "'2026-01-01'", "'2026-01-01 00:00:00.000002'", "'2026-01-01 00:00:00.000001'", 'north'],
  ['TIMESTAMP', "'2026-01-01'", "'2026-01-02'", "'2026-01-03'", 'south'],
  ['DATE', "'2026-01-01'", "'2026-01-02'", "'2026-01-03'", 'south'],
  ['TIME', "'00:00:01'", "'-10:00:00'", "'300:00:00'", 'south'],
  ['YEAR', '2020', '2021', '2022', 'south'],
  ["ENUM('b','c','a')", "'b'", "'c'", "'a'", 'north'],
  ["SET('x','y')", "'x'", "'y'", "'x,y'", 'north'],
  ['BOOLEAN', 'NULL', 'TRUE', 'FALSE', 'north'],
];
const columns = TYPES.map(([type], index) => `c${index} ${type}`).join(', ');
const values = (which: 1 | 2 | 3) => TYPES.map((type) => type[which]).join(', ');
const set = (which: 2 | 3) => TYPES.map((type, index) => `c${index} = ${type[which]}`).join(', ');
const shown = `SELECT ${TYPES.map(([type], index) => (/BIT|B(?:LOB|INARY)/.test(type) ? `HEX(c${index}) AS c${index}` : `c${index}`)).join(', ')} FROM t ORDER BY k1, k2`;

const EXPECTED = { newest: 'south', ours: 'north', theirs: 'south', manual: null } as const;

describe('cells of every type', () => {
  test.each(['newest', 'ours', 'theirs', 'manual'] as const)('are merged: %s', async (strategy) => {
    const databases = await twoBranches(
      `CREATE TABLE t (k2 VARBINARY(4), ${columns}, k1 INT, updated_at DATETIME(6), PRIMARY KEY (k1, k2))`,
      `INSERT INTO t VALUES (x'01', ${values(1)}, 1, '2026-01-01'), (x'ff', ${values(1)}, 1, '2026-01-01')`,
    );
    await databases.edit(
      [`UPDATE t SET ${set(2)}, updated_at = '2026-02-01' WHERE k2 = x'ff'`],
      [`UPDATE t SET ${set(3)}, updated_at = '2026-02-02' WHERE k2 = x'ff'`],
    );
    const [atNorth, atSouth] = [await databases.north.rows(shown), await databases.south.rows(shown)];
    const before = await databases.north.head();

    const inNorth = await databases.run('north', { strategy });
    const progress = inNorth.run('south');
    expect(progress.conflicts[0]?.columns).toHaveLength(TYPES.length + 1);
    expect(progress.conflicts[0]?.key).toEqual({ k1: '1', k2: '0xff' });
    expect(progress.conflicts[0]?.ours?.['c3']).toBe('9007199254740993');
    expect(progress.conflicts[0]?.theirs?.['c4']).toBe('12345678901234567890.0123456788');
    const winner = EXPECTED[strategy];
    if (winner === null) {
      expect(progress.failure?.code).toBe('conflict');
      expect(await databases.north.head()).toBe(before);
      return;
    }
    expect(progress.failure).toBeNull();
    expect(await databases.north.rows(shown)).toEqual(winner === 'north' ? atNorth : atSouth);
    expect(inNorth.merge).toEqual({
      protocol: 2,
      deterministic: strategy === 'newest',
      because: strategy === 'newest' ? null : 'strategy',
      commits: 1,
    });
    if (strategy !== 'newest') return;
    await anotherSecond();
    expect((await databases.run('south')).head).toBe(inNorth.head);
  });

  test('at the same time the greater value wins: numbers by value, all others by bytes, NULL first', async () => {
    const databases = await twoBranches(
      `CREATE TABLE t (k1 INT PRIMARY KEY, k2 INT, ${columns}, updated_at DATETIME(6))`,
      `INSERT INTO t VALUES (1, 1, ${values(1)}, '2026-01-01')`,
    );
    await databases.edit(
      [`UPDATE t SET ${set(2)}, updated_at = '2026-02-01'`],
      [`UPDATE t SET ${set(3)}, updated_at = '2026-02-01'`],
    );
    const [north] = await databases.north.rows(shown);
    const [south] = await databases.south.rows(shown);
    const inNorth = await databases.run('north');
    expect(inNorth.run('south').failure).toBeNull();
    const [merged] = await databases.north.rows(shown);
    const expected = TYPES.map(([, , , , greater], index) => (greater === 'north' ? north : south)?.[`c${index}`]);
    expect(TYPES.map((_, index) => merged?.[`c${index}`])).toEqual(expected);
    await anotherSecond();
    expect((await databases.run('south')).head).toBe(inNorth.head);
  });
});
