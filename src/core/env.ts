import { homedir } from 'node:os';
import { delimiter, posix, resolve, win32 } from 'node:path';

/** Environment variables as they were when the process started; an empty one counts as unset. */
export type Env = Readonly<Record<string, string>>;

/** The only reader of process.env. */
export function readEnv(): Env {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return Object.freeze(Object.fromEntries(entries));
}

/**
 * Removes variables from the environment of this process and of every later child: for secrets that were read and must
 * not be inherited. Only this file writes process.env.
 */
export function forgetEnv(names: readonly string[]): void {
  for (const name of names) delete process.env[name];
}

/**
 * Folders of the user and for temporary files. A relative one depends on the working directory, so that a checkout could
 * have it. The XDG Base Directory Specification ignores them.
 */
const FOLDERS = [
  'HOME',
  'USERPROFILE',
  'APPDATA',
  'TMPDIR',
  'TMP',
  'TEMP',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
] as const;

/** Files that our engines, with another working directory, read for the user. */
const FILES = [
  'SSL_CERT_FILE',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'AWS_CA_BUNDLE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AZURE_FEDERATED_TOKEN_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
] as const;

/**
 * Makes the environment of this process, of its libraries and of every later child independent of the working directory:
 * removes relative folders of PATH, of the user and for temporary files, and makes the paths of files absolute. Without
 * any folder PATH is removed: systems take an empty one for the working directory.
 */
export function ignoreWorkingDirectory(): void {
  const env = readEnv();
  const folders = searchPath(env);
  if (folders.length === 0) delete process.env['PATH'];
  else process.env['PATH'] = folders.join(delimiter);
  forgetEnv(FOLDERS.filter((name) => !isRooted(variableOf(env, name) ?? '')));
  for (const name of FILES) {
    const file = variableOf(env, name);
    if (file !== undefined) process.env[name] = resolve(file);
  }
  const authorities = variableOf(env, 'SSL_CERT_DIR')?.split(delimiter);
  if (authorities === undefined) return;
  const absolute = authorities.flatMap((folder) => (folder === '' ? [] : [resolve(folder)]));
  process.env['SSL_CERT_DIR'] = absolute.join(delimiter);
}

/** The home folder of the user; null for a user that the system does not know, without HOME. */
export function homeFolder(): string | null {
  try {
    return homedir();
  } catch {
    return null;
  }
}

/** The file of a program on a system. On Windows only an .exe is started: scripts (.cmd, .bat) would need a shell. */
export function programFile(name: string, platform: string = process.platform): string {
  return platform === 'win32' && !/\.exe$/i.test(name) ? `${name}.exe` : name;
}

/** The file that is always empty. */
export function nullDevice(platform: string = process.platform): string {
  return platform === 'win32' ? 'NUL' : '/dev/null';
}

/**
 * The folders of PATH, in order; without relative ones, so that a checkout cannot add a program. On Windows the name of
 * the variable has any case, a folder may be quoted, and a path without a drive depends on the working directory.
 */
export function searchPath(env: Env, platform: string = process.platform): readonly string[] {
  const isAbsolute = (folder: string): boolean => isRooted(folder, platform);
  if (platform !== 'win32') return (env['PATH'] ?? '').split(posix.delimiter).filter(isAbsolute);
  const folders = variableOf(env, 'PATH', platform)?.split(win32.delimiter) ?? [];
  return folders.map((folder) => folder.trim().replace(/^"(.*)"$/, '$1')).filter(isAbsolute);
}

/** Whether a path does not depend on the working directory. On Windows it has a drive with a root, or a server. */
function isRooted(path: string, platform: string = process.platform): boolean {
  return platform === 'win32' ? /^(?:[A-Za-z]:[\\/]|\\\\[^\\])/.test(path) : posix.isAbsolute(path);
}

/** A program of Windows itself. */
export function windowsProgram(env: Env, ...below: readonly string[]): string {
  return win32.join(variableOf(env, 'SYSTEMROOT', 'win32') ?? 'C:\\Windows', 'System32', ...below);
}

/** The value of a variable, whose name has any case on Windows. @param name in upper case */
function variableOf(env: Env, name: string, platform: string = process.platform): string | undefined {
  if (platform !== 'win32') return env[name];
  const key = Object.keys(env).find((each) => each.toUpperCase() === name);
  return key === undefined ? undefined : env[key];
}
