import { dirname, join } from 'node:path';
import { type ConfigSource, inspectConfiguration } from '../../../config/build.ts';
import type { ConfigOverrides, Configuration } from '../../../config/configuration.ts';
import { DOLTHUB_HOST_VARIABLE } from '../../../config/endpoint/options.ts';
import { SETTINGS } from '../../../config/settings.ts';
import { pathInRepository, repositoryOf } from '../../../config/workspace/repository.ts';
import type { Env } from '../../../core/env.ts';
import { type FileAt, readFileAt } from '../../../github/base-file.ts';
import type { Context } from '../../context.ts';

/** The configurations that a proposed one is compared with. */
export type Known =
  | { readonly kind: 'read'; readonly ofDefaultBranch: Configuration; readonly ofBase: Configuration | null }
  | { readonly kind: 'unread'; readonly reason: string };

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
  const { cwd, ceiling, proposed, defaultBranch } = context;
  const repository = defaultBranch?.repository ?? null;
  const file = source.file ?? join(cwd, '.beads', 'config.yaml');
  const path = pathInRepository(file, (await repositoryOf(dirname(file)))?.root ?? ceiling);
  if (repository === null) return unread('the step has no `github-token` for the API of its server');
  if (path === null) return unread(`${file} is outside of the checkout`);
  const build = (found: FileAt) => {
    if (found.kind === 'unread') return found;
    const trusted = defaultBranch?.ownWorkflow === true ? overrides : withoutPlaces(overrides);
    const env = defaultBranch?.ownWorkflow === true ? context.env : withoutPlacesIn(context.env);
    const { problems, configuration } = inspectConfiguration({ ...source, text: found.text }, env, trusted);
    // Parts of an invalid file would be compared without the checks that refuse it.
    return configuration === null || problems.length > 0 ? null : ({ kind: 'built', configuration } as const);
  };
  const ofDefaultBranch = build(await readFileAt(repository, path, null));
  if (ofDefaultBranch === null) return unread('that of the default branch is invalid');
  if (ofDefaultBranch.kind === 'unread') return unread(ofDefaultBranch.reason);
  const change = proposed?.change ?? null;
  if (change === null) return { kind: 'read', ofDefaultBranch: ofDefaultBranch.configuration, ofBase: null };
  const ofBase = build(await readFileAt(repository, path, change.base));
  if (ofBase === null) return unread('that of the base of the change is invalid');
  if (ofBase.kind === 'unread') return unread(ofBase.reason);
  return { kind: 'read', ofDefaultBranch: ofDefaultBranch.configuration, ofBase: ofBase.configuration };
}

function unread(reason: string): Known {
  return { kind: 'unread', reason };
}

/** Without what places peers: on this event a change may have set it, and it is then a difference. */
function withoutPlaces(overrides: ConfigOverrides): ConfigOverrides {
  return { ...overrides, peers: undefined, remote: undefined, dolthubHost: undefined };
}

function withoutPlacesIn(env: Env): Env {
  const placing = [SETTINGS.remote.variable, DOLTHUB_HOST_VARIABLE];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !placing.includes(name)));
}
