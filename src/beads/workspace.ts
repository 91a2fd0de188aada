import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Origin, Sourced } from '../config/configuration.ts';
import { sqliteFiles } from '../config/workspace/project-files.ts';
import type { Redirect } from '../config/workspace/redirect.ts';
import { repositoryOf } from '../config/workspace/repository.ts';
import { type Boundary, requireWithin } from '../core/boundary.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Env } from '../core/env.ts';
import { Failure, type Location, placeOf } from '../core/failure.ts';
import { isFile, isFolder, isInside, realPath } from '../core/files.ts';
import { isDatabase } from '../dolt/database-files.ts';
import { readClientInfo, readServerFiles } from './bd-files.ts';
import { type BdServer, NO_FILES, namedServer, remoteServerSetting, serverOf, socketOf } from './bd-server.ts';
import { bdSettings, type Signal, signalText, variable } from './bd-settings.ts';
import { databasesIn } from './database-folders.ts';
import { databaseName, dataFolder, type Named, sharedServerFolder } from './database-place.ts';
import { readMetadata } from './metadata.ts';
import { type Mode, modeOf } from './mode.ts';
import { unsupportedPlace } from './unsupported-place.ts';
import { inMetadata, type WorkspaceSettings } from './workspace-settings.ts';

/** The place of the workspace, and other facts that affect it. */
export interface WorkspaceSearch {
  /** Absolute path of `.beads`; null: none in this folder or above. */
  readonly workspace: string | null;
  readonly redirect: Redirect | null;
  /** The variables in the `.env` of the workspace. */
  readonly bdEnv: Env;
  readonly cwd: string;
  readonly env: Env;
  /** Whether bd's settings in the user's home folder count. */
  readonly userHome: boolean;
  /** The boundary for the files of the workspace; null: none. */
  readonly boundary?: Boundary | null;
}

/** How bd works on the same database. */
export interface BdUsage {
  readonly mode: Mode['kind'];
  /** The folders that its gates guard: the workspace, and the folder with its databases. */
  readonly guarded: readonly string[];
}

/** The place of a workspace's database. */
export type BeadsPlace =
  | {
      readonly kind: 'folder';
      /** The database, or where it will be cloned to. */
      readonly path: string;
      /** The server that serves it while it runs; null: none is known. */
      readonly server: BdServer | null;
      readonly bd: BdUsage;
      readonly notices: readonly Diagnostic[];
    }
  /** At a server whose folder is not on this machine, or unknown. */
  | { readonly kind: 'at-server'; readonly server: BdServer | null; readonly failure: Failure };

/**
 * Finds the database of a beads workspace, as bd 1.3.0 does. An unknown mode is refused, because bd would use a
 * clone beside the real database from then on.
 * @returns null if no workspace names a database
 * @throws Failure `workspace-unknown`; `outside-workspace`; `config-invalid`, `config-syntax`, `config-unreadable` for
 * invalid files; `database-in-use` for a workspace that keeps its issues in SQLite
 */
export async function beadsDatabase(search: WorkspaceSearch): Promise<BeadsPlace | null> {
  const { workspace, redirect, boundary = null } = search;
  if (workspace === null) return null;
  const settings = await settingsOf(workspace, search);
  await refuseOtherWorkspace(settings);
  await requireDolt(settings);
  const mode = modeOf(settings);
  const { folders, metadata } = settings;
  if (metadata === null && mode.by === null && !folders.dolt && !folders.embeddeddolt) return null;
  const folder = dataFolder(settings, mode);
  const server = serverOf(settings, mode, await serverFiles(settings, { mode, folder }, search));
  const away = remoteServerSetting(settings, mode);
  if (away !== null) return { kind: 'at-server', server, failure: atServer(settings, away) };
  if (folder === null)
    throw unsupportedPlace(settings.beads, { what: 'the home folder of the user is unknown', real: null });
  const name = databaseName(settings, mode);
  requirePlainName(name.value);
  const path = join(folder.value, name.value);
  const location = (folder.by ?? name.by ?? mode.by)?.at ?? undefined;
  await requireWithin(boundary, path, { by: folder.by === null ? workspace : signalText(folder.by), location });
  if (!(await isDatabase(path))) await refuseClone(path, { settings, mode, folder });
  const bd = { mode: mode.kind, guarded: [settings.beads, folder.value] };
  return { kind: 'folder', path, server, bd, notices: redirectNotice(redirect) };
}

function atServer({ beads }: WorkspaceSettings, away: Signal): Failure {
  const fix =
    'Federate through that server with `federation.server` (`dolt-federation help configuration`), or run on its machine.';
  return unsupportedPlace(beads, { what: `${signalText(away)}, a server`, at: away.at, real: null, fix });
}

