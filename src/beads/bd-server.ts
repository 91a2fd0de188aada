import { isOnThisMachine, type ServerSetting, serverText } from '../config/server.ts';
import { isOn, type Signal, variable } from './bd-settings.ts';
import { databaseName } from './database-place.ts';
import { isLocalHost, type Mode } from './mode.ts';
import { inMetadata, isOfJob, type WorkspaceSettings } from './workspace-settings.ts';

/** The server through which bd works, as its settings and files give it. */
export interface BdServer {
  readonly setting: ServerSetting;
  readonly password: string;
  /** The variable of the job that gives the password, or names its file; null: there is no secret of the job. */
  readonly passwordBy: string | null;
  /** Whether files of the workspace choose where this password goes. */
  readonly isPlacedByFiles: boolean;
  /** The proxy that it is, which does not hold the database itself; null: it is none. */
  readonly proxy: ProxyNote | null;
  /** The process that holds the database, as bd noted it; null: bd did not. */
  readonly pid: number | null;
}

/** The process of a proxy, as bd noted it. */
export interface ProxyNote {
  readonly pid: number;
  readonly port: number;
  /** When it started, since other processes can have its id later; null: bd did not note it. */
  readonly birth: string | null;
}

/** The facts about bd's server in the files of bd; null: no such file, or nothing usable in it. */
export interface ServerFiles {
  /** `dolt-server.port`: bd writes it when it starts a server. */
  readonly portFile: number | null;
  /** `listener.port` of the `config.yaml` in the data folder. */
  readonly listenerPort: number | null;
  /** `dolt-server.pid`. */
  readonly pid: number | null;
  /** `proxy.pid`. */
  readonly proxy: ProxyNote | null;
  /** The process in `proxy-child.pid`, which serves the databases behind the proxy. */
  readonly childPid: number | null;
  /** The file with passwords by `[host:port]`. */
  readonly credentials: string | null;
}

/** The variable with the password of an external server of a proxied workspace. */
const EXTERNAL_PASSWORD = 'BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD';
const CREDENTIALS_FILE = 'BEADS_CREDENTIALS_FILE';
const PASSWORD = 'BEADS_DOLT_PASSWORD';
const NO_PASSWORD = { password: '', passwordBy: null, isPlacedByFiles: true };
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

/**
 * The address of the server that bd's settings name, also of one that this tool refuses: a Unix socket, or another machine
 * without TLS or with a command that gives credentials. bd 1.3.0 connects to each of them (measured).
 * @returns null if they name none
 */
export function namedServer(workspace: WorkspaceSettings, mode: Mode): string | null {
  switch (mode.kind) {
    case 'embedded':
      return null;
    case 'proxied-server': {
      const external = workspace.clientInfo?.external ?? null;
      if (external === null || (external.socket === '' && external.port === 0 && isLocalHost(external.host)))
        return null;
      return external.socket || serverText({ ...external, host: hostToConnect(external.host) });
    }
    case 'server':
    case 'shared-server': {
      const socket = socketOf(workspace);
      if (socket !== undefined) return socket.value;
      const address = addressOf(workspace, mode, NO_FILES);
      return address === null ? null : serverText({ host: hostToConnect(address.host), port: address.port });
    }
  }
}

/** The notes of running processes are no settings. */
export const NO_FILES: ServerFiles = {
  portFile: null,
  listenerPort: null,
  pid: null,
  proxy: null,
  childPid: null,
  credentials: null,
};

/**
 * Whether the database is on another machine, or at a server whose data folder is unknown; the setting that says so.
 */
