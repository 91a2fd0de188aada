import { resolve } from 'node:path';
import { type ConfiguredPlace, configuredPlace, NO_PLACE, type WorkspaceSearch } from '../../../beads/workspace.ts';
import type { ConfigSource } from '../../../config/build.ts';
import type { ConfigOverrides } from '../../../config/configuration.ts';
import { readSource } from '../../../config/load.ts';
import { Failure } from '../../../core/failure.ts';
import { realPath } from '../../../core/files.ts';
import { inPrivateFolder } from '../../../core/private-folder.ts';
import type { Unread } from '../../../github/base-commit.ts';
import type { Context } from '../../context.ts';
import { checkoutRoot } from './checkout-root.ts';
import { type CommitAt, copyWorkspaces } from './copy-workspaces.ts';
import { type Moved, movedContext } from './moved-context.ts';

/** The configuration of another commit or folder, found as a run there finds its own. */
export interface SourceAt {
  readonly kind: 'read';
  readonly source: ConfigSource;
  readonly place: ConfiguredPlace;
  /** Why it is no valid configuration; null: it may be one. An invalid one counts as absent. */
  readonly problem: Failure | null;
}

/**
 * Reads the configuration of a commit through the API, because a checkout rarely has that commit. Its own redirect,
 * variables and guards decide, and not those of the checkout.
 * @param root the checkout
 */
export async function readSourceAt(
  at: CommitAt,
  root: string,
  context: Context,
  overrides: ConfigOverrides,
): Promise<SourceAt | Unread> {
  return await inPrivateFolder(context, 'base', async (folder) => {
    const copy = await realPath(folder);
    const moved = await movedContext(root, copy, context, overrides);
    try {
      await copyWorkspaces(at, copy, moved);
    } catch (thrown) {
      if (thrown instanceof Failure) return { kind: 'unread', reason: thrown.message, hint: thrown.hint };
      throw thrown;
    }
    return await readMoved(moved);
  });
}

/** Reads the configuration of a folder that has the place of the checkout. */
export async function readMoved({ context, overrides, original }: Moved): Promise<SourceAt> {
  try {
    const source = await readSource(context, overrides);
    const place = await configuredPlace(searchOf(source, context), original);
    return { kind: 'read', source, place, problem: null };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { kind: 'read', source: { file: null, text: null, workspace: null }, place: NO_PLACE, problem: thrown };
  }
}

/** The search for the database that belongs to a configuration. */
export function searchOf(
  { workspace, redirect = null, bdEnv = {} }: Pick<ConfigSource, 'workspace' | 'redirect' | 'bdEnv'>,
  { cwd, env, userHome }: Pick<WorkspaceSearch, 'cwd' | 'env' | 'userHome'>,
): WorkspaceSearch {
  return { workspace, redirect, bdEnv, cwd, env, userHome };
}

/** Why the configuration of a job cannot be compared without its checkout. */
export const OUTSIDE_OF_CHECKOUT = {
  reason: 'it is outside of the checkout',
  hint: 'Let `config` or `working-directory` name a place in the checkout of the repository.',
} as const;

/** The checkout that has the configuration of a job; null: it is outside of the workspace of the job. */
export async function checkoutOfJob(
  { cwd, ceiling }: Pick<Context, 'cwd' | 'ceiling'>,
  { config }: ConfigOverrides,
): Promise<string | null> {
  if (ceiling === null) return null;
  return await checkoutRoot(config === undefined || config === '' ? cwd : resolve(cwd, config), resolve(ceiling));
}
