import { getState, saveState } from '@actions/core';
import { z } from 'zod';
import type { Resource } from '../../commands/context.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage } from '../../core/failure.ts';
import { isInside } from '../../core/files.ts';
import { logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';

const NAME = 'resources';

const leftoverSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: z.string().min(1) }),
  /** `folder`: the private folder that the process was started with; it identifies the process. */
  z.strictObject({ kind: z.literal('process'), pid: z.int().positive(), folder: z.string().min(1) }),
]);
const leftoversSchema = z.array(leftoverSchema);

/** A resource that main created and that post removes if it still exists. */
export type Leftover = z.infer<typeof leftoverSchema>;

/**
 * The folders below which the post step removes something. TMPDIR is not one: an earlier step can set it to any folder.
 */
export function rootsOf(env: Env): readonly string[] {
  return ['RUNNER_TEMP', 'GITHUB_WORKSPACE'].flatMap((name) => env[name] ?? []);
}

/**
 * Records everything that main creates for the post step, at once: main may be killed at any time. The whole list is
 * written each time, because the last value of a state wins.
 */
export function rememberResources(env: Env): (resource: Resource) => void {
  const leftovers: Leftover[] = [];
  let isWritable = true;
  return (resource) => {
    if (resource.kind === 'folder' && !rootsOf(env).some((root) => isInside(root, resource.path))) return;
    leftovers.push(resource);
    if (!isWritable) return;
    try {
      requireRunnerFile(env, 'GITHUB_STATE');
      saveState(NAME, JSON.stringify(leftovers));
    } catch (thrown) {
      isWritable = false;
      logWarning(`the post step cannot clean up if this step is killed: ${errorMessage(thrown)}`);
    }
  };
}

/**
 * The resources that main recorded, if any.
 * @throws SyntaxError, ZodError if the state is not in the format of main
 */
export function savedResources(): readonly Leftover[] {
  const state = getState(NAME);
  return state === '' ? [] : leftoversSchema.parse(JSON.parse(state));
}
