import { readEnv } from '../../../src/core/env.ts';

/** Numbers that look random and come again with the same seed. */
export interface Seeded {
  readonly seed: number;
  /** A whole number of at least 0 and below the limit. */
  below(limit: number): number;
}

/** How often something random is tried: what the environment asks for, else what a run of all tests has time for. */
export function chosenMoments(usual: number): number {
  const given = readEnv()['DOLT_FEDERATION_FAULT_MOMENTS'];
  if (given === undefined || given === '') return usual;
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new Error(`DOLT_FEDERATION_FAULT_MOMENTS is not a number: "${given}"`);
  return Number(given);
}

/** mulberry32: 32 bits of state, which is enough to pick moments. */
export function seeded(seed: number): Seeded {
  let state = seed;
  return {
    seed,
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}

/** Whether everything is to be tried, and not only what a run of all tests has time for. */
export function wantsAll(): boolean {
  return readEnv()['DOLT_FEDERATION_FAULTS'] === 'all';
}
