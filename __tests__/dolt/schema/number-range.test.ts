import { describe, expect, test } from '@jest/globals';
import { fromUnits, numberRange, toUnits } from '../../../src/dolt/schema/number-range.ts';

describe('the range of a numeric column', () => {
  test.each([
    ['tinyint', '-128', '127'],
    ['tinyint(1)', '-128', '127'],
    ['tinyint unsigned', '0', '255'],
    ['smallint', '-32768', '32767'],
    ['mediumint unsigned', '0', '16777215'],
    ['int', '-2147483648', '2147483647'],
    ['bigint', '-9223372036854775808', '9223372036854775807'],
    ['bigint unsigned', '0', '18446744073709551615'],
    ['decimal(3,2)', '-9.99', '9.99'],
    ['decimal(2,2) unsigned', '0.00', '0.99'],
    ['decimal(10,0)', '-9999999999', '9999999999'],
    ['year', '1901', '2155'],
  ])('of type %s is from %s to %s', (type, least, greatest) => {
    const range = numberRange({ type });
    if (range === null) throw new Error('no range');
    expect([fromUnits(range, range.least), fromUnits(range, range.greatest)]).toEqual([least, greatest]);
    expect(toUnits(range, least)).toBe(range.least);
    expect(toUnits(range, greatest)).toBe(range.greatest);
  });

  test.each(['float', 'double', 'bit(8)', 'varchar(20)', 'date', "enum('1')"])('of type %s is unknown', (type) => {
    expect(numberRange({ type })).toBeNull();
  });

  test('excludes a text that the column does not print', () => {
    const range = { least: -999n, greatest: 999n, digits: 2 };
    expect(['', 'a', '1.234', '1e3', '0x1'].map((text) => toUnits(range, text))).toEqual(Array(5).fill(null));
    expect(['1', '-0.5', '2.50'].map((text) => toUnits(range, text))).toEqual([100n, -50n, 250n]);
  });
});
