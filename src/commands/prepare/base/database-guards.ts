import { resolve } from 'node:path';
import type { ConfiguredPlace } from '../../../beads/workspace.ts';
import type { Configuration } from '../../../config/configuration.ts';
import type { ConfigurationContext } from '../../../config/find-config.ts';
import { type GuardFile, readGuardFilesOf } from '../../../config/guards.ts';
import { baseOfDatabase, withGuards } from '../../../config/load.ts';
import { boundaryOf, isWithin } from '../../../core/boundary.ts';
import { Failure } from '../../../core/failure.ts';
import { foldersToFreeze, freezeOf } from '../bd/frozen.ts';
import { type MovedPaths, NOT_MOVED } from './moved-context.ts';

/** The files around the database of a configuration that forbid pushing to its peers. */
export interface DatabaseGuards {
  /** The files with the guards of another workspace that holds the database. */
  readonly files: readonly GuardFile[];
  /** The file that freezes the database for a migration; null: there is none. */
  readonly freeze: string | null;
}

export const NO_GUARDS: DatabaseGuards = { files: [], freeze: null };

type Judged = Pick<Configuration, 'database' | 'workspace' | 'bdEnv'>;

/** The database that a run uses if no flag or input names another one, in the checkout; null: unknown. */
function databaseOf({ database }: Judged, place: ConfiguredPlace, cwd: string, { original }: MovedPaths) {
  const { value } = database;
  if (value === null) return place.bdDatabase?.value ?? null;
  return original(resolve(original(baseOfDatabase(database, cwd)), value));
}

/** The folders around which a run searches for guards and for a freeze, in the checkout. */
export function guardedFolders(
  configuration: Judged,
  place: ConfiguredPlace,
  { cwd }: Pick<ConfigurationContext, 'cwd'>,
  paths: MovedPaths,
): { readonly database: string | null; readonly toFreeze: readonly string[] } {
  const database = databaseOf(configuration, place, cwd, paths);
  const toFreeze = foldersToFreeze(database, configuration, cwd).map(paths.original);
  return { database, toFreeze };
}

/**
 * Reads the guards around the database that a run would use. Those of a place that a run refuses do not count.
 * @throws Failure `config-unreadable`, `outside-workspace`, `migration-freeze`
 */
export async function readDatabaseGuards(
  configuration: Judged,
  place: ConfiguredPlace,
  context: ConfigurationContext,
  paths: MovedPaths = NOT_MOVED,
): Promise<DatabaseGuards> {
  const { database, toFreeze } = guardedFolders(configuration, place, context, paths);
  const boundary = await boundaryOf(context, []);
  const there = database === null ? null : paths.moved(database);
  const files =
    there !== null && (await isWithin(boundary, there))
      ? await readGuardFilesOf(there, configuration.workspace, boundary)
      : [];
  return { files, freeze: await freezeOf(toFreeze, configuration, context, paths.moved) };
}

/** A configuration with the guards around its database. */
export interface Guarded {
  readonly configuration: Configuration;
  readonly guards: DatabaseGuards;
  /** Why they cannot be read, so that they count as absent; null: they can. */
  readonly problem: Failure | null;
}

/** The configuration with the guards that `read` finds. */
export async function guarded(configuration: Configuration, read: () => Promise<DatabaseGuards>): Promise<Guarded> {
  try {
    const guards = await read();
    return { configuration: withGuards(guards.files, configuration), guards, problem: null };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { configuration, guards: NO_GUARDS, problem: thrown };
  }
}
