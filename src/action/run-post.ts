import { readEnv } from '../core/env.ts';
import { cleanUp } from './cleanup.ts';
import { forgetSecretInputs } from './inputs.ts';
import { logWarning } from './logger.ts';
import { recallResources } from './state.ts';

/** The step's second half: removes what main made and could not remove itself, because it was killed. */
export async function runPost(): Promise<void> {
  forgetSecretInputs();
  const env = readEnv();
  // TMPDIR is no root: an earlier step can set it to any folder, and main records nothing there.
  const roots = ['RUNNER_TEMP', 'GITHUB_WORKSPACE'].flatMap((name) => env[name] ?? []);
  await cleanUp(recallResources(), { env, roots, warn: logWarning });
}
