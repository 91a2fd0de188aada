import { Failure, placeOf } from '../core/failure.ts';
import { buildConfiguration, type ConfigSource } from './build.ts';
import type { ConfigOverrides, Configuration, Origin, PushGuard } from './configuration.ts';
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

/**
 * Requires that this run may push or, if it only pulls, that it may write.
 * @throws Failure `push-disabled`, which names the key and where it is set
 */
export function requirePush({ push: { guard } }: Configuration, needs: 'push' | 'pull'): void {
  if (guard === null || (needs === 'pull' && guard.key !== 'readonly')) return;
  throw new Failure(
    'push-disabled',
    `${guardText(guard)} forbids ${guard.key === 'readonly' ? 'every write' : 'pushing'}`,
    {
      hint: guardHint(guard),
      location: guard.origin.layer === 'file' ? guard.origin.location : undefined,
    },
  );
}

/** A guard and where it is set, for messages. */
export function guardText({ key, origin }: PushGuard): string {
  const written = key === 'federation.push' ? `${key}: false` : `${key}: true`;
  switch (origin.layer) {
    case 'default':
      return written;
    case 'file':
      return `${written} (${placeOf(origin.location)})`;
    case 'environment':
      return `the variable ${origin.variable} (${key})`;
    case 'input':
      return `the input ${origin.name} (${key})`;
  }
}

/** How to remove a guard. */
export function guardHint({ key, origin }: PushGuard): string {
  const remove = origin.layer === 'environment' ? `Unset ${origin.variable}` : `Remove the key`;
  if (key === 'federation.push') return `${remove} to allow pushing this database.`;
  return `${remove}, or set \`federation.push: true\` to override it for dolt-federation only.`;
}

/**
 * Requires a sync mode that allows federation.
 * @throws Failure `sync-mode`
 */
export function requireFederation({ syncMode, file }: Configuration): void {
  switch (syncMode.value) {
    case 'dolt-native':
    case 'belt-and-suspenders':
      return;
    case 'git-portable':
    case 'realtime': {
      const { origin } = syncMode;
      const set =
        origin.layer === 'default'
          ? `sync.mode is not set, and in a folder with \`.beads\` it defaults to ${syncMode.value}`
          : `sync.mode is ${syncMode.value}`;
      throw new Failure(
        'sync-mode',
        `${set}, which does not allow federation; use dolt-native or belt-and-suspenders`,
        {
          hint: modeHint(origin, file ?? '.beads/config.yaml'),
          location: origin.layer === 'file' ? origin.location : undefined,
        },
      );
    }
  }
}

function modeHint(origin: Origin, file: string): string {
  switch (origin.layer) {
    case 'default':
      return `Add these two lines to ${file}:\nsync:\n  mode: dolt-native`;
    case 'file':
      return `Change the mode in ${file} to:\nsync:\n  mode: dolt-native`;
    case 'environment':
      return `Unset ${origin.variable}, or set it to dolt-native.`;
    case 'input':
      return `Remove the input or flag \`${origin.name.replace(/^--/, '')}\`, or set it to dolt-native.`;
  }
}
