import { lstat, realpath, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Env, readEnv } from '../../core/env.ts';
import { errorMessage } from '../../core/failure.ts';
import { isInside } from '../../core/files.ts';
import { isPrivateName } from '../../core/private-folder.ts';
import { processCommand } from '../../dolt/process.ts';
import { CONFIG_FILE } from '../../dolt/server/config.ts';
import { forgetSecretInputs } from './inputs.ts';
import { logWarning } from './logger.ts';
import { type Leftover, rootsOf, savedResources } from './state.ts';

/** The post step: removes what main created and could not remove because it was killed. */
export async function runPost(): Promise<void> {
  forgetSecretInputs();
  const env = readEnv();
  await cleanUp(savedResources(env), { env, roots: rootsOf(env), warn: logWarning });
}

interface CleanupOptions {
  readonly env: Env;
  /** Folders below which something may be removed. */
  readonly roots: readonly string[];
  readonly warn: (message: string) => void;
  /** How long a process may take to end by a signal before it is killed. */
  readonly graceMs?: number;
}

/** A Dolt server stops within 20 ms; this is the maximum. */
const GRACE_MS = 5_000;
const POLL_MS = 50;

/**
 * Removes the leftovers of a run: first the processes that are still the recorded ones, then the folders. It can be
 * repeated and never throws: a failed removal is a warning. An earlier step of the job could forge the list
 * (`STATE_resource-0` through GITHUB_ENV), so only engines and folders that match those of a run are touched.
 */
export async function cleanUp(leftovers: readonly Leftover[], options: CleanupOptions): Promise<void> {
  const processes = leftovers.filter((leftover) => leftover.kind === 'process');
  const folders = leftovers.filter((leftover) => leftover.kind === 'folder');
  await Promise.all(processes.map((each) => warned(() => endProcess(each, options), options)));
  await Promise.all(folders.map((each) => warned(() => removeFolder(each.path, options.roots), options)));
}

async function warned(work: () => Promise<void>, options: CleanupOptions): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    options.warn(`cleaning up after the run: ${errorMessage(thrown)}`);
  }
}

/**
 * Process ids are reused, so a process is ours only if its command line names the configuration in its private folder.
 */
async function endProcess(
  { pid, folder }: Extract<Leftover, { kind: 'process' }>,
  { env, graceMs = GRACE_MS }: CleanupOptions,
): Promise<void> {
  if (!isAbsolute(folder) || !isPrivateName(basename(folder)))
    throw new Error(`${folder} is not a folder of a run, so process ${pid} was not stopped`);
  const configuration = join(folder, CONFIG_FILE);
  const isOurs = async () => (await processCommand(pid, env))?.includes(configuration) === true;
  if (!(await isOurs())) return;
  signal(pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs; waited += POLL_MS) {
    if (!(await isOurs())) return;
    await wait(POLL_MS);
  }
  if (await isOurs()) signal(pid, 'SIGKILL');
}

/** The process may have just ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}

/** A missing folder is fine. A link is not followed, and no parent folder may lead out of the roots. */
async function removeFolder(path: string, roots: readonly string[]): Promise<void> {
  const leftAlone = (why: string) => new Error(`${path} ${why}, so it was not removed`);
  const inRoots = roots.some((root) => normalize(path) !== normalize(root) && isInside(root, path));
  if (!isAbsolute(path) || !inRoots) throw leftAlone('is not in a temporary folder');
  if (!isPrivateName(basename(path))) throw leftAlone('does not have the name of a folder of a run');
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isDirectory()) throw leftAlone('is not a folder');
  if (process.getuid !== undefined && found.uid !== process.getuid()) throw leftAlone('belongs to another user');
  const parent = await realpath(dirname(path));
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  if (!realRoots.some((root) => isInside(root, parent))) throw leftAlone('points outside the temporary folder');
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
