import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { readSmall } from '../../core/files.ts';

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
 * statistics, read files or store other values. The server's YAML overrides them (measured on Dolt 2.3.0).
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
    // Dolt's own modes, and one with which a row keeps the AUTO_INCREMENT value 0, as an UPDATE can set it.
    sql_mode: 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES',
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

const PREFIX = 'sqlserver.global.';
/** Written by every server that opens the database (Dolt 2.3.0). */
const OWN = ['server_uuid'];

const settingsSchema = z.record(z.string(), z.string());

/**
 * The names of persisted server variables that our server's configuration does not override.
 * @param settings the parsed `.dolt/config.json`
 */
function untrustedSettings(settings: Readonly<Record<string, string>>): string[] {
  const overridden = new Set([...Object.keys(systemVariables('')), ...OWN]);
  return Object.keys(settings)
    .filter((key) => key.startsWith(PREFIX) && !overridden.has(key.slice(PREFIX.length).toLowerCase()))
    .sort();
}

/**
 * Refuses a database whose own settings would change what a server does: any server that opens the folder applies
 * `sqlserver.global.*` in `.dolt/config.json` (measured on Dolt 2.3.0).
 * @throws Failure `untrusted-database-config`, `corrupt`
 */
export async function checkDatabaseSettings(database: string): Promise<void> {
  const file = join(database, '.dolt', 'config.json');
  const found = await readSmall(file);
  if (found.kind === 'refused')
    throw new Failure('corrupt', `${file} cannot be used: ${found.why}`, {
      hint: SETTINGS,
      location: { file },
      cause: found.cause,
    });
  const text = found.kind === 'read' ? found.bytes.toString('utf8') : '';
  if (text.trim() === '') return;
  const untrusted = untrustedSettings(parseSettings(text, file));
  if (untrusted.length > 0) {
    throw new Failure('untrusted-database-config', `${file} sets ${untrusted.join(', ')}`, { location: { file } });
  }
}

const SETTINGS = 'Correct the file, or remove it. It only holds the local settings of Dolt (`dolt config --local`).';

function parseSettings(text: string, file: string): Record<string, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new Failure('corrupt', `${file} is not JSON`, { hint: SETTINGS, location: { file }, cause });
  }
  const parsed = settingsSchema.safeParse(raw);
  if (!parsed.success)
    throw new Failure('corrupt', `${file} is not a JSON object of strings`, { hint: SETTINGS, location: { file } });
  return parsed.data;
}
