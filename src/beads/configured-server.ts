import type { ConfigSource } from '../config/build.ts';
import type { Sourced } from '../config/configuration.ts';
import { serverText } from '../config/server.ts';
import { Failure } from '../core/failure.ts';
import { remoteServerSetting, type ServerFiles, serverOf } from './bd-server.ts';
import { modeOf } from './mode.ts';
import { settingsOf, type WorkspaceSearch } from './workspace.ts';

/** The notes of running processes are no settings. */
const NO_FILES: ServerFiles = {
  portFile: null,
  listenerPort: null,
  pid: null,
  proxyPort: null,
  childPid: null,
  credentials: null,
};

/**
 * The server to which a run sends all merged rows, as `host:port`, judging by the settings of a workspace: metadata.json, `.env`, `dolt.host` and the client information of a
 * proxied server.
 * @returns null if none is named, or if a run would refuse these settings
 */
export async function configuredServer(
  { workspace, redirect = null, bdEnv = {} }: ConfigSource,
  { cwd, env, userHome }: Pick<WorkspaceSearch, 'cwd' | 'env' | 'userHome'>,
): Promise<Sourced<string> | null> {
  if (workspace === null) return null;
  try {
    const settings = await settingsOf(workspace, { redirect, bdEnv, cwd, env, userHome });
    const mode = modeOf(settings);
    const server = serverOf(settings, mode, NO_FILES);
    if (server === null) return null;
    const at = (remoteServerSetting(settings, mode) ?? mode.by)?.at ?? null;
    return {
      value: serverText(server.setting),
      origin: at === null ? { layer: 'default' } : { layer: 'file', location: at },
    };
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}
