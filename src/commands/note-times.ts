import type { Problem } from '../contract/result.ts';
import { errorMessage } from '../core/failure.ts';
import type { Sql } from '../dolt/sql.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { oldestUnsynced } from '../sync/unsynced.ts';
import { readMemory, recall, withVerified, writeMemory } from '../sync/verified-memory.ts';
import { problem } from './peer-result.ts';

/**
 * Notes in each run when its peer was last verified, and since when something is not synced. A run that may write also
 * remembers what it verified; it holds the database meanwhile, so that no other run writes the same file.
 * @returns a warning where the memory could not be read or written; that is no reason to fail what has been done
 */
export async function noteTimes(
  sql: Sql,
  runs: readonly PeerRun[],
  town: { readonly path: string; readonly head: string; readonly mayWrite: boolean },
): Promise<Problem[]> {
  const { memory, trouble } = await readMemory(town.path);
  const troubles = trouble === null ? [] : [trouble];
  const known = town.mayWrite ? withVerified(memory, runs, new Date().toISOString()) : memory;
  for (const run of runs) run.lastVerifiedAt = recall(known, run);
  if (town.mayWrite && runs.some((run) => run.verified && run.failure === null)) {
    await writeMemory(town.path, known).catch((thrown: unknown) => troubles.push(errorMessage(thrown)));
  }
  await Promise.all(
    runs.map(async (run) => {
      // The engine may have been ended by an interrupt; then nobody knows.
      run.oldestUnsyncedAt = await oldestUnsynced(sql, run, town.head).catch(() => null);
    }),
  );
  return troubles.map((message) => problem('warning', 'memory-unusable', { message }));
}
