import { Failure } from '../core/failure.ts';
import { buildConfiguration } from './build.ts';
import type { Configuration, Origin } from './configuration.ts';
import { type ConfigurationContext, findConfig } from './find-config.ts';
import type { ConfigOverrides } from './overrides.ts';
import { readConfigText } from './read-config.ts';

/**
 * Finds, reads and checks the configuration of a run.
 * @throws Failure `config-not-found`, `config-unreadable`, or the first of all problems in it (see `problemsOf`)
 */
export async function loadConfiguration(
  context: ConfigurationContext,
  overrides: ConfigOverrides,
): Promise<Configuration> {
  const { file, workspace } = await findConfig(context, overrides.config);
  const text = file === null ? null : await readConfigText(file);
  return buildConfiguration({ file, workspace, text }, context.env, overrides);
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
      throw new Failure(
        'sync-mode',
        `sync.mode is ${syncMode.value}, which allows no federation; dolt-native and belt-and-suspenders do`,
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
      return `Change the mode; in ${file} that is:\nsync:\n  mode: dolt-native`;
    case 'environment':
      return `${origin.variable} says so; unset it, or set it to dolt-native.`;
    case 'input':
      return `The input or flag \`${origin.name.replace(/^--/, '')}\` says so; leave it out, or write dolt-native.`;
  }
}
