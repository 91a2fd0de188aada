/** Pseudo-random numbers that a seed determines. */
export interface Seeded {
  readonly seed: number;
  /** A whole number of at least 0 and below the limit. */
  below(limit: number): number;
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
