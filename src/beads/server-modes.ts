import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Env } from '../core/env.ts';
import { isSamePath, readIfThere } from '../core/files.ts';
import { type BdSettings, isOn, type Signal, said, variable } from './bd-settings.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Metadata, MetadataFile } from './metadata.ts';

/** Everything that decides how bd 1.3.0 opens a workspace. */
export interface WorkspaceSettings {
  /** Real path of `.beads`. */
  readonly beads: string;
  readonly env: Env;
  readonly settings: BdSettings;
  /** null: there is no metadata.json. */
  readonly metadata: MetadataFile | null;
}

const LOCAL_HOSTS = ['', 'localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0'];
const DEFAULT_DATABASE = 'beads';
const STOP_HINT = 'Stop its server with `bd dolt stop`.';

/** The name of the database. */
export function databaseName({ metadata }: Pick<WorkspaceSettings, 'metadata'>): string {
  return metadata?.values.dolt_database || DEFAULT_DATABASE;
}

/** Whether a server manages the database, rather than bd itself. */
export function isServerMode(workspaceSettings: WorkspaceSettings): boolean {
  if (isOn(variable(workspaceSettings.env, 'BEADS_DOLT_SERVER_MODE'))) return true;
  const mode = workspaceSettings.metadata?.values.dolt_mode || workspaceSettings.settings.get('dolt.mode')?.value;
  return mode?.toLowerCase() === 'server';
}

/** The folder with the databases of the workspace. */
export function dataFolder(workspaceSettings: WorkspaceSettings): string {
  if (!isServerMode(workspaceSettings)) return join(workspaceSettings.beads, 'embeddeddolt');
  return resolve(workspaceSettings.beads, workspaceSettings.metadata?.values.dolt_data_dir || 'dolt');
}

/** A setting that moves the database to an unsupported path, in the order in which bd decides. */
export async function otherPlace(workspaceSettings: WorkspaceSettings): Promise<Elsewhere | null> {
  return (
    otherBackend(workspaceSettings) ??
    (await proxied(workspaceSettings)) ??
    shared(workspaceSettings) ??
    otherMode(workspaceSettings) ??
    otherHost(workspaceSettings) ??
    (await moved(workspaceSettings))
  );
}

function otherBackend(workspaceSettings: WorkspaceSettings): Elsewhere | null {
  const backend = inMetadata(workspaceSettings, 'backend');
  if (backend === undefined || ['', 'dolt'].includes(backend.value)) return null;
  return { what: said(backend), at: backend.at, real: null };
}

async function proxied(workspaceSettings: WorkspaceSettings): Promise<Elsewhere | null> {
  const { beads, env } = workspaceSettings;
  const sidecar = join(beads, 'proxied_server_client_info.json');
  const info = await readIfThere(sidecar);
  const mode = inMetadata(workspaceSettings, 'dolt_mode');
  const root = variable(env, 'BEADS_PROXIED_SERVER_ROOT_PATH');
  const folder = root?.value ?? rootPath(info) ?? workspaceSettings.metadata?.values.dolt_data_dir ?? 'dolt';
  const real = join(resolve(beads, folder), databaseName(workspaceSettings));
  if (mode?.value.toLowerCase() === 'proxied-server') return { what: said(mode), at: mode.at, real, fix: STOP_HINT };
  if (root !== undefined) return { what: said(root), real, fix: STOP_HINT };
  return info === null
    ? null
    : { what: 'it has the file of a proxied server', at: { file: sidecar }, real, fix: STOP_HINT };
}

function rootPath(info: string | null): string | undefined {
  return /"root_path"\s*:\s*"([^"\\]+)"/.exec(info ?? '')?.[1];
}

function shared({ env, settings, metadata }: WorkspaceSettings): Elsewhere | null {
  const signal = [variable(env, 'BEADS_DOLT_SHARED_SERVER'), settings.get('dolt.shared-server')].find(isOn);
  if (signal === undefined) return null;
  const home = env['HOME'] ?? env['USERPROFILE'];
  const server = env['BEADS_SHARED_SERVER_DIR'] ?? (home === undefined ? null : join(home, '.beads', 'shared-server'));
  const real = server === null ? null : join(server, 'dolt', databaseName({ metadata }));
  return { what: said(signal), at: signal.at, real, fix: STOP_HINT };
}

