import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Env, nullDevice } from '../core/env.ts';
import { type EngineCredentials, NO_CREDENTIALS } from './engine-credentials.ts';

/**
 * Variables that a Dolt process inherits: paths of programs, certificates and temporary files, network access, and
 * locale.
 */
const INHERITED = [
  'PATH',
  'Path',
  'LANG',
  'LC_ALL',
  'SystemRoot',
  'SYSTEMROOT',
  'COMSPEC',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'RUNNER_TRACKING_ID',
] as const;
const HOMES = ['HOME', 'USERPROFILE'] as const;
const TEMPORARY = ['TMPDIR', 'TMP', 'TEMP'] as const;

/** Disables the user's hooks and templates when Dolt runs git (beads GH#3724). */
const QUIET_GIT = [['core.hooksPath', nullDevice()]] as const;

/** Folders and proxy of a Dolt process. */
interface EnvironmentOptions {
  /** Private folder of the process. */
  readonly privateDir: string;
  /** Whether HOME is the user's own; otherwise a private folder, because a runner may belong to another user. */
  readonly userHome: boolean;
  readonly engineCredentials?: EngineCredentials;
  /** Proxy variables; absent: those of the job. */
  readonly proxy?: Readonly<Record<string, string>>;
}

/**
 * The environment of a Dolt process, built from scratch: no token of the job, no global Dolt configuration, and no
 * credentials except those given.
 * @param root private folder that Dolt uses for its global configuration (see private-root.ts)
 */
export function doltEnvironment(env: Env, root: string, options?: EnvironmentOptions): Record<string, string> {
  const { privateDir, userHome, engineCredentials, proxy } = {
    engineCredentials: NO_CREDENTIALS,
    proxy: {},
    privateDir: dirname(root),
    userHome: true,
    ...options,
  };
  const home = join(privateDir, 'home');
  const own = join(privateDir, TEMPORARY_FILES);
  return {
    ...authorities(env),
    ...pick(env, INHERITED),
    ...(engineCredentials.overSsh ? {} : proxy),
    // If Dolt is killed during a push to a git remote, its `nbs-spool-*` files remain (2.3.0).
    ...Object.fromEntries(TEMPORARY.map((name) => [name, own])),
    ...(userHome ? pick(env, HOMES) : { HOME: home, USERPROFILE: home, GIT_CONFIG_NOSYSTEM: '1' }),
    DOLT_ROOT_PATH: root,
    DOLT_DISABLE_EVENT_FLUSH: '1',
    // Prevents Dolt from using the instance role of the machine by accident.
    AWS_EC2_METADATA_DISABLED: 'true',
    // Otherwise git remotes get a second branch at every push (Dolt >= 1.87).
    DOLT_REMOTE_INFO_BRANCH: '',
    // Then a fetch writes table files, whose chunks Node can decompress, instead of archives (2.3.0).
    DOLT_ARCHIVE_PULL_STREAMER: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_TEMPLATE_DIR: '',
    ...engineCredentials.variables(privateDir),
    ...gitSettings([...QUIET_GIT, ...engineCredentials.git]),
  };
}

/** git ignores the CA variables that the other programs use. */
function authorities(env: Env): Record<string, string> {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folder } = env;
  return {
    ...(file === undefined ? {} : { GIT_SSL_CAINFO: file }),
    ...(folder === undefined ? {} : { GIT_SSL_CAPATH: folder }),
  };
}

function pick(env: Env, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** Settings for every git command, without a file and without arguments (git-config(1), GIT_CONFIG_COUNT). */
function gitSettings(settings: EngineCredentials['git']): Record<string, string> {
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key] as const,
    [`GIT_CONFIG_VALUE_${index}`, value] as const,
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(numbered) };
}

/** Dolt reports usage and checks for new versions unless its global configuration disables it (measured on 2.3.0). */
const SETTINGS = { 'metrics.disabled': 'true', 'versioncheck.disabled': 'true' };

/** Name of the folder below the private one for Dolt's global configuration. */
export const ROOT = 'root';

/** Name of the folder below the private one for temporary files of Dolt and the programs that it starts. */
const TEMPORARY_FILES = 'tmp';

/**
 * Fills the private folder of a Dolt process: a global configuration, so that the user's own is neither read nor
 * changed and only the peers are contacted; a home; a folder for temporary files; and the credential files.
 * @param parentDir a private folder that the caller removes
 * @returns the value for `DOLT_ROOT_PATH`
 */
export async function preparePrivateRoot(
  parentDir: string,
  engineCredentials: EngineCredentials = NO_CREDENTIALS,
): Promise<string> {
  const root = join(parentDir, ROOT);
  const settings = JSON.stringify({ ...SETTINGS, ...engineCredentials.settings });
  const files = { [join(ROOT, '.dolt', 'config_global.json')]: settings, ...engineCredentials.files };
  for (const folder of ['home', TEMPORARY_FILES]) {
    await mkdir(join(parentDir, folder), { recursive: true, mode: 0o700 });
  }
  for (const [path, content] of Object.entries(files)) {
    const file = join(parentDir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }
  return root;
}
