import { join } from 'node:path';

/** Name of the configuration in the private folder; the command line of every engine names it. */
export const CONFIG_FILE = 'server.yaml';

/** Where one server listens and keeps what is its own. All paths are absolute. */
export interface ServerPlace {
  /** The folder whose databases are served. */
  readonly dataDir: string;
  /** Private folder (0700) for everything that the server writes beside the data. */
  readonly privateDir: string;
  readonly port: number;
  /** null where no Unix socket can be bound (Windows, or a path that is too long). */
  readonly socket: string | null;
}

/**
 * Variables that a database can persist in its own `.dolt/config.json` and that would make a server replicate, write
 * statistics or read files. The server's YAML wins over the persisted ones (measured on Dolt 2.3.0).
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
    // Dolt warns about an empty value; a folder that does not exist allows no file at all.
    secure_file_priv: join(privateDir, 'no-files'),
  };
}

/**
 * What `dolt sql-server --config` reads: YAML, of which JSON is a part. A folded line is not what Dolt reads back, and it
 * replaces `${NAME}` by variables before it parses (2.3.0), so that paths must hold no dollar sign.
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
