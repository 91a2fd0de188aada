import type { Problem } from '../contract/result.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { Engines } from '../dolt/engines.ts';
import type { Sql } from '../dolt/sql.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { oldestUnsynced } from '../sync/unsynced.ts';
import { readMemory, recall, withVerified, writeMemory } from '../sync/verified-memory.ts';
import { problem } from './peer-result.ts';

interface Town {
  readonly path: string;
  readonly head: string;
  readonly mayWrite: boolean;
}

/**
 * Notes in each run when its peer was last verified, and since when something is not synced. A run that may write also
 * remembers what it verified, while it holds the database, so that no other run writes the same file. A run that was
 * interrupted has no engine any more: it remembers nothing and knows no dates.
 * @returns a warning where the memory could not be read or written; that is no reason to fail what has been done
 */
export async function noteTimes(engines: Engines, runs: readonly PeerRun[], town: Town): Promise<Problem[]> {
  const troubles: string[] = [];
  try {
    await engines.use(PLAIN_KIT, async ({ database }) => {
      troubles.push(...(await noteVerified(runs, town)));
      await noteUnsynced(database, runs, town.head);
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    if (troubles.length === 0) troubles.push(...(await noteVerified(runs, { ...town, mayWrite: false })));
  }
  return troubles.map((message) => problem('warning', 'memory-unusable', { message }));
}

async function noteVerified(runs: readonly PeerRun[], { path, mayWrite }: Town): Promise<readonly string[]> {
  const { memory, trouble } = await readMemory(path);
  const known = mayWrite ? withVerified(memory, runs, new Date().toISOString()) : memory;
  for (const run of runs) run.lastVerifiedAt = recall(known, run);
  const told = trouble === null ? [] : [trouble];
  if (!mayWrite || !runs.some((run) => run.verified && run.failure === null)) return told;
  try {
    await writeMemory(path, known);
    return told;
  } catch (thrown) {
    return [...told, errorMessage(thrown)];
  }
}

async function noteUnsynced(sql: Sql, runs: readonly PeerRun[], head: string): Promise<void> {
  await Promise.all(
    runs.map(async (run) => {
      run.oldestUnsyncedAt = await oldestUnsynced(sql, run, head);
    }),
  );
}
