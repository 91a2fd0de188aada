import fc from 'fast-check';
import { readEnv } from '../../src/core/env.ts';

/** A whole number that the environment gives, else the usual one. */
function given(variable: string, usual: number): number {
  const text = readEnv()[variable] ?? '';
  if (text === '') return usual;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${variable} must be a whole number, but is "${text}"`);
  return Number(text);
}

/** The seed of random cases: DOLT_FEDERATION_SEED, else always the same. `npm test` turns `random` into a number. */
export function seedOr(usual: number): number {
  return given('DOLT_FEDERATION_SEED', usual);
}

/** How many random cases a test tries: the usual number, times DOLT_FEDERATION_CASES. */
export function timesCases(usual: number): number {
  return usual * Math.max(1, given('DOLT_FEDERATION_CASES', 1));
}

/** Properties draw the same cases in every run; the nightly run of CI draws others. */
fc.configureGlobal({ seed: seedOr(20_260_101) });

export { fc };
