import { rm } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';
import { processCommand } from '../dolt/process-command.ts';
import type { Leftover } from './state.ts';
import { isInside } from './working-directory.ts';

interface CleanupOptions {
  readonly env: Env;
  /** Folders below which something may be removed. */
  readonly roots: readonly string[];
  readonly warn: (message: string) => void;
}

/** A Dolt server stops within 20 ms; more than this it does not get. */
const GRACE_MS = 5_000;
const POLL_MS = 50;

/**
 * Ends what a run left behind: first the processes that are still the ones that were recorded, then the folders. Doing
 * it twice does no harm. Never throws: what could not be removed is a warning.
 */
export async function cleanUp(leftovers: readonly Leftover[], options: CleanupOptions): Promise<void> {
  const processes = leftovers.filter((leftover) => leftover.kind === 'process');
  const folders = leftovers.filter((leftover) => leftover.kind === 'folder');
  await Promise.all(processes.map((each) => warned(() => endProcess(each, options.env), options)));
  await Promise.all(folders.map((each) => warned(() => removeFolder(each.path, options.roots), options)));
}

async function warned(work: () => Promise<void>, options: CleanupOptions): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    options.warn(`cleaning up after the run: ${errorMessage(thrown)}`);
  }
}

/** Process ids are used again, so a process is ours only while its command line holds the folder that was made for it. */
async function endProcess(leftover: Extract<Leftover, { kind: 'process' }>, env: Env): Promise<void> {
  const isOurs = async () => (await processCommand(leftover.pid, env))?.includes(leftover.folder) === true;
  if (!(await isOurs())) return;
  signal(leftover.pid, 'SIGTERM');
  for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
    if (!(await isOurs())) return;
    await wait(POLL_MS);
  }
  if (await isOurs()) signal(leftover.pid, 'SIGKILL');
}

/** A process that has just ended by itself is what was wanted. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}

async function removeFolder(path: string, roots: readonly string[]): Promise<void> {
  const inRoots = roots.some((root) => normalize(path) !== normalize(root) && isInside(root, path));
  if (!isAbsolute(path) || !inRoots)
    throw new Error(`${path} does not lie in a temporary folder, so it was left alone`);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
