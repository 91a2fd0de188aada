import { buildConfiguration, type ConfigSource } from './build.ts';
import type { ConfigOverrides, Configuration } from './configuration.ts';
import { type ConfigurationContext, findConfig, readConfigText } from './find-config.ts';
import { isBeadsWorkspace, readGuardFiles, readGuardFilesOf, readGuards } from './guards.ts';
import { Problems } from './problems.ts';
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

/**
 * A configuration with the guards of the database's own workspace.
 * @throws Failure as for reading a configuration
 */
export async function withGuardsOf(database: string, configuration: Configuration): Promise<Configuration> {
  const { push, workspace } = configuration;
  if (push.guard !== null || push.origin.layer !== 'default') return configuration;
  const problems = new Problems();
  const guard = readGuards(await readGuardFilesOf(database, workspace), {}, problems);
  problems.throwIfAny();
  return guard === null ? configuration : { ...configuration, push: { value: false, origin: guard.origin, guard } };
}
