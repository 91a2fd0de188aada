import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { mergeChosen } from '../../src/resolve/merge-chosen.ts';
import { unresolvedRows } from '../../src/resolve/unresolved-rows.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { atHeads, byCell, mergeOf, resolveHeads, twoHeads, wholly } from '../helpers/two-heads.ts';

const TABLE = `CREATE TABLE things (
  id INT PRIMARY KEY, t TEXT, j JSON, b BLOB, d DECIMAL(20,6), dt DATETIME(6), e ENUM('a','b','c'), n INT, bi BIT(12),
  f DOUBLE, bg BIGINT, vb VARBINARY(10), tm TIME, da DATE, fl FLOAT, g INT AS (n + 1) STORED, INDEX (n))`;
const SETS = {
  base: `t = 'base', j = '{"k": 1}', b = X'00', d = 1.5, dt = '2026-01-01 00:00:00.5', e = 'a', n = 1, bi = b'1', f = 1.5, bg = 1, vb = X'01', tm = '01:00', da = '2026-01-01', fl = 1`,
  ours: `t = 'ours', j = '{"k": 9007199254740993}', b = X'00ff', d = 12345678901234.123456, dt = '2026-01-01 00:00:00.123456', e = 'b', n = 2, bi = b'101', f = 0.1, bg = 9223372036854775807, vb = X'0a00', tm = '02:00', da = '2026-01-02', fl = 2.5`,
  theirs: `t = NULL, j = NULL, b = NULL, d = NULL, dt = NULL, e = NULL, n = NULL, bi = NULL, f = NULL, bg = NULL, vb = NULL, tm = NULL, da = NULL, fl = NULL`,
};
const heads = (folder: Awaited<ReturnType<typeof tempFolder>>) =>
  twoHeads(folder, {
    base: [TABLE, 'INSERT INTO things (id) VALUES (1)', `UPDATE things SET ${SETS.base}`],
    ours: [`UPDATE things SET ${SETS.ours}`],
    theirs: [`UPDATE things SET ${SETS.theirs}`],
  });
const READ =
  'SELECT t, j, HEX(b) b, CAST(d AS CHAR) d, CAST(dt AS CHAR) dt, e, n, bi + 0 bi, f, CAST(bg AS CHAR) bg, HEX(vb) vb, tm, da, fl, g FROM things MERGED';

describe('a value of every type', () => {
  test.each(['ours', 'theirs', 'base'] as const)('is unchanged under %s', async (side) => {
    await using folder = await tempFolder();
    const made = await heads(folder);
    const { read, rows } = await resolveHeads(folder, made, wholly(side));
    const columns = ['t', 'j', 'b', 'd', 'dt', 'e', 'n', 'bi', 'f', 'bg', 'vb', 'tm', 'da', 'fl'];
    expect(Object.keys(rows[0]?.cells ?? {})).toEqual(columns);
    const at = { ours: made.ours, theirs: made.theirs, base: 'main~1' }[side];
    expect(await read(READ)).toEqual(await made.local.rows(READ.replace('MERGED', `AS OF '${at}'`)));
  });

  test('can be set to a custom value', async () => {
    await using folder = await tempFolder();
    const { read } = await resolveHeads(
      folder,
      await heads(folder),
      byCell({
        t: { value: "it's \\ \n\u{1f600}" },
        j: { value: '{"b": [1, "x"], "a": null}' },
        b: { value: '0x0001ff' },
        d: { value: '-99999999999999.999999' },
        dt: { value: '2026-02-03 04:05:06.654321' },
        e: { value: 'c' },
        n: { value: '41' },
        bi: { value: '0x0fff' },
        f: { value: '1e-7' },
        bg: { value: '-9223372036854775808' },
        vb: { value: null },
        tm: { value: '-838:59:59' },
        da: { value: '2026-2-3' },
        fl: { value: '0.1' },
      }),
    );
    expect((await read(READ))[0]).toEqual({
      t: "it's \\ \n\u{1f600}",
      j: { a: null, b: [1, 'x'] },
      b: '0001FF',
      d: '-99999999999999.999999',
      dt: '2026-02-03 04:05:06.654321',
      e: 'c',
      n: 41,
      bi: 4095,
      f: 1e-7,
      bg: '-9223372036854775808',
      // Microseconds.
      tm: -3_020_399_000_000,
      da: '2026-02-03',
      fl: 0.1,
      g: 42,
    });
  });

  test('is refused if a column cannot store it exactly, and no branch moves', async () => {
    await using folder = await tempFolder();
    const made = await heads(folder);
    const refused: Record<string, string[]> = {
      d: ['1.1234567', 'much', ''],
      dt: ['yesterday', '2026-01-01 00:00:00.1234567', '2026-01-01T00:00:00+02:00'],
      tm: ['999:00:00', '1 02:03:04'],
      da: ['2026-01-01 13:14:15'],
      f: ['9007199254740993', '1e-400'],
      fl: ['16777217', '1e-50'],
      e: ['z', 'z'.repeat(2_000_000)],
      n: ['1.5', '99999999999', ''],
      j: ['{', '{"a": 12345678901234567890123}', '{"a": 1, "a": 2}', '"\\ud800"'],
      b: ['text', '0x0'],
      bi: ['0xffff'],
      vb: ['0x0102030405060708090a0b'],
    };
    await atHeads(folder, made, async (database) => {
      const rows = (await unresolvedRows(database, made)) ?? [];
      const ours = Object.fromEntries(Object.keys(rows[0]?.cells ?? {}).map((name) => [name, 'ours' as const]));
      for (const [column, value] of Object.entries(refused).flatMap(([name, values]) =>
        values.map((one) => [name, one]),
      )) {
        const choices = { ...ours, [column ?? '']: { value: value ?? '' } };
        const failure = await failureOf(() =>
          mergeChosen(database, [mergeOf(made, rows.map(byCell(choices)))], BEADS_RULES),
        );
        const named = { column, value: value?.slice(0, 100) };
        expect({ ...named, code: failure.code }).toEqual({ ...named, code: 'conflicts-file-invalid' });
        expect(failure.message).toContain(`things id=1: the column ${column}`);
        expect(failure.message.length).toBeLessThan(2_000);
      }
    });
    expect(await made.local.rows('SELECT name, hash FROM dolt_branches ORDER BY name')).toEqual([
      { name: 'main', hash: made.ours },
      { name: 'other', hash: made.theirs },
    ]);
    expect(await made.local.rows('SELECT * FROM dolt_status')).toEqual([]);
    expect(await made.local.rows('SELECT is_merging FROM dolt_merge_status')).toEqual([{ is_merging: false }]);
  });
});
