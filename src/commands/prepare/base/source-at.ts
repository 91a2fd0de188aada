import { resolve } from 'node:path';
import { type ConfiguredPlace, configuredPlace, NO_PLACE, type WorkspaceSearch } from '../../../beads/workspace.ts';
import { type ConfigSource, inspectConfiguration } from '../../../config/build.ts';
import type { ConfigOverrides } from '../../../config/configuration.ts';
import { readSource } from '../../../config/load.ts';
import { Failure } from '../../../core/failure.ts';
import { realPath } from '../../../core/files.ts';
import { inPrivateFolder } from '../../../core/private-folder.ts';
import type { Unread } from '../../../github/base-commit.ts';
import type { Context } from '../../context.ts';
import { checkoutRoot } from './checkout-root.ts';
import { type CommitAt, copyGuards, copyWorkspaces } from './copy-workspaces.ts';
import { type DatabaseGuards, guarded, guardedFolders, NO_GUARDS, readDatabaseGuards } from './database-guards.ts';
import { type Moved, movedContext } from './moved-context.ts';

/** The configuration of another commit or folder, found as a run there finds its own. */
export interface SourceAt {
  readonly kind: 'read';
  readonly source: ConfigSource;
  readonly place: ConfiguredPlace;
  /** Why it is no valid configuration; null: it may be one. An invalid one counts as absent. */
  readonly problem: Failure | null;
}

/** The same with the guards around its database. */
export interface GuardedSource extends SourceAt {
  readonly guards: DatabaseGuards;
}

/**
 * Reads the configuration of a commit through the API, because a checkout rarely has that commit. Its own redirect and
 * variables decide, and not those of the checkout.
 * @param root the checkout
 */
export async function readSourceAt(
  at: CommitAt,
  root: string,
  context: Context,
  overrides: ConfigOverrides,
): Promise<SourceAt | Unread> {
  return await inCopy(root, context, overrides, async (folder, moved) => {
    await copyWorkspaces(at, folder, moved);
    return await readSourceIn(moved);
  });
}

/**
 * The same with the guards around the database that a run on that commit would use.
 * @param root the checkout
 */
export async function readGuardedAt(
  at: CommitAt,
  root: string,
  context: Context,
  overrides: ConfigOverrides,
): Promise<GuardedSource | Unread> {
  return await inCopy(root, context, overrides, async (folder, moved) => {
    const copy = await copyWorkspaces(at, folder, moved);
    return await readMoved(moved, async (paths) => await copyGuards(copy, paths));
  });
}

async function inCopy<T>(
  root: string,
  context: Context,
  overrides: ConfigOverrides,
  work: (folder: string, moved: Moved) => Promise<T>,
): Promise<T | Unread> {
  return await inPrivateFolder(context, 'base', async (folder) => {
    const copy = await realPath(folder);
    const moved = await movedContext(root, copy, context, overrides);
    try {
      return await work(copy, moved);
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.code !== 'interrupted')
        return { kind: 'unread', reason: thrown.message, hint: thrown.hint };
      throw thrown;
    }
  });
}

/**
 * Reads the configuration of a folder that has the place of the checkout, and the guards around its database.
 * @param bring copies the guards around some paths into the folder; absent: the folder has them
 */
export async function readMoved(
  moved: Moved,
  bring: (paths: readonly string[]) => Promise<void> = async () => undefined,
): Promise<GuardedSource> {
  const { context, overrides, paths } = moved;
  const found = await readSourceIn(moved);
  const { configuration } = inspectConfiguration(found.source, context.env, overrides);
  if (configuration === null || found.problem !== null) return { ...found, guards: NO_GUARDS };
  const { database, toFreeze } = guardedFolders(configuration, found.place, context, paths);
  await bring([...(database === null ? [] : [database]), ...toFreeze].map(paths.moved));
  const read = async () => await readDatabaseGuards(configuration, found.place, context, paths);
  const { guards, problem } = await guarded(configuration, read);
  return { ...found, guards, problem };
}

async function readSourceIn({ context, overrides, paths }: Moved): Promise<SourceAt> {
  try {
    const source = await readSource(context, overrides);
    const place = await configuredPlace(searchOf(source, context), paths.original);
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
