import { expect, test } from '@jest/globals';
import { makeDatabases } from '../helpers/faults/databases.ts';
import { type Hit, killedSync, VICTIMS } from '../helpers/faults/killed-sync.ts';
import { chosenMoments } from '../helpers/faults/moments.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { seedOr, timesCases } from '../helpers/property.ts';
import { seeded } from '../helpers/seeded.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const MOMENTS = chosenMoments(timesCases(4));
const SEED = seedOr(1);
/** Up to four moments of one round: five runs in parallel, five more, and a check of ten databases. */
const ROUND_MS = 60_000;
/** A round without a hit is possible, but this many rounds mean a broken test. */
const MOST_ROUNDS = MOMENTS;
/** Whether there are enough hits, of each victim at least one. */
const isEnough = (hits: readonly Hit[]): boolean =>
  hits.length >= MOMENTS && VICTIMS.every((victim) => hits.some((hit) => hit.victim === victim));

test(
  `a sync of five databases survives SIGKILL of our process and of its Dolt at ${MOMENTS} random moments (seed ${SEED})`,
  async () => {
    await using folder = await tempFolder();
    const template = await makeDatabases(folder.file('t'), ['a', 'b', 'c', 'd', 'e']);
    const hits: Hit[] = [];
    const complaints: string[] = [];
    for (let round = 0; !isEnough(hits) && round < MOST_ROUNDS; round += 1) {
      const killed = await killedSync(template, { random: seeded(SEED + round), place: folder.file('p') });
      hits.push(...killed.hits);
      const where = `seed ${SEED + round}, ${killed.hits.map(describe).join(', ')}`;
      complaints.push(...killed.complaints.map((complaint) => `${where}: ${complaint}`));
    }
    for (const victim of VICTIMS) {
      const own = hits.filter((hit) => hit.victim === victim);
      await noteRow({
        fault: `kill -9 of ${victim}`,
        operation: 'sync',
        at: 'five file://',
        code: [...new Set(own.map(({ code }) => code))].sort().join(', '),
        seconds: Math.max(0, ...own.map(({ seconds }) => seconds)),
        state: `${own.length} moments (seed ${SEED}): every commit there, fsck clean, next sync green, nothing left`,
        complaints,
      });
    }
    expect(complaints).toEqual([]);
    expect(hits.length).toBeGreaterThanOrEqual(MOMENTS);
    expect(new Set(hits.map(({ victim }) => victim)).size).toBe(VICTIMS.length);
  },
  MOST_ROUNDS * ROUND_MS,
);

function describe({ local, victim, lines, delayMs }: Hit): string {
  return `${victim} of ${local} ${delayMs} ms after line ${lines}`;
}
