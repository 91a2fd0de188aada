import { isOn, type Signal, signalText, variable } from './bd-settings.ts';
import { unsupportedPlace } from './unsupported-place.ts';
import { inMetadata, type WorkspaceSettings } from './workspace-settings.ts';

/** How bd opens the database of a workspace. */
export interface Mode {
  readonly kind: 'embedded' | 'server' | 'shared-server' | 'proxied-server';
  /** The setting that decides it; null: the default. */
  readonly by: Signal | null;
}

const LOCAL_HOSTS = ['', 'localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0'];

/** Whether bd takes the host of a server for this machine. */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOSTS.includes(host.trim().toLowerCase());
}

/**
 * The mode of a workspace, in the order in which bd 1.3.0 decides it. bd takes every unknown mode for `embedded`, and
 * then works in an empty database beside the real one: an unknown value is refused.
 * @throws Failure `workspace-unknown`
 */
export function modeOf(workspace: WorkspaceSettings): Mode {
  refuseUnknown(workspace);
  const { env, settings } = workspace;
  const mode = inMetadata(workspace, 'dolt_mode');
  if (isMode(mode, 'proxied-server')) return { kind: 'proxied-server', by: mode };
  const shared = sharedBy(workspace);
  if (shared !== undefined) return { kind: 'shared-server', by: shared };
  const server = (by: Signal): Mode => ({ kind: 'server', by });
  const variableMode = variable(env, 'BEADS_DOLT_SERVER_MODE');
  if (variableMode?.value === '1') return server(variableMode);
  const host = variable(env, 'BEADS_DOLT_SERVER_HOST');
  if (host !== undefined && !isLocalHost(host.value)) return server(host);
  if (mode !== undefined) return isMode(mode, 'server') ? server(mode) : { kind: 'embedded', by: mode };
  const ownHost = inMetadata(workspace, 'dolt_server_host');
  if (host === undefined && ownHost !== undefined && !isLocalHost(ownHost.value)) return server(ownHost);
  const fileMode = settings.get('dolt.mode');
  if (fileMode !== undefined && fileMode.value !== '') {
    return isMode(fileMode, 'server') ? server(fileMode) : { kind: 'embedded', by: fileMode };
  }
  const fileHost = settings.get('dolt.host');
  const hostCounts = host === undefined && ownHost === undefined;
  if (hostCounts && fileHost !== undefined && !isLocalHost(fileHost.value)) return server(fileHost);
  return layoutOf(workspace);
}

/** Without metadata.json, the folder that is there decides. */
function layoutOf({ metadata, folders }: WorkspaceSettings): Mode {
  const isServer = metadata === null && folders.dolt && !folders.embeddeddolt;
  return { kind: isServer ? 'server' : 'embedded', by: null };
}

/** The setting that selects the server that all workspaces of this user share. */
export function sharedBy(workspace: WorkspaceSettings): Signal | undefined {
  return sharedSettings(workspace).find((one) => isOn(one));
}

function sharedSettings({ env, settings }: WorkspaceSettings): readonly (Signal | undefined)[] {
  return [variable(env, 'BEADS_DOLT_SHARED_SERVER'), settings.get('dolt.shared-server')];
}

function isMode(signal: Signal | undefined, mode: string): signal is Signal {
  return signal?.value.toLowerCase() === mode;
}

const DOLT_ONLY =
  'bd 1.3.0 refuses this backend, too. If the workspace has a Dolt database, set `backend` in metadata.json to `dolt`.';

function refuseUnknown(workspace: WorkspaceSettings): void {
  const { beads, env, settings } = workspace;
  const mode = inMetadata(workspace, 'dolt_mode');
  const fileMode = mode === undefined ? settings.get('dolt.mode') : undefined;
  const backend = inMetadata(workspace, 'backend');
  const unknown =
    (backend?.value === 'dolt' ? undefined : backend) ??
    unless(mode, ['embedded', 'server', 'proxied-server']) ??
    unless(fileMode, ['', 'embedded', 'server']) ??
    unless(variable(env, 'BEADS_DOLT_SERVER_MODE'), ['1', '0']) ??
    sharedSettings(workspace).find((one) => isOn(one) === null);
  if (unknown === undefined) return;
  const fix = unknown === backend ? { fix: DOLT_ONLY } : {};
  throw unsupportedPlace(beads, { what: `unknown ${signalText(unknown)}`, at: unknown.at, real: null, ...fix });
}

function unless(signal: Signal | undefined, known: readonly string[]): Signal | undefined {
  return signal === undefined || known.includes(signal.value.toLowerCase()) ? undefined : signal;
}
