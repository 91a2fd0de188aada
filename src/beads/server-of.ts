import { isOnThisMachine, type ServerSetting } from '../config/server.ts';
import { isOn, type Signal, variable } from './bd-settings.ts';
import { databaseName } from './database-place.ts';
import { isLocalHost, type Mode } from './mode.ts';
import { inMetadata, type WorkspaceSettings } from './workspace-settings.ts';

/** The server through which bd works, as its settings and files give it. */
export interface BdServer {
  readonly setting: ServerSetting;
  readonly password: string;
  /** Whether it is a proxy, which does not hold the database itself. */
  readonly isProxy: boolean;
  /** The process that holds the database, as bd noted it; null: bd did not. */
  readonly pid: number | null;
}

/** What the files of bd say about its server; null: no such file, or nothing usable in it. */
export interface ServerFiles {
  /** `dolt-server.port`: bd writes it when it starts a server. */
  readonly portFile: number | null;
  /** `listener.port` of the `config.yaml` in the data folder. */
  readonly listenerPort: number | null;
  /** `dolt-server.pid`. */
  readonly pid: number | null;
  /** The port in `proxy.pid`. */
  readonly proxyPort: number | null;
  /** The process in `proxy-child.pid`, which serves the databases behind the proxy. */
  readonly childPid: number | null;
  /** The file with passwords by `[host:port]`. */
  readonly credentials: string | null;
}

/** The variable with the password of an external server of a proxied workspace. */
const EXTERNAL_PASSWORD = 'BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD';
const SHARED_PORT = 3308;
const REMOTE_PORT = 3307;
const REMOTESAPI_PORT = 8080;

/**
 * The server of a workspace, as bd 1.3.0 reaches it.
 * @returns null if bd uses none, its port is unknown, or it is reached in a way that this tool does not support: a Unix
 * socket, a command that gives credentials, or another machine without TLS
 */
export function serverOf(workspace: WorkspaceSettings, mode: Mode, files: ServerFiles): BdServer | null {
  switch (mode.kind) {
    case 'embedded':
      return null;
    case 'proxied-server':
      return proxied(workspace, mode, files);
    case 'server':
    case 'shared-server':
      return direct(workspace, mode, files);
  }
}

/** Whether the database is on another machine, or at a server whose data folder is unknown; the setting that says so. */
export function isElsewhere(workspace: WorkspaceSettings, mode: Mode): Signal | null {
  switch (mode.kind) {
    case 'embedded':
    case 'shared-server':
      return null;
    case 'proxied-server': {
      const { clientInfo } = workspace;
      if (clientInfo?.external == null) return null;
      const { host, port, socket } = clientInfo.external;
      return { name: 'external', value: socket === '' ? `${host}:${port}` : socket, at: { file: clientInfo.file } };
    }
    case 'server': {
      const host = hostOf(workspace);
      return host === undefined || isLocalHost(host.value) ? null : host;
    }
  }
}

function hostOf(workspace: WorkspaceSettings): Signal | undefined {
  const host = workspace.settings.get('dolt.host');
  return (
    variable(workspace.env, 'BEADS_DOLT_SERVER_HOST') ??
    inMetadata(workspace, 'dolt_server_host') ??
    (host?.value === '' ? undefined : host)
  );
}

/** The setting that gives the socket of the server, which this tool does not use. */
export function socketOf(workspace: WorkspaceSettings): Signal | undefined {
  return variable(workspace.env, 'BEADS_DOLT_SERVER_SOCKET') ?? inMetadata(workspace, 'dolt_server_socket');
}

