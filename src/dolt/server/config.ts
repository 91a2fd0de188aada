import { join } from 'node:path';

/** Name of the configuration in the private folder; it is in the command line of every engine. */
export const CONFIG_FILE = 'server.yaml';

/** Addresses and folders of one server. All paths are absolute. */
export interface ServerPlace {
  /** The folder whose databases are served. */
  readonly dataDir: string;
  /** Private folder (0700) for everything that the server writes outside the data. */
  readonly privateDir: string;
  readonly port: number;
  /** null if no Unix socket can be bound (Windows, or a path that is too long). */
  readonly socket: string | null;
}

/**
 * Variables that a database can persist in its `.dolt/config.json` and that would make a server replicate, write
 * statistics or read files. The server's YAML overrides them (measured on Dolt 2.3.0).
 */
export function systemVariables(privateDir: string): Readonly<Record<string, string | number>> {
  return {
    dolt_replicate_to_remote: '',
    dolt_replicate_heads: '',
    dolt_replicate_all_heads: 0,
    dolt_read_replica_remote: '',
    dolt_replication_remote_url_template: '',
    dolt_async_replication: 0,
    dolt_transaction_commit: 0,
    dolt_dont_merge_json: 0,
    dolt_stats_enabled: 0,
    dolt_stats_paused: 1,
    // Dolt warns about an empty value; a folder that does not exist allows no file.
    secure_file_priv: join(privateDir, 'no-files'),
  };
}

/**
 * The file for `dolt sql-server --config`: YAML, written as JSON. Dolt misreads folded lines, and it replaces `${NAME}`
 * by variables before it parses (2.3.0), so paths must not contain a dollar sign.
 */
export function serverConfig(place: ServerPlace): string {
  const config = {
    log_level: 'warning',
    behavior: { event_scheduler: 'OFF', auto_gc_behavior: { enable: false } },
    listener: {
      host: '127.0.0.1',
      port: place.port,
      ...(place.socket === null ? {} : { socket: place.socket }),
    },
    data_dir: place.dataDir,
    cfg_dir: join(place.privateDir, 'cfg'),
    privilege_file: join(place.privateDir, 'privileges.db'),
    branch_control_file: join(place.privateDir, 'branch_control.db'),
    system_variables: systemVariables(place.privateDir),
  };
  return JSON.stringify(config, null, 2).replaceAll('$', '\\u0024');
}
