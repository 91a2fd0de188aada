import { inspectConfiguration } from '../../../config/build.ts';
import type { ConfigOverrides, Configuration } from '../../../config/configuration.ts';
import { DOLTHUB_HOST_VARIABLE } from '../../../config/endpoint/options.ts';
import { SETTINGS } from '../../../config/settings.ts';
import type { Env } from '../../../core/env.ts';
import type { Unread } from '../../../github/base-commit.ts';
import type { Context } from '../../context.ts';
import { checkoutOfJob, OUTSIDE_OF_CHECKOUT, readSourceAt } from '../base/source-at.ts';

/** The configurations that a proposed one is compared with. */
export type Known =
  | { readonly kind: 'read'; readonly ofDefaultBranch: Configuration; readonly ofBase: Configuration | null }
  | Unread;

/**
 * Reads the configuration of the default branch, and that of the base of the change. Anyone who can push may choose
 * another base for a pull request, or a merge as its checkout, so the base alone says nothing.
 */
export async function readKnownConfigurations(overrides: ConfigOverrides, context: Context): Promise<Known> {
  const { proposed = null, repository = null, ownWorkflow = false } = context;
  if (repository === null) return unread('the step has no `github-token` for the API of its server');
  if (proposed !== null && 'kind' in proposed) return proposed;
  const root = await checkoutOfJob(context, overrides);
  if (root === null) return { kind: 'unread', ...OUTSIDE_OF_CHECKOUT };
  const trusted = ownWorkflow ? overrides : withoutPlaces(overrides);
  const env = ownWorkflow ? context.env : withoutPlacesIn(context.env);
  const readAt = async (commit: string | null, name: string): Promise<Configuration | Unread> => {
    const found = await readSourceAt({ repository, commit }, root, context, overrides);
    if (found.kind === 'unread') return found;
    const { problems, configuration } = inspectConfiguration(found.source, env, trusted);
    // Parts of an invalid file would be compared without the checks that refuse it.
    const isInvalid = found.problem !== null || configuration === null || problems.length > 0;
    return isInvalid ? unread(`that of ${name} is invalid`) : configuration;
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
