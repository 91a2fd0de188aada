import { dirname, join } from 'node:path';
import { type ConfigSource, inspectConfiguration } from '../../../config/build.ts';
import type { ConfigOverrides, Configuration } from '../../../config/configuration.ts';
import { DOLTHUB_HOST_VARIABLE } from '../../../config/endpoint/options.ts';
import { SETTINGS } from '../../../config/settings.ts';
import { pathInRepository, repositoryOf } from '../../../config/workspace/repository.ts';
import type { Env } from '../../../core/env.ts';
import { readFileAt } from '../../../github/base-file.ts';
import type { Context } from '../../context.ts';

/** The configurations that a proposed one is compared with. */
export type Known =
  | { readonly kind: 'read'; readonly ofDefaultBranch: Configuration; readonly ofBase: Configuration | null }
  | Unread;

interface Unread {
  readonly kind: 'unread';
  readonly reason: string;
}

/**
 * Reads the configuration of the default branch, and that of the base of the change. Anyone who can push may choose
 * another base for a pull request, or a merge as its checkout, so the base alone says nothing.
 * @param source the proposed configuration
 */
export async function readKnownConfigurations(
  source: ConfigSource,
  overrides: ConfigOverrides,
  context: Context,
): Promise<Known> {
  const { cwd, ceiling, proposed = null, repository = null, ownWorkflow = false } = context;
  const file = source.file ?? join(cwd, '.beads', 'config.yaml');
  const path = pathInRepository(file, (await repositoryOf(dirname(file)))?.root ?? ceiling);
  if (repository === null) return unread('the step has no `github-token` for the API of its server');
  if (path === null) return unread(`${file} is outside of the checkout`);
  const trusted = ownWorkflow ? overrides : withoutPlaces(overrides);
  const env = ownWorkflow ? context.env : withoutPlacesIn(context.env);
  const readAt = async (commit: string | null, name: string): Promise<Configuration | Unread> => {
    const found = await readFileAt(repository, path, commit);
    if (found.kind === 'unread') return found;
    const { problems, configuration } = inspectConfiguration({ ...source, text: found.text }, env, trusted);
    // Parts of an invalid file would be compared without the checks that refuse it.
    return configuration === null || problems.length > 0 ? unread(`that of ${name} is invalid`) : configuration;
  };
  const ofDefaultBranch = await readAt(null, 'the default branch');
  if ('kind' in ofDefaultBranch) return ofDefaultBranch;
  const ofBase = proposed === null ? null : await readAt(proposed.base, 'the base of the change');
  if (ofBase !== null && 'kind' in ofBase) return ofBase;
  return { kind: 'read', ofDefaultBranch, ofBase };
}

function unread(reason: string): Unread {
  return { kind: 'unread', reason };
}

/** Without overrides that place peers: on this event a change may have set them, and they are then a difference. */
function withoutPlaces(overrides: ConfigOverrides): ConfigOverrides {
  return { ...overrides, peers: undefined, remote: undefined, dolthubHost: undefined };
}

function withoutPlacesIn(env: Env): Env {
  const placing = [SETTINGS.remote.variable, DOLTHUB_HOST_VARIABLE];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !placing.includes(name)));
}
