import { tmpdir } from 'node:os';
import { readEnv } from '../core/env.ts';
import { cleanUp } from './cleanup.ts';
import { forgetSecretInputs } from './inputs.ts';
import { logWarning } from './logger.ts';
import { recallResources } from './state.ts';

/** The step's second half: removes what main made and could not remove itself, because it was killed. */
export async function runPost(): Promise<void> {
  forgetSecretInputs();
  const env = readEnv();
  const temporary = env['RUNNER_TEMP'];
  await cleanUp(recallResources(), {
    env,
    roots: [tmpdir(), ...(temporary === undefined ? [] : [temporary])],
    warn: logWarning,
  });
}
