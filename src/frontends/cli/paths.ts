import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { PreparedCommand } from '../../commands/command.ts';
import type { Context } from '../../commands/context.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import type { Logger } from '../../core/logger.ts';
import { removeLeftFolders } from '../../core/private-folder.ts';
import { makeOwnFolder, replaceableFolder, warnOfReplaceable } from '../../core/shared-folder.ts';

/** The process's environment. */
export interface Machine {
  readonly env: Env;
  readonly cwd: string;
  /** The user's home folder; null: unknown. */
  readonly home: string | null;
}

type CliPaths = Omit<Context, 'log' | 'secrets' | 'onProgress' | 'signal' | 'onResource'>;

/**
 * The paths of a command in a terminal: from the working directory up to the root, with the user's own configuration,
 * and our files below `${XDG_CACHE_HOME:-~/.cache}/dolt-federation` and
 * `${XDG_STATE_HOME:-~/.local/state}/dolt-federation`.
 * @throws Failure `bad-usage` if the home folder is unknown
 */
export function cliPaths(machine: Machine): CliPaths {
  const cache = join(xdgFolder(machine, 'XDG_CACHE_HOME', '.cache'), 'dolt-federation');
  return {
    env: machine.env,
    cwd: machine.cwd,
    ceiling: null,
    tempDir: join(cache, 'tmp'),
    toolCacheDir: join(cache, 'tools'),
    cloneDir: null,
    stateDir: join(xdgFolder(machine, 'XDG_STATE_HOME', join('.local', 'state')), 'dolt-federation'),
    userHome: true,
  };
}

/**
 * The folder that `-C` names.
 * @throws Failure `bad-usage` if it is not a folder
 */
export async function startingFolder(cwd: string, directory: string): Promise<string> {
  const folder = resolve(cwd, directory);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() === true) return folder;
  const why = found === null ? 'it does not exist' : 'it is not a folder';
  throw new Failure('bad-usage', `the working directory ${folder} cannot be used: ${why}`, {
    hint: 'Correct the folder after `-C` (`--working-directory`).',
  });
}

/**
 * Creates the folders of commands that need Dolt, and removes those of killed runs; other commands create none.
 * @throws Failure `bad-usage` if the cache folder cannot be created, `file-owner` if another user made one of them
 */
export async function prepareFolders({ request }: PreparedCommand, around: CliPaths, log: Logger): Promise<void> {
  if (request.dolt === undefined) return;
  const { tempDir, toolCacheDir } = around;
  const runs = runsFolder(around);
  for (const folder of [tempDir, toolCacheDir, runs]) await makeOwnFolder(dirname(folder), folder);
  // The installation of Dolt warns of the temporary folder.
  await warnOfReplaceable(toolCacheDir, log, await replaceableFolder(tempDir));
  await removeLeftFolders(runs);
}

/** The folder of the records of temporary folders. */
export function runsFolder({ tempDir }: Pick<CliPaths, 'tempDir'>): string {
  return join(dirname(tempDir), 'runs');
}

function xdgFolder({ env, home }: Machine, variable: string, below: string): string {
  const folder = env[variable] ?? (home === null ? null : join(home, below));
  if (folder !== null) return folder;
  throw new Failure('bad-usage', 'the home folder of this user is unknown', {
    hint: 'Set HOME to the absolute path of a folder that this user may write to.',
  });
}