/** The place of the database, judging by the files of bd only. null: they name none, or bd would refuse them. */
export interface ConfiguredPlace {
  /** The server to which bd, or a run, sends all rows: `host:port`, or a socket. */
  readonly bdServer: Sourced<string> | null;
  /** The path of the database. */
  readonly bdDatabase: Sourced<string> | null;
  /** Why a run that is given no path of the database refuses these files. */
  readonly problem: Failure | null;
  /** Why a run that is given neither a path nor a server refuses them: bd's server cannot be used. */
  readonly unusableServer: Failure | null;
}

export const NO_PLACE: ConfiguredPlace = { bdServer: null, bdDatabase: null, problem: null, unusableServer: null };

/**
 * The server and the path that the settings of a workspace name: its redirect, metadata.json, `.env`, `dolt.host` and the
 * client information of a proxied server.
 * @param original the path that has the place of a path of the workspace, for the copy of another checkout
 */
export async function configuredPlace(
  search: WorkspaceSearch,
  original: (path: string) => string = (path) => path,
): Promise<ConfiguredPlace> {
  if (search.workspace === null) return NO_PLACE;
  try {
    const settings = await settingsOf(search.workspace, search);
    await refuseOtherWorkspace(settings);
    const mode = modeOf(settings);
    const server = namedServer(settings, mode);
    const away = remoteServerSetting(settings, mode);
    const at = (away ?? socketOf(settings) ?? mode.by)?.at;
    const isUsable = away === null || serverOf(settings, mode, NO_FILES) !== null;
    return {
      bdServer: server === null ? null : { value: server, origin: originAt(at) },
      bdDatabase: configuredDatabase(settings, search, original),
      problem: null,
      unusableServer: isUsable ? null : atServer(settings, away),
    };
  } catch (thrown) {
    if (thrown instanceof Failure) return { ...NO_PLACE, problem: thrown };
    throw thrown;
  }
}

/** Whether bd opens the database of the workspace itself, as it does if nothing says otherwise. */
export async function isEmbedded(search: WorkspaceSearch): Promise<boolean> {
  if (search.workspace === null) return true;
  try {
    return modeOf(await settingsOf(search.workspace, search)).kind === 'embedded';
  } catch (thrown) {
    if (thrown instanceof Failure) return true;
    throw thrown;
  }
}

/** Data folders are often not in git. Without a setting, their presence must not distinguish two checkouts. */
const ANY_FOLDERS = { embeddeddolt: false, dolt: true };

function configuredDatabase(
  settings: WorkspaceSettings,
  { redirect }: WorkspaceSearch,
  original: (path: string) => string,
): Sourced<string> | null {
  const { beads, cwd } = settings;
  const there = { ...settings, beads: original(beads), cwd: original(cwd), folders: ANY_FOLDERS };
  const mode = modeOf(there);
  const folder = dataFolder(there, mode);
  if (folder === null) return null;
  const name = databaseName(there, mode);
  requirePlainName(name.value);
  const at = (name.by ?? folder.by ?? mode.by)?.at ?? (redirect?.isFollowed === true ? redirect.at : null);
  return { value: original(join(folder.value, name.value)), origin: originAt(at) };
}

function originAt(at: Location | null | undefined): Origin {
  return at == null ? { layer: 'default' } : { layer: 'file', location: at };
}

async function settingsOf(workspace: string, search: WorkspaceSearch): Promise<WorkspaceSettings> {
  const { redirect, bdEnv, userHome, cwd } = search;
  const beads = await realpath(workspace);
  const env = { ...bdEnv, ...search.env };
  const source = redirect?.isFollowed === true ? await readMetadata(redirect.from) : null;
  return {
    beads,
    cwd,
    env,
    jobEnv: search.env,
    settings: await bdSettings(beads, env, userHome),
    metadata: await readMetadata(beads),
    sourceDatabase: inMetadata({ metadata: source }, 'dolt_database') ?? null,
    folders: {
      embeddeddolt: await isFolder(join(beads, 'embeddeddolt')),
      dolt: await isFolder(join(beads, 'dolt')),
    },
    clientInfo: await readClientInfo(beads),
  };
}

async function serverFiles(
  settings: WorkspaceSettings,
  { mode, folder }: { readonly mode: Mode; readonly folder: Named<string> | null },
  search: WorkspaceSearch,
) {
  const { beads } = settings;
  const { userHome } = search;
  // In a job, a file of the checkout must not name a file with credentials.
  const env = (search.boundary ?? null) === null ? settings.env : search.env;
  const shared = mode.kind === 'shared-server' ? sharedServerFolder(settings)?.value : undefined;
  return await readServerFiles(shared ?? beads, folder?.value ?? null, { env, userHome });
}