export function remoteServerSetting(workspace: WorkspaceSettings, mode: Mode): Signal | null {
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

function proxied(workspace: WorkspaceSettings, mode: Mode, { proxy, childPid }: ServerFiles): BdServer | null {
  const database = databaseName(workspace, mode).value;
  const external = workspace.clientInfo?.external ?? null;
  if (external === null) {
    if (proxy === null) return null;
    const setting = { host: '127.0.0.1', port: proxy.port, user: 'root', database, remotesapi: null, tls: false };
    return { setting, ...NO_PASSWORD, proxy, pid: childPid };
  }
  if (external.socket !== '' || external.port === 0) return null;
  const { host, port, user, tls } = external;
  const setting = { host: hostToConnect(host), port, user, database, remotesapi: null, tls };
  const password = workspace.env[EXTERNAL_PASSWORD] ?? '';
  const passwordBy = isOfJob(workspace, variable(workspace.env, EXTERNAL_PASSWORD)) ? EXTERNAL_PASSWORD : null;
  // bd has no variables for this address, so those of a server confirm it.
  const { BEADS_DOLT_SERVER_HOST: jobHost, BEADS_DOLT_SERVER_PORT: jobPort } = workspace.jobEnv;
  const isPlacedByFiles = jobHost !== host || Number(jobPort) !== port;
  return usable({ setting, password, passwordBy, isPlacedByFiles, proxy: null, pid: null });
}

function direct(workspace: WorkspaceSettings, mode: Mode, files: ServerFiles): BdServer | null {
  const { env } = workspace;
  if (socketOf(workspace) !== undefined || variable(env, 'BEADS_DOLT_CREDENTIAL_COMMAND') !== undefined) return null;
  const address = addressOf(workspace, mode, files);
  if (address === null) return null;
  const { named, host, isLocal, port, isOfFiles } = address;
  const user = variable(env, 'BEADS_DOLT_SERVER_USER') ?? inMetadata(workspace, 'dolt_server_user');
  const tls = variable(env, 'BEADS_DOLT_SERVER_TLS') ?? inMetadata(workspace, 'dolt_server_tls');
  const remotesapi = isLocal
    ? undefined
    : (variable(env, 'BEADS_DOLT_REMOTESAPI_PORT') ?? inMetadata(workspace, 'dolt_remotesapi_port'));
  const setting: ServerSetting = {
    host: hostToConnect(host),
    port,
    user: user?.value ?? 'root',
    database: databaseName(workspace, mode).value,
    remotesapi: isLocal ? null : Number(remotesapi?.value) || REMOTESAPI_PORT,
    tls: isOn(tls) === true,
  };
  const ofFiles = (signal: Signal | undefined) => signal !== undefined && !isOfJob(workspace, signal);
  const isExchangeOfFiles = ofFiles(remotesapi);
  const common = { setting, proxy: null, pid: files.pid };
  const password = env[PASSWORD];
  if (password === undefined) {
    // The file of credentials gives a password only for its own host and port.
    const kept = passwordIn(files.credentials, `${host}:${port}`) ?? '';
    const passwordBy = kept === '' ? null : CREDENTIALS_FILE;
    return usable({ ...common, password: kept, passwordBy, isPlacedByFiles: isExchangeOfFiles });
  }
  const passwordBy = isOfJob(workspace, variable(env, PASSWORD)) ? PASSWORD : null;
  const isPlacedByFiles = ofFiles(named) || isOfFiles || isExchangeOfFiles;
  return usable({ ...common, password, passwordBy, isPlacedByFiles });
}

/** The host and the port of a server; null: its port is unknown. */
function addressOf(workspace: WorkspaceSettings, mode: Mode, files: ServerFiles) {
  const named = hostOf(workspace);
  const host = named?.value ?? '127.0.0.1';
  const isLocal = isLocalHost(host);
  const found = portOf(workspace, files, { isLocal, mode });
  return found === null ? null : { named, host, isLocal, ...found };
}

/** Rows and passwords never cross a network unencrypted. */
function usable(server: BdServer): BdServer | null {
  return server.setting.tls || isOnThisMachine(server.setting) ? server : null;
}

/** A port, and whether files of the workspace choose it. */
interface FoundPort {
  readonly port: number;
  readonly isOfFiles: boolean;
}

function portOf(
  workspace: WorkspaceSettings,
  { portFile, listenerPort }: ServerFiles,
  { isLocal, mode }: { readonly isLocal: boolean; readonly mode: Mode },
): FoundPort | null {
  const { env, settings } = workspace;
  const written = (signal: Signal | undefined) =>
    signal === undefined ? null : { port: Number(signal.value), isOfFiles: !isOfJob(workspace, signal) };
  const noted = (port: number | null) => (port === null ? null : { port, isOfFiles: true });
  const shared = { port: SHARED_PORT, isOfFiles: !isOfJob(workspace, mode.by) };
  const candidates = [
    written(variable(env, 'BEADS_DOLT_SERVER_PORT')),
    isLocal ? noted(portFile) : written(variable(env, 'BEADS_DOLT_PORT')),
    noted(listenerPort),
    written(settings.get('dolt.port')),
    written(inMetadata(workspace, 'dolt_server_port')),
    mode.kind === 'shared-server' ? shared : isLocal ? null : { port: REMOTE_PORT, isOfFiles: false },
  ];
  const isPort = ({ port }: FoundPort) => Number.isInteger(port) && port > 0 && port <= 65_535;
  return candidates.find((one) => one !== null && isPort(one)) ?? null;
}

/** The address to connect to: a server that listens everywhere is reached at this machine. */
function hostToConnect(host: string): string {
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
