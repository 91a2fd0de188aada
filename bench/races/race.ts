import { federateIn, inDatabase, testEngines, withEngines } from '../../__tests__/helpers/federating.ts';
import type { Engines } from '../../src/dolt/server/engines.ts';
import type { Database } from '../../src/dolt/sql/sql.ts';
import { latch } from './latch.ts';
import { type Commits, commitsAt } from './merges.ts';
import type { Racer } from './racers.ts';

/** The result of one run of a racer. */
export interface Lap {
  readonly local: string;
  readonly head: string;
  /** Of the peers that failed: the code, and what is said where there is none. */
  readonly failures: readonly string[];
}

interface Race {
  readonly racers: readonly Racer[];
  readonly tempDir: string;
  /** The edit that each database makes before the signal to start. */
  readonly edit: (database: Database, racer: Racer) => Promise<void>;
}

/** Every database makes its edit; when all have, all run a sync at the same moment, each with a server of its own. */
export async function race({ racers, tempDir, edit }: Race): Promise<Lap[]> {
  const start = latch(racers.length);
  return Promise.all(
    racers.map(async (racer) => {
      try {
        return await withEngines(racer.path, tempDir, async (engines) => {
          await inDatabase(engines, (database) => edit(database, racer));
          await start.arrive();
          return await lap(engines, racer);
        });
      } catch (thrown) {
        start.break(thrown);
        throw thrown;
      }
    }),
  );
}

/** How databases ended that sync until nothing moves. */
export interface Stable {
  readonly laps: readonly Lap[];
  /** The commits of each database. */
  readonly commits: readonly Commits[];
}

/** Databases run one after the other, without edits, until a round moves nothing. Each keeps its engine. */
export async function syncUntilStable(racers: readonly Racer[], tempDir: string): Promise<Stable> {
  const running = racers.map((racer) => ({ racer, engines: testEngines(racer.path, tempDir) }));
  try {
    let last: Lap[] = [];
    for (let round = 0; round <= racers.length; round += 1) {
      const laps: Lap[] = [];
      for (const { racer, engines } of running) laps.push(await lap(engines, racer));
      const moved = laps.some(({ head }, index) => head !== last[index]?.head);
      last = laps;
      if (!moved) break;
    }
    return { laps: last, commits: await Promise.all(running.map(({ engines }) => inDatabase(engines, commitsAt))) };
  } finally {
    await Promise.all(running.map(({ engines }) => engines.close()));
  }
}

/** One run of one racer. */
export async function lap(engines: Engines, racer: Racer): Promise<Lap> {
  const { head, allProgress } = await federateIn(engines, { peers: racer.peers });
  const failures = allProgress.flatMap(({ failure }) =>
    failure === null ? [] : [failure.code === 'unknown' ? failure.message : failure.code],
  );
  return { local: racer.name, head, failures };
}