/** A key of the configuration that selects another workspace for bd. */
async function refuseOtherWorkspace({ beads, settings, cwd }: WorkspaceSettings): Promise<void> {
  const db = settings.get('db');
  if (db === undefined || db.value === '' || isInside(beads, await realPath(resolve(cwd, db.value)))) return;
  throw unsupportedPlace(beads, { what: signalText(db), at: db.at, real: resolve(cwd, db.value) });
}

function requirePlainName(name: string): void {
  if (/^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(name)) return;
  throw new Failure('config-invalid', `${JSON.stringify(name)} is not a plain database name`, {
    hint: 'Correct BEADS_DOLT_SERVER_DATABASE or `dolt_database`.',
  });
}

function redirectNotice(redirect: Redirect | null): readonly Diagnostic[] {
  if (redirect === null || redirect.isFollowed) return [];
  const message = `${placeOf(redirect.at)} is not followed, as in bd: ${redirect.target} is not a beads workspace`;
  return [{ severity: 'notice', code: 'workspace-unknown', message, hint: 'Correct or remove the redirect.' }];
}

/** Only a Dolt database can be federated; a SQLite file belongs to bd. */
async function requireDolt(settings: WorkspaceSettings): Promise<void> {
  if (!(await isSqlite(settings))) return;
  throw new Failure(
    'database-in-use',
    `federation requires direct database access to Dolt, but ${settings.beads} keeps its issues in SQLite`,
    {
      hint: 'Move the workspace to Dolt as the page of beads about upgrades says (cross-era upgrades). If it has a Dolt database already, set `backend` in metadata.json to `dolt`.',
    },
  );
}

async function isSqlite({ beads, metadata, folders }: WorkspaceSettings): Promise<boolean> {
  if (metadata === null) return (await sqliteFiles(beads)).length > 0 && !folders.dolt && !folders.embeddeddolt;
  const { backend = '', dolt_mode = '', dolt_database = '', sqlite_path = '', database = '' } = metadata.values;
  if (backend.toLowerCase() === 'sqlite') return true;
  if (backend !== '' || dolt_mode !== '' || dolt_database !== '' || folders.embeddeddolt) return false;
  return await isFile(join(beads, sqlite_path || database || 'beads.db'));
}

interface Missing {
  readonly settings: WorkspaceSettings;
  readonly mode: Mode;
  readonly folder: Named<string>;
}

/** A clone goes where the workspace says, and only if its database is not at another path. */
async function refuseClone(place: string, { settings, mode, folder }: Missing): Promise<void> {
  const { beads, cwd, metadata } = settings;
  const [other = null] = await databasesIn(beads);
  if (metadata === null) {
    const fix = 'Run `bd list` once to write the file.';
    throw unsupportedPlace(beads, { what: `it has no metadata.json, and ${place} does not exist`, real: other, fix });
  }
  if (other !== null) {
    throw unsupportedPlace(beads, {
      what: `metadata.json names ${place}, which does not exist, but another database exists`,
      at: metadata.at('dolt_database'),
      real: other,
      fix: 'Correct `dolt_mode` and `dolt_database` in metadata.json.',
    });
  }
  const server = serverSignal(settings, mode);
  if (server !== undefined) {
    throw unsupportedPlace(beads, {
      what: `a server has its database (${signalText(server)}), and ${place} does not exist`,
      at: server.at,
      real: null,
      fix: 'Nothing is cloned beside a server. Name the existing folder of the database, in the data folder of that server, with `--database`.',
    });
  }
  if (folder.by?.at === null && !(await isFolder(folder.value))) {
    throw unsupportedPlace(beads, { what: `${signalText(folder.by)}, a folder that does not exist`, real: place });
  }
  const repository = await repositoryOf(cwd);
  const main = repository?.mainWorkspace ?? null;
  if (repository === null || main === null || !isInside(await realPath(repository.root), beads)) return;
  throw unsupportedPlace(beads, {
    what: `${repository.root} is a worktree without a database of its own`,
    real: null,
    fix: `Clone the database in the main repository (${dirname(main)}).`,
  });
}

/** The setting that says that a server has the database: then there is nothing to clone. */
function serverSignal(settings: WorkspaceSettings, mode: Mode) {
  switch (mode.kind) {
    case 'embedded':
    case 'proxied-server':
    // Its data folder is known, and it has a database only if a folder of that name is there.
    case 'shared-server':
      return undefined;
    case 'server':
      return (
        variable(settings.env, 'BEADS_DOLT_SERVER_PORT') ??
        socketOf(settings) ??
        inMetadata(settings, 'dolt_server_port') ??
        settings.settings.get('dolt.port')
      );
  }
}
