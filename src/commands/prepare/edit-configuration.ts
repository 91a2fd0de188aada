import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigOverrides, Configuration } from '../../config/configuration.ts';
import { loadConfiguration } from '../../config/load.ts';
import { Failure } from '../../core/failure.ts';
import { withLock } from '../../core/lock.ts';
import type { Context } from '../context.ts';

/** The file that holds the configuration, or that would be created to hold it. */
export function configurationFile({ file, workspace }: Configuration, { cwd }: Pick<Context, 'cwd'>): string {
  return file ?? join(workspace ?? join(cwd, '.beads'), 'config.yaml');
}

/**
 * Reads the configuration and changes it, while no other command of this user does: an edit that began with what another
 * one has replaced would undo it.
 * @throws Failure what loading throws, what the work throws, and `config-unreadable` where another command does not end
 */
export async function editConfiguration<T>(
  context: Context,
  overrides: ConfigOverrides,
  work: (before: Configuration) => Promise<T>,
): Promise<T> {
  const file = configurationFile(await loadConfiguration(context, overrides), context);
  const target = await realpath(file).catch(() => file);
  const lock = join(context.tempDir, `edit-${createHash('sha256').update(target).digest('hex').slice(0, 16)}.lock`);
  const busy = (pid: number): Failure =>
    new Failure(
      'config-unreadable',
      `${file} is being edited by another command (process ${pid}), which does not end`,
      {
        hint: `End that process, then run again. Remove ${lock} only if no such process is left.`,
        location: { file },
      },
    );
  return await withLock(lock, { busy, signal: context.signal }, async () =>
    work(await loadConfiguration(context, overrides)),
  );
}
