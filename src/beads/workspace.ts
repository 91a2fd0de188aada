import { realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { type Boundary, isWithin, requireWithin } from '../core/boundary.ts';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import { isThere, readIfThere } from '../core/files.ts';
import { bdSettings, said, variable } from './bd-settings.ts';
import { DATA_FOLDERS, databasesIn, isDatabase, ownsData, sqliteFiles } from './database-folders.ts';
import { elsewhere } from './elsewhere.ts';
import { linkedTree } from './main-repository.ts';
import { type MetadataFile, readMetadata } from './metadata.ts';
import {
  databaseName,
  dataFolder,
  isServerMode,
  otherPlace,
  serverAddress,
  type WorkspaceSettings,
} from './server-modes.ts';

/** Where the workspace was found, and what else affects it. */
export interface WorkspaceSearch {
  /** Absolute path of `.beads`; null: none in this folder or above. */
  readonly workspace: string | null;
  readonly cwd: string;
  readonly env: Env;
  /** Whether bd's settings in the user's home folder count. */
  readonly userHome: boolean;
  /** The boundary for the files of the workspace; null: none. */
  readonly boundary?: Boundary | null;
}

/**
 * The folder in which a beads workspace keeps its database, or will keep it. An unsupported mode is refused, because bd
 * would use a clone beside the real database from then on.
 * @returns null if no workspace names a database
 * @throws Failure `workspace-unknown`; `outside-workspace`; `config-invalid`, `config-syntax`, `config-unreadable` for
 * invalid files; `database-in-use` for a workspace that keeps its issues in SQLite
 */
export async function beadsDatabase(search: WorkspaceSearch): Promise<string | null> {
  await refuseVariables(search);
  await refuseMainWorkspace(search);
  const { workspace, env, userHome } = search;
  if (workspace === null) return null;
  await refuseRedirect(workspace, search.boundary ?? null);
  const beads = await realpath(workspace);
  const workspaceSettings = {
    beads,
    env,
    settings: await bdSettings(beads, env, userHome),
    metadata: await readMetadata(beads),
  };
  await requireDolt(workspaceSettings);
  const other = await otherPlace(workspaceSettings);
  if (other !== null) throw elsewhere(beads, other);
  if (workspaceSettings.metadata === null) return await withoutMetadata(beads);
  const place = join(dataFolder(workspaceSettings), databaseName(workspaceSettings));
  await requireWithin(search.boundary ?? null, place, {
    by: workspace,
    location: workspaceSettings.metadata.at('dolt_data_dir'),
  });
  if (!(await isDatabase(place))) await refuseClone(place, workspaceSettings, search);
  return place;
}

/** The variables that select another workspace for bd; they have no effect if they name this one. */
async function refuseVariables({ workspace, cwd, env }: WorkspaceSearch): Promise<void> {
  const own = workspace === null ? null : await realpath(workspace);
  for (const name of ['BEADS_DIR', 'BEADS_DB', 'BD_DB']) {
    const signal = variable(env, name);
    if (signal === undefined) continue;
    const named = resolve(cwd, signal.value);
    if (own !== null && (await realpath(named).catch(() => named)) === own) continue;
    const [real = named] = await databasesIn(named);
    throw elsewhere(workspace, { what: said(signal), real, fix: `Unset ${name} if you do not need it.` });
  }
}

/** In a worktree bd uses the database of the main repository, unless the worktree has its own. */
async function refuseMainWorkspace({ workspace, cwd, boundary = null }: WorkspaceSearch): Promise<void> {
  const linked = await linkedTree(cwd);
  if (linked === null) return;
  const main = await realpath(linked.mainWorkspace).catch(() => null);
  if (main === null) return;
  const own = workspace === null ? null : await realpath(workspace);
  if (own === main || !((await ownsData(main)) || (await isThere(join(main, 'metadata.json'))))) return;
  const isOfTree = own?.startsWith((await realpath(linked.root)) + sep) === true;
  if (own !== null && isOfTree && ((await ownsData(own)) || !(await ownsData(main)))) return;
  const [real = main] = (await isWithin(boundary, main)) ? await databasesIn(main) : [];
  throw elsewhere(workspace, {
    what: `${linked.root} is a worktree; its database is in the workspace of the main repository, ${main}`,
    real,
    fix: `Run in ${dirname(main)}.`,
  });
}

async function refuseRedirect(workspace: string, boundary: Boundary | null): Promise<void> {
  const file = join(workspace, 'redirect');
  const lines = ((await readIfThere(file)) ?? '').split(/\r?\n/).map((line) => line.trim());
  const line = lines.findIndex((one) => one !== '' && !one.startsWith('#'));
  if (line === -1) return;
  const target = resolve(dirname(await realpath(workspace)), lines[line] ?? '');
  await requireWithin(boundary, target, { by: file, location: { file, line: line + 1 } });
  const [real = target] = await databasesIn(target);
  throw elsewhere(workspace, {
    what: `it is redirected to ${target}`,
    at: { file, line: line + 1 },
    real,
    fix: `Run in ${dirname(target)}.`,
  });
}

/** Only a Dolt database can be federated; a SQLite file belongs to bd. */
async function requireDolt({ beads, metadata }: WorkspaceSettings): Promise<void> {
  const isSqlite = metadata === null ? await hasOnlySqlite(beads) : usesSqlite(metadata.values);
  if (!isSqlite) return;
  throw new Failure(
    'database-in-use',
    `federation requires direct database access to Dolt, but ${beads} keeps its issues in SQLite`,
    { hint: 'Move the workspace to Dolt with `bd migrate`, or give a Dolt database with `--database`.' },
  );
}

function usesSqlite({ backend, database }: MetadataFile['values']): boolean {
  return backend === undefined ? database?.endsWith('.db') === true : backend.toLowerCase() === 'sqlite';
}

async function hasOnlySqlite(beads: string): Promise<boolean> {
  return (await sqliteFiles(beads)).length > 0 && !(await hasDataFolder(beads));
}

async function withoutMetadata(beads: string): Promise<null> {
  const legacy = join(beads, 'config.json');
  const [real = null] = await databasesIn(beads);
  const fix = 'Run `bd list` once to write the file.';
  if (await isThere(legacy)) {
    throw elsewhere(beads, {
      what: 'it has the config.json of an old bd and no metadata.json',
      at: { file: legacy },
      real,
      fix,
    });
  }
  if (await hasDataFolder(beads)) {
    throw elsewhere(beads, { what: 'it has a data folder but no metadata.json that names the database', real, fix });
  }
  return null;
}

/** A clone goes where the workspace says, and only if its database is not at another path. */
async function refuseClone(
  place: string,
  workspaceSettings: WorkspaceSettings,
  { cwd }: WorkspaceSearch,
): Promise<void> {
  const { beads } = workspaceSettings;
  const [other] = await databasesIn(beads);
  if (other !== undefined) {
    throw elsewhere(beads, {
      what: `metadata.json names ${place}, which does not exist, but another database exists`,
      at: workspaceSettings.metadata?.at('dolt_database'),
      real: other,
      fix: 'Correct `dolt_mode` and `dolt_database` in metadata.json.',
    });
  }
  const address = isServerMode(workspaceSettings) ? serverAddress(workspaceSettings) : undefined;
  if (address !== undefined) {
    throw elsewhere(beads, {
      what: `a server has its database (${said(address)}), and ${place} does not exist`,
      at: address.at,
      real: null,
      fix: 'Give the folder of the database in the data folder of that server with `database`.',
    });
  }
  const linked = await linkedTree(cwd);
  if (linked === null || !beads.startsWith((await realpath(linked.root)) + sep)) return;
  throw elsewhere(beads, {
    what: `${linked.root} is a worktree without a database of its own`,
    real: null,
    fix: `Clone the database in the main repository (${dirname(linked.mainWorkspace)}).`,
  });
}

async function hasDataFolder(beads: string): Promise<boolean> {
  for (const name of DATA_FOLDERS) if (await isThere(join(beads, name))) return true;
  return false;
}
