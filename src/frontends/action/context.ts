import { join } from 'node:path';
import { ActionsCache } from '../../caches/actions-cache.ts';
import { cacheServiceOf } from '../../caches/service.ts';
import type { Context } from '../../commands/context.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import type { Secrets } from '../../core/secrets.ts';
import { inputValue, type WrittenInputs } from './inputs.ts';
import { logEvent, stepLogger } from './logger.ts';
import { rewordForStep } from './reword-for-step.ts';
import { rememberResources } from './state.ts';
import { workingDirectory } from './working-directory.ts';

/** A step of a job. */
interface Step {
  readonly runner: Runner;
  /** The environment, without the secret inputs. */
  readonly env: Env;
  readonly written: WrittenInputs;
  readonly secrets: Secrets;
  readonly signal: AbortSignal;
}

/** The part of the context that comes from the job and its event. */
type EventContext = Required<Pick<Context, 'untrusted' | 'proposed' | 'repository' | 'ownWorkflow'>>;

/**
 * The context of a command on a runner: it stays inside the workspace and the runner's temporary folder, and does not
 * read the home folder's configuration.
 * @throws Failure `bad-usage` if the working directory is not a folder
 */
export async function actionContext(
  { runner, env, written, secrets, signal }: Step,
  { untrusted, proposed, repository, ownWorkflow }: EventContext,
): Promise<Context> {
  const directory = inputValue('working-directory', written('working-directory'));
  const reword = rewordForStep(env);
  const log = stepLogger(secrets, reword);
  const service = inputValue('cache', written('cache')) ? cacheServiceOf(env) : null;
  if (service?.kind === 'unavailable') log.debug(`The Actions cache is not available: ${service.why}`);
  return {
    env,
    cwd: await workingDirectory(runner.workspace, directory),
    ceiling: runner.workspace,
    untrusted,
    proposed,
    repository,
    ownWorkflow,
    tempDir: runner.tempDir,
    toolCacheDir: runner.toolCacheDir,
    cloneDir: join(runner.tempDir, 'dolt-federation'),
    conflictsDir: runner.tempDir,
    userHome: false,
    reword,
    log,
    cache: service?.kind === 'available' ? new ActionsCache(service, { env, log, secrets, signal }) : undefined,
    secrets,
    onProgress: logEvent,
    signal,
    onResource: rememberResources(env),
  };
}

/** The facts that the runner reports about itself and its event. */
export interface Runner {
  /** The working directory of the job. */
  readonly workspace: string;
  /** Emptied by the runner before and after each job. */
  readonly tempDir: string;
  readonly toolCacheDir: string;
  readonly eventName: string;
  /** For example refs/heads/main; empty if the event has none. */
  readonly ref: string;
  /** File with the event's payload; null if there is none. */
  readonly eventPath: string | null;
}

/**
 * Reads the runner's own variables (GitHub documents them as "default environment variables").
 * @throws Failure `bad-usage` outside a runner
 */
export function readRunner(env: Env): Runner {
  return {
    workspace: required(env, 'GITHUB_WORKSPACE'),
    tempDir: required(env, 'RUNNER_TEMP'),
    toolCacheDir: required(env, 'RUNNER_TOOL_CACHE'),
    eventName: env['GITHUB_EVENT_NAME'] ?? '',
    ref: env['GITHUB_REF'] ?? '',
    eventPath: env['GITHUB_EVENT_PATH'] ?? null,
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw new Failure('bad-usage', `the environment variable ${name} is not set, so this is not a step of a workflow`, {
    hint: 'Use the command-line tool `dolt-federation` outside GitHub Actions.',
  });
}
