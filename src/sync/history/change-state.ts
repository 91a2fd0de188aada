import { dirname } from 'node:path';
import pLimit from 'p-limit';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { putAside } from '../../core/files.ts';
import { lockFolder } from '../../dolt/file-lock.ts';
import {
  type KnownState,
  readStateFile,
  readStateFiles,
  retire,
  type StateFile,
  type StatePlace,
  stateFilePath,
  stateOf,
  unusableFile,
  writeStateFile,
} from './last-verified.ts';

/** Peers of one run are pushed to in parallel; their writes of the state file are not. */
const oneByOne = pLimit(1);
/**
 * Longer than a run holds the lock, which only reads and writes small files. An interrupted run still records its heads,
 * and has less than three seconds for it (`Engines.finish`); a user who locks the folder for ever must not stop our runs.
 */
const MAX_WAIT_MS = 1_500;

/** Runs with different scratch copies write one file at the same time, so they take turns under a lock of its folder. */
async function inTurn<T>({ folder, env }: StatePlace, work: () => Promise<T>): Promise<T> {
  return await oneByOne(async () => {
    const { signal } = new AbortController();
    const lock = await lockFolder(dirname(stateFilePath(folder)), { env, signal, maxWaitMs: MAX_WAIT_MS });
    return await work().finally(() => (lock.kind === 'held' ? lock.release() : undefined));
  });
}

/**
 * Changes the state of a branch.
 * @param change gets the present state, with what other runs have recorded, and returns the same object if there is
 * nothing to write
 * @returns warnings about unusable files of this user that were moved aside
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`, or an error of `change`
 */
export async function changeState(
  place: StatePlace,
  local: string,
  change: (known: KnownState) => StateFile,
): Promise<Diagnostic[]> {
  return await inTurn(place, async () => {
    const files = await readStateFiles(place);
    const known = stateOf(files, local);
    const next = change(known);
    const aside = next === known.stateFile ? null : await writeStateFile(place.folder, next);
    const otherAside = files.otherToRename === null ? null : await putAside(files.otherToRename).catch(() => null);
    return [...startedNew(aside), ...(otherAside === null ? [] : [unusableFile(renamed(otherAside))])];
  });
}

/**
 * Records a head that our branch is about to give up, before anything moves: after that, no later run could learn it.
 * If the move is not made, our branch still contains the head, and then it has no effect. The end of the run finds out
 * which heads of the other file our branch contains, so they are left where they are.
 * @returns a warning about an unusable state file that was moved aside
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`
 */
export async function retireBeforeMove(place: StatePlace, local: string, head: string): Promise<Diagnostic[]> {
  return await inTurn(place, async () => {
    const { stateFile } = await readStateFile(place.folder);
    const next = retire(stateFile, local, [head]);
    return next === stateFile ? [] : startedNew(await writeStateFile(place.folder, next));
  });
}

function startedNew(aside: string | null): Diagnostic[] {
  return aside === null ? [] : [unusableFile(`${renamed(aside)}, and a new one was started`)];
}

function renamed(aside: string): string {
  return `the unusable state file was renamed to ${aside}`;
}
