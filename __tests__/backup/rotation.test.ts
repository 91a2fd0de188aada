import { describe, expect, test } from '@jest/globals';
import { namesToDrill } from '../../src/backup/rotation.ts';

const NAMES = ['west', 'east', 'north'];

describe('the backups that a run drills', () => {
  test.each([
    ['1970-01-01T00:00:00.000Z', 'east'],
    ['1970-01-01T23:59:59.999Z', 'east'],
    ['1970-01-02T00:00:00.000Z', 'north'],
    ['1970-01-03T12:00:00.000Z', 'west'],
    ['1970-01-04T12:00:00.000Z', 'east'],
    // 20,786 days mod 3.
    ['2026-11-29T03:00:00.000Z', 'west'],
  ])('rotate on %s takes %s', (date, name) => {
    expect(namesToDrill('rotate', NAMES, new Date(date))).toEqual([name]);
  });

  test('include each peer once in as many days as there are peers', () => {
    const days = [1, 2, 3].map((day) => new Date(`2026-11-0${day}T00:00:00.000Z`));
    expect(days.flatMap((day) => namesToDrill('rotate', NAMES, day)).sort()).toEqual([...NAMES].sort());
  });

  test.each([
    ['full', NAMES],
    ['head', NAMES],
    ['off', []],
  ] as const)('with the mode %s', (mode, names) => {
    expect(namesToDrill(mode, NAMES, new Date(0))).toEqual(names);
  });

  test('are none if no peer is configured', () => {
    expect(namesToDrill('rotate', [], new Date())).toEqual([]);
  });
});
