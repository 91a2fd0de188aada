import { isAbsolute, join, resolve } from 'node:path';
import { type Signal, variable } from './bd-settings.ts';
import { type Mode, sharedBy } from './mode.ts';
import { inMetadata, type WorkspaceSettings } from './workspace-settings.ts';

/** A folder, and the setting that names it. */
export interface Named<T> {
  readonly value: T;
  /** null: the default. */
  readonly by: Signal | null;
}

const DEFAULT_DATABASE = 'beads';

/** The name of the database, as bd 1.3.0 decides it. */
export function databaseName(workspace: WorkspaceSettings, mode: Mode): Named<string> {
  const { env, metadata, sourceDatabase } = workspace;
  // Without metadata.json the embedded engine always opens this one.
  if (metadata === null && mode.kind === 'embedded') return { value: DEFAULT_DATABASE, by: null };
  const by =
    variable(env, 'BEADS_DOLT_SERVER_DATABASE') ?? sourceDatabase ?? inMetadata(workspace, 'dolt_database') ?? null;
  return { value: by?.value ?? DEFAULT_DATABASE, by };
}

/**
 * The folder with the databases of a workspace, as bd 1.3.0 decides it. Both folders may be there, and only the mode
 * says which one is used.
 * @returns null if the folder of the user is needed and unknown
 */
export function dataFolder(workspace: WorkspaceSettings, mode: Mode): Named<string> | null {
  const { beads } = workspace;
  switch (mode.kind) {
    case 'embedded':
      return { value: join(beads, 'embeddeddolt'), by: null };
    case 'server':
      return ownFolder(workspace);
    case 'shared-server':
      return sharedFolder(workspace);
    case 'proxied-server':
      return proxiedFolder(workspace);
  }
}

function ownFolder(workspace: WorkspaceSettings): Named<string> {
  const { beads, env } = workspace;
  const database = inMetadata(workspace, 'database');
  const by =
    variable(env, 'BEADS_DOLT_DATA_DIR') ??
    inMetadata(workspace, 'dolt_data_dir') ??
    (database !== undefined && isAbsolute(database.value) ? database : null);
  return { value: resolve(beads, by?.value ?? 'dolt'), by };
}

/** The folder of the files of the server that all workspaces of this user share; null: their home is unknown. */
export function sharedServerFolder({ cwd, env }: WorkspaceSettings): Named<string> | null {
  const by = variable(env, 'BEADS_SHARED_SERVER_DIR') ?? null;
  if (by !== null) return { value: resolve(cwd, by.value), by };
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home === undefined ? null : { value: join(home, '.beads', 'shared-server'), by };
}

function sharedFolder(workspace: WorkspaceSettings): Named<string> | null {
  const server = sharedServerFolder(workspace);
  return server === null ? null : { value: join(server.value, 'dolt'), by: server.by };
}

function proxiedFolder(workspace: WorkspaceSettings): Named<string> | null {
  const { beads, env, clientInfo } = workspace;
  const root = variable(env, 'BEADS_PROXIED_SERVER_ROOT_PATH');
  if (root !== undefined) return { value: resolve(beads, root.value), by: root };
  if (clientInfo?.rootPath != null) {
    const by = { name: 'root_path', value: clientInfo.rootPath, at: { file: clientInfo.file } };
    return { value: resolve(beads, clientInfo.rootPath), by };
  }
  return sharedBy(workspace) === undefined ? ownFolder(workspace) : sharedFolder(workspace);
}