function proxied(workspace: WorkspaceSettings, mode: Mode, { proxyPort, childPid }: ServerFiles): BdServer | null {
  const database = databaseName(workspace, mode).value;
  const external = workspace.clientInfo?.external ?? null;
  if (external === null) {
    if (proxyPort === null) return null;
    const setting = { host: '127.0.0.1', port: proxyPort, user: 'root', database, remotesapi: null, tls: false };
    return { setting, password: '', isProxy: true, pid: childPid };
  }
  if (external.socket !== '' || external.port === 0) return null;
  const { host, port, user, tls } = external;
  const setting = { host: dialled(host), port, user, database, remotesapi: null, tls };
  return usable({ setting, password: workspace.env[EXTERNAL_PASSWORD] ?? '', isProxy: false, pid: null });
}

function direct(workspace: WorkspaceSettings, mode: Mode, files: ServerFiles): BdServer | null {
  const { env } = workspace;
  if (socketOf(workspace) !== undefined || variable(env, 'BEADS_DOLT_CREDENTIAL_COMMAND') !== undefined) return null;
  const host = hostOf(workspace)?.value ?? '127.0.0.1';
  const isLocal = isLocalHost(host);
  const port = portOf(workspace, files, { isLocal, isShared: mode.kind === 'shared-server' });
  if (port === null) return null;
  const user = variable(env, 'BEADS_DOLT_SERVER_USER') ?? inMetadata(workspace, 'dolt_server_user');
  const tls = variable(env, 'BEADS_DOLT_SERVER_TLS') ?? inMetadata(workspace, 'dolt_server_tls');
  const setting: ServerSetting = {
    host: dialled(host),
    port,
    user: user?.value ?? 'root',
    database: databaseName(workspace, mode).value,
    remotesapi: isLocal ? null : remotesapiOf(workspace),
    tls: isOn(tls) === true,
  };
  const password = env['BEADS_DOLT_PASSWORD'] ?? passwordIn(files.credentials, `${host}:${port}`) ?? '';
  return usable({ setting, password, isProxy: false, pid: files.pid });
}

/** Rows and passwords never cross a network unencrypted. */
function usable(server: BdServer): BdServer | null {
  return server.setting.tls || isOnThisMachine(server.setting) ? server : null;
}

function portOf(
  workspace: WorkspaceSettings,
  { portFile, listenerPort }: ServerFiles,
  { isLocal, isShared }: { readonly isLocal: boolean; readonly isShared: boolean },
): number | null {
  const { env, settings } = workspace;
  const written = (signal: Signal | undefined) => (signal === undefined ? null : Number(signal.value));
  const candidates = [
    written(variable(env, 'BEADS_DOLT_SERVER_PORT')),
    isLocal ? portFile : written(variable(env, 'BEADS_DOLT_PORT')),
    listenerPort,
    written(settings.get('dolt.port')),
    written(inMetadata(workspace, 'dolt_server_port')),
    isShared ? SHARED_PORT : isLocal ? null : REMOTE_PORT,
  ];
  const isPort = (port: number | null) => port !== null && Number.isInteger(port) && port > 0 && port <= 65_535;
  return candidates.find(isPort) ?? null;
}

function remotesapiOf(workspace: WorkspaceSettings): number {
  const port = variable(workspace.env, 'BEADS_DOLT_REMOTESAPI_PORT') ?? inMetadata(workspace, 'dolt_remotesapi_port');
  return Number(port?.value) || REMOTESAPI_PORT;
}

/** The address to connect to: a server that listens everywhere is reached at this machine. */
function dialled(host: string): string {
  const written = host.trim().toLowerCase();
  if (!isLocalHost(written)) return host.trim();
  return written.includes('::1') ? '::1' : written === 'localhost' ? written : '127.0.0.1';
}

/** A password in bd's file of credentials, in which each section is headed `[host:port]`. */
function passwordIn(text: string | null, address: string): string | undefined {
  let isIn = false;
  for (const line of (text ?? '').split(/\r?\n/).map((one) => one.replace(/#.*$/, '').trim())) {
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) isIn = section === address;
    const value = isIn ? /^password\s*=\s*(.*)$/.exec(line)?.[1] : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
