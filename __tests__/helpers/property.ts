import fc from 'fast-check';
import { readEnv } from '../../src/core/env.ts';

/** A whole number from the environment, otherwise the default. */
function given(variable: string, usual: number): number {
  const text = readEnv()[variable] ?? '';
  if (text === '') return usual;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${variable} must be a whole number, but is "${text}"`);
  return Number(text);
}

/** The seed of random cases: DOLT_FEDERATION_SEED, otherwise a fixed one. `npm test` turns `random` into a number. */
export function seedOr(usual: number): number {
  return given('DOLT_FEDERATION_SEED', usual);
}

/** The number of random cases of a test: the usual number, times DOLT_FEDERATION_CASES. */
export function timesCases(usual: number): number {
  return usual * Math.max(1, given('DOLT_FEDERATION_CASES', 1));
}

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character but half of a surrogate pair. The unit `binary` of fast-check draws the same ones, but lists all of them
 * in each test file (4.10.2, measured: more than a second).
 */
export const anyCharacter = fc.nat(0x10ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (character) => {
    const point = typeof character === 'string' ? character.codePointAt(0) : undefined;
    if (point === undefined || character !== String.fromCodePoint(point)) throw new Error('not one character');
    return point < SURROGATES.first ? point : point - SURROGATES.count;
  },
);

/** Properties draw the same cases in every run; the nightly run of CI draws others. */
fc.configureGlobal({ seed: seedOr(20_260_101) });

export { fc };
