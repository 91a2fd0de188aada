import { saveState } from '@actions/core';
import { z } from 'zod';
import type { Resource } from '../../commands/context.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage } from '../../core/failure.ts';
import { isInside } from '../../core/files.ts';
import { logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';

/** Before the number of a resource. */
const NAME = 'resource-';

const leftoverSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: z.string().min(1) }),
  /** `folder`: the private folder that the process was started with; it identifies the process. */
  z.strictObject({ kind: z.literal('process'), pid: z.int().positive(), folder: z.string().min(1) }),
]);

/** A resource that main created and that post removes if it still exists. */
export type Leftover = z.infer<typeof leftoverSchema>;

/**
 * The folders below which the post step removes something. TMPDIR is not one: an earlier step can set it to any folder.
 */
export function rootsOf(env: Env): readonly string[] {
  return ['RUNNER_TEMP', 'GITHUB_WORKSPACE'].flatMap((name) => env[name] ?? []);
}

/**
 * Records everything that main creates for the post step, at once: main may be killed at any time. Each resource has a
 * value of its own: values become variables of the post step, and Linux limits one to 128 KiB.
 */
export function rememberResources(env: Env): (resource: Resource) => void {
  let recorded = 0;
  let isWritable = true;
  return (resource) => {
    if (resource.kind === 'folder' && !rootsOf(env).some((root) => isInside(root, resource.path))) return;
    if (!isWritable) return;
    try {
      requireRunnerFile(env, 'GITHUB_STATE');
      saveState(`${NAME}${recorded}`, JSON.stringify(resource));
      recorded += 1;
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
export function savedResources(env: Env): readonly Leftover[] {
  return Object.entries(env)
    .filter(([name]) => name.startsWith(`STATE_${NAME}`))
    .map(([, value]) => leftoverSchema.parse(JSON.parse(value)));
}
