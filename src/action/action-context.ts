import { join } from 'node:path';
import type { Context } from '../commands/context.ts';
import type { Env } from '../core/env.ts';
import type { Secrets } from '../core/secrets.ts';
import { logEvent, stepLogger } from './logger.ts';
import type { Runner } from './runner.ts';
import { rememberResources } from './state.ts';
import { workingDirectory } from './working-directory.ts';

interface Surroundings {
  readonly runner: Runner;
  /** The environment, without the secret inputs. */
  readonly env: Env;
  /** The input `working-directory`. */
  readonly directory: string;
  /** Whether the event may not write. */
  readonly untrusted: boolean;
  readonly signal: AbortSignal;
  readonly secrets: Secrets;
}

/**
 * What a command is given on a runner: it stays inside the workspace and the runner's temporary folder, and the home
 * folder's configuration is not read.
 * @throws Failure `bad-usage` when the working directory is none
 */
export async function actionContext({
  runner,
  env,
  directory,
  untrusted,
  signal,
  secrets,
}: Surroundings): Promise<Context> {
  return {
    env,
    cwd: await workingDirectory(runner.workspace, directory),
    ceiling: runner.workspace,
    untrusted,
    tempDir: runner.tempDir,
    toolCacheDir: runner.toolCacheDir,
    cloneDir: join(runner.tempDir, 'dolt-federation'),
    conflictsDir: runner.tempDir,
    userHome: false,
    log: stepLogger(secrets),
    secrets,
    progress: logEvent,
    signal,
    onResource: rememberResources(env),
  };
}
