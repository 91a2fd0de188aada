import { expect, test } from '@jest/globals';
import { branched } from '../../helpers/branched.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../../helpers/two-databases.ts';

const CI = 'COLLATE utf8mb4_0900_ai_ci';
const BIN = 'COLLATE utf8mb4_0900_bin';

/** Columns with a unique key, the value of a row on each side, and whether Dolt 2.3.0 takes the values for one (measured). */
const KEYS: readonly (readonly [columns: string, north: string, south: string, isOne: boolean])[] = [
  [`a VARCHAR(9) ${BIN}, g VARCHAR(9) ${CI} AS (a) STORED, UNIQUE (g)`, "'Abc'", "'abc'", true],
  [`a VARCHAR(9) ${CI}, g VARCHAR(9) ${BIN} AS (a) STORED, UNIQUE (g)`, "'Abc'", "'abc'", false],
  ['a DATETIME, g DATE AS (a) STORED, UNIQUE (g)', "'2026-01-01 08:00:00'", "'2026-01-01 09:00:00'", true],
  ['a INT, g INT AS (a / 4) STORED, UNIQUE (g)', '401', '400', true],
  ['a INT, g INT AS (a + 1) STORED, h INT AS (g + 1) STORED, UNIQUE (h)', '7', '7', true],
  ['a INT, g INT AS (a + 1) STORED, h INT AS (g + 1) STORED, UNIQUE (h)', '7', '8', false],
  ['a VARBINARY(9), UNIQUE (a(4))', "X'FFFEFFFE01'", "X'FFFDFFFE01'", false],
  ['a BLOB, UNIQUE (a(3))', "X'C3A9C3A901'", "X'C3A9C3AA02'", true],
  [`a VARCHAR(9) ${BIN}, UNIQUE (a(2))`, "'éa'", "'éb'", true],
  [`a CHAR(9) ${CI}, UNIQUE (a(2))`, "'AB1'", "'ab2'", true],
  [`a TEXT ${CI}, UNIQUE (a(2))`, "'éa'", "'éb'", true],
  [`a TEXT ${CI}, UNIQUE (a(1))`, "'É'", "'e'", false],
];

test.each(HASH_ORDERS)(
  'values are one value as in the index: type, collation, bytes of a prefix, %s',
  async (order) => {
    await using folder = await tempFolder();
    const tables = KEYS.map(([columns], n) => `CREATE TABLE t${n} (id INT PRIMARY KEY, v INT, ${columns})`);
    // A row that both sides change makes each table one whose rows are merged here.
    const sides = branched(folder, ...tables, ...KEYS.map((_, n) => `INSERT INTO t${n} (id, v) VALUES (1, 0)`));
    const edits = (id: number, v: number, side: 1 | 2) =>
      KEYS.flatMap((key, n) => [`INSERT INTO t${n} (id, a) VALUES (${id}, ${key[side]})`, `UPDATE t${n} SET v = ${v}`]);
    await sides.edit(edits(8, 1, 1), edits(9, 2, 2), order);
    const progress = (await sides.merge()).run('south');
    expect(progress.failure).toBeNull();
    const lost = progress.conflicts.filter(({ kind }) => kind === 'duplicate').map(({ table }) => table);
    expect(lost.sort()).toEqual(KEYS.flatMap(([, , , isOne], n) => (isOne ? [`t${n}`] : [])).sort());
  },
);
