import { getState, saveState } from '@actions/core';
import { z } from 'zod';
import type { Resource } from '../../commands/context.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage } from '../../core/failure.ts';
import { logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';

const NAME = 'resources';

const leftoverSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: z.string().min(1) }),
  /** `folder`: the private folder that the process was started with, by which it is known again. */
  z.strictObject({ kind: z.literal('process'), pid: z.int().positive(), folder: z.string().min(1) }),
]);
const leftoversSchema = z.array(leftoverSchema);

/** Something that main made and that post removes if it is still there. */
export type Leftover = z.infer<typeof leftoverSchema>;

/**
 * Tells post of everything that main makes, at the moment it is made: main may be killed at any time. The whole list is
 * written each time, since the last value of a state wins.
 */
export function rememberResources(env: Env): (resource: Resource) => void {
  const leftovers: Leftover[] = [];
  let isWritable = true;
  return (resource) => {
    leftovers.push(resource);
    if (!isWritable) return;
    try {
      requireRunnerFile(env, 'GITHUB_STATE');
      saveState(NAME, JSON.stringify(leftovers));
    } catch (thrown) {
      isWritable = false;
      logWarning(`post cannot clean up after this step should it be killed: ${errorMessage(thrown)}`);
    }
  };
}

/**
 * What main told; nothing where it told nothing.
 * @throws SyntaxError, ZodError when the state is not what main writes
 */
export function savedResources(): readonly Leftover[] {
  const state = getState(NAME);
  return state === '' ? [] : leftoversSchema.parse(JSON.parse(state));
}
