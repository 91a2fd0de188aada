import type { DrillMode } from '../contract/vocabulary.ts';

const DAY_MS = 86_400_000;

/**
 * The peers to drill in a run. `rotate` takes one: number (days since 1970-01-01 UTC) mod n in the order of the names, so
 * that a daily run drills each of n peers every n days.
 * @param names of all peers of the run
 */
export function namesToDrill(mode: DrillMode, names: readonly string[], now: Date): readonly string[] {
  switch (mode) {
    case 'full':
    case 'head':
      return names;
    case 'off':
      return [];
    case 'rotate': {
      const sorted = [...names].sort((one, other) => (one < other ? -1 : 1));
      const turn = Math.floor(now.getTime() / DAY_MS) % sorted.length;
      return sorted.slice(turn, turn + 1);
    }
  }
}
