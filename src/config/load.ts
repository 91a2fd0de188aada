import { dirname } from 'node:path';
import { type BoundaryContext, boundaryOf } from '../core/boundary.ts';
import { buildConfiguration, type ConfigSource } from './build.ts';
import type { ConfigOverrides, Configuration } from './configuration.ts';
import { type ConfigurationContext, findConfig, readConfigText } from './find-config.ts';
import { type GuardFile, isBeadsWorkspace, readGuardFiles, readGuardFilesOf, readGuards } from './guards.ts';
import { Problems } from './problems.ts';
import { strictest } from './settings.ts';
import { readEnvFile } from './workspace/env-file.ts';

/**
 * Finds, reads and validates the configuration of a run.
 * @throws Failure `config-not-found`, `config-unreadable`, or the first of all problems in it (see `problems`)
 */
export async function loadConfiguration(
  context: ConfigurationContext,
  overrides: ConfigOverrides,
): Promise<Configuration> {
  return buildConfiguration(await readSource(context, overrides), context.env, overrides);
}

/**
 * Finds and reads the configuration and the files of beads that belong to it.
 * @throws Failure `config-not-found`, `config-unreadable`
 */
export async function readSource(context: ConfigurationContext, overrides: ConfigOverrides): Promise<ConfigSource> {
  const { file, workspace, redirect } = await findConfig(context, overrides.config);
  const text = file === null ? null : await readConfigText(file);
  const isBeads = workspace !== null && (await isBeadsWorkspace(workspace));
  const guards = await readGuardFiles({ file, workspace }, context);
  const bdEnv = workspace === null ? {} : await readEnvFile(workspace);
  return { file, workspace, redirect, bdEnv, text, isBeads, ...guards };
}

/** The folder that relative paths of `federation.database` start at: that of the file with the key. */
export function baseOfDatabase({ origin }: Configuration['database'], cwd: string): string {
  return origin.layer === 'file' ? dirname(origin.location.file) : cwd;
}

/**
 * A configuration with the guards of the database's own workspace.
 * @throws Failure as for reading a configuration, `outside-workspace`
 */
export async function withGuardsOf(
  database: string,
  configuration: Configuration,
  context: BoundaryContext,
): Promise<Configuration> {
  const { workspace } = configuration;
  if (!needsGuards(configuration)) return configuration;
  return withGuards(await readGuardFilesOf(database, workspace, await boundaryOf(context, [])), configuration);
}

/**
 * A configuration with the guards of more files. `federation.push: true` is stronger than all of them.
 * @throws Failure as for reading a configuration
 */
export function withGuards(files: readonly GuardFile[], configuration: Configuration): Configuration {
  if (!needsGuards(configuration)) return configuration;
  const problems = new Problems();
  const guard = strictest(configuration.push.guard, readGuards(files, {}, problems));
  problems.throwIfAny();
  return guard === null ? configuration : { ...configuration, push: { value: false, origin: guard.origin, guard } };
}

/** Whether another guard could forbid more. */
function needsGuards({ push: { guard, origin } }: Configuration): boolean {
  return guard === null ? origin.layer === 'default' : guard.key !== 'readonly';
}