function otherMode(workspaceSettings: WorkspaceSettings): Elsewhere | null {
  const mode = inMetadata(workspaceSettings, 'dolt_mode') ?? workspaceSettings.settings.get('dolt.mode');
  // bd treats every other value as `embedded`; the intended mode is unknown.
  if (mode === undefined || ['', 'embedded', 'server'].includes(mode.value.toLowerCase())) return null;
  return { what: said(mode), at: mode.at, real: null };
}

/** A server on another machine: the database is not local. */
function otherHost(workspaceSettings: WorkspaceSettings): Elsewhere | null {
  const { env, settings } = workspaceSettings;
  const host = variable(env, 'BEADS_DOLT_SERVER_HOST') ?? hostOfFiles(workspaceSettings);
  if (host === undefined || LOCAL_HOSTS.includes(host.value.trim().toLowerCase())) return null;
  const fix = 'Federate the remote that the server pushes to, or run on the machine of the server.';
  return { what: `${said(host)}, a server on another machine`, at: host.at, real: null, fix };

  function hostOfFiles(from: WorkspaceSettings): Signal | undefined {
    const explicit = inMetadata(from, 'dolt_mode') ?? settings.get('dolt.mode');
    const named = inMetadata(from, 'dolt_server_host');
    if (isServerMode(from)) return named ?? settings.get('dolt.host');
    if (inMetadata(from, 'dolt_mode') !== undefined) return undefined;
    return named ?? (explicit === undefined ? settings.get('dolt.host') : undefined);
  }
}

/** A data folder or a database name that differs from the workspace's own. */
async function moved(workspaceSettings: WorkspaceSettings): Promise<Elsewhere | null> {
  const { beads, env, settings } = workspaceSettings;
  const db = settings.get('db');
  if (db !== undefined && db.value !== '' && !(await isSamePath(resolve(dirname(beads), db.value), beads))) {
    return { what: said(db), at: db.at, real: resolve(dirname(beads), db.value) };
  }
  const name = variable(env, 'BEADS_DOLT_SERVER_DATABASE');
  if (name !== undefined && name.value !== databaseName(workspaceSettings)) {
    return { what: said(name), real: join(dataFolder(workspaceSettings), name.value) };
  }
  const folder = variable(env, 'BEADS_DOLT_DATA_DIR');
  if (folder !== undefined && !(await isSamePath(resolve(beads, folder.value), dataFolder(workspaceSettings)))) {
    return { what: said(folder), real: join(resolve(beads, folder.value), databaseName(workspaceSettings)) };
  }
  const database = inMetadata(workspaceSettings, 'database');
  const isMoved =
    database !== undefined && isAbsolute(database.value) && !workspaceSettings.metadata?.values.dolt_data_dir;
  if (!isMoved || !isServerMode(workspaceSettings)) return null;
  return { what: said(database), at: database.at, real: join(database.value, databaseName(workspaceSettings)) };
}

/** The setting that says that a server has the database, with its address; undefined: none. */
export function serverAddress(workspaceSettings: WorkspaceSettings): Signal | undefined {
  return (
    variable(workspaceSettings.env, 'BEADS_DOLT_SERVER_PORT') ??
    variable(workspaceSettings.env, 'BEADS_DOLT_SERVER_SOCKET') ??
    inMetadata(workspaceSettings, 'dolt_server_port') ??
    inMetadata(workspaceSettings, 'dolt_server_socket') ??
    workspaceSettings.settings.get('dolt.port')
  );
}

/** A key of metadata.json that has a value. */
function inMetadata({ metadata }: WorkspaceSettings, key: keyof Metadata & string): Signal | undefined {
  const value = metadata?.values[key];
  if (metadata === null || value === undefined || value === '' || value === 0) return undefined;
  return { name: key, value: String(value), at: metadata.at(key) };
}
