import { Failure } from '../core/failure.ts';
import { buildConfiguration } from './build.ts';
import type { Configuration } from './configuration.ts';
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
      const place = file ?? '.beads/config.yaml';
      const act =
        origin.layer === 'default' ? `Add these two lines to ${place}` : `Change the mode; in ${place} that is`;
      throw new Failure(
        'sync-mode',
        `sync.mode is ${syncMode.value}, which allows no federation; dolt-native and belt-and-suspenders do`,
        {
          hint: `${act}:\nsync:\n  mode: dolt-native`,
          location: origin.layer === 'file' ? origin.location : undefined,
        },
      );
    }
  }
}
