import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigOverrides, Configuration } from '../../config/configuration.ts';
import { loadConfiguration } from '../../config/load.ts';
import { Failure } from '../../core/failure.ts';
import { type LockOptions, withLock } from '../../core/lock.ts';
import type { Context } from '../context.ts';

/** The file that holds the configuration, or that would be created for it. */
export function configurationFile({ file, workspace }: Configuration, { cwd }: Pick<Context, 'cwd'>): string {
  return file ?? join(workspace ?? join(cwd, '.beads'), 'config.yaml');
}

/**
 * Reads and changes the configuration under a lock: a concurrent edit that started from the old text would undo this
 * one.
 * @throws Failure any error of loading or of the work, or `config-unreadable` if another command does not release the
 * lock
 */
export async function editConfiguration<T>(
  context: Context,
  overrides: ConfigOverrides,
  work: (before: Configuration) => Promise<T>,
  wait: Pick<LockOptions, 'maxWaitMs'> = {},
): Promise<T> {
  const file = configurationFile(await loadConfiguration(context, overrides), context);
  const target = await realpath(file).catch(() => file);
  const lock = join(context.tempDir, `edit-${createHash('sha256').update(target).digest('hex').slice(0, 16)}.lock`);
  const busy = (pid: number): Failure =>
    new Failure('config-unreadable', `another command (process ${pid}) is still editing ${file}`, {
      hint: `Stop that process, then run again. Remove ${lock} only if the process no longer exists.`,
      location: { file },
    });
  return await withLock(lock, { ...wait, busy, signal: context.signal }, async () =>
    work(await loadConfiguration(context, overrides)),
  );
}
