/** A source of numbers from 0 (included) to 1 (excluded) that gives the same ones for the same seed. */
export type Random = () => number;

/** The generator `mulberry32`: small, fast, and good enough to shuffle with; never for secrets. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `below`, which is excluded. */
export function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** The same things in an order that chance chose. */
export function shuffled<T>(things: readonly T[], random: Random): T[] {
  return things
    .map((thing) => ({ thing, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ thing }) => thing);
}
