import type { Env } from '../core/env.ts';
import type { BdSettings, Signal } from './bd-settings.ts';
import type { Metadata, MetadataFile } from './metadata.ts';

/** Everything that decides how bd 1.3.0 opens a workspace. */
export interface WorkspaceSettings {
  /** Real path of `.beads`. */
  readonly beads: string;
  readonly cwd: string;
  /** With the variables in the `.env` of the workspace. */
  readonly env: Env;
  /** Without them: only the variables of the job or the terminal. */
  readonly jobEnv: Env;
  readonly settings: BdSettings;
  /** null: there is no metadata.json. */
  readonly metadata: MetadataFile | null;
  /** `dolt_database` of the workspace whose redirect leads here; null: none. */
  readonly sourceDatabase: Signal | null;
  /** The data folders in the workspace. */
  readonly folders: { readonly embeddeddolt: boolean; readonly dolt: boolean };
  /** Of a proxied server; null: there is no such file. */
  readonly clientInfo: ClientInfo | null;
}

/** `.beads/proxied_server_client_info.json`. */
export interface ClientInfo {
  readonly file: string;
  readonly rootPath: string | null;
  /** A server that the user runs; null: bd runs one itself. */
  readonly external: ExternalServer | null;
}

export interface ExternalServer {
  readonly host: string;
  readonly port: number;
  readonly socket: string;
  readonly user: string;
  readonly tls: boolean;
}

/** Whether a variable of the job or the terminal gives a value, and no file. */
export function isOfJob({ jobEnv }: Pick<WorkspaceSettings, 'jobEnv'>, signal: Signal | null | undefined): boolean {
  return signal != null && signal.at === null && Object.hasOwn(jobEnv, signal.name);
}

/** A key of metadata.json that has a value. */
export function inMetadata(
  { metadata }: Pick<WorkspaceSettings, 'metadata'>,
  key: keyof Metadata & string,
): Signal | undefined {
  const value = metadata?.values[key];
  if (metadata === null || value === undefined || value === '' || value === 0) return undefined;
  return { name: key, value: String(value), at: metadata.at(key) };
}
