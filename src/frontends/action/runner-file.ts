import { lstatSync } from 'node:fs';
import type { Env } from '../../core/env.ts';

type RunnerFile = 'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_STEP_SUMMARY';

/**
 * Checks a file that the runner made for the step, before @actions/core appends to it: a FIFO without a reader would
 * block forever, and a link may lead to any file. If the variable is not set, @actions/core writes a command to the log
 * instead.
 * @throws Error that names the variable
 */
export function requireRunnerFile(env: Env, name: RunnerFile): void {
  const file = env[name];
  if (file === undefined) return;
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`Missing file at path: ${file} (${name})`);
  if (!found.isFile()) throw new Error(`${file} (${name}) is not a regular file`);
}
