import { delimiter, posix, win32 } from 'node:path';

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
 * Removes the relative folders of PATH from the environment of this process, of its libraries and of every later child.
 * Without any folder the variable is removed: systems take an empty one for the working directory.
 */
export function forgetRelativeFolders(): void {
  const folders = searchPath(readEnv());
  if (folders.length === 0) delete process.env['PATH'];
  else process.env['PATH'] = folders.join(delimiter);
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
  if (platform !== 'win32')
    return (env['PATH'] ?? '').split(posix.delimiter).filter((folder) => posix.isAbsolute(folder));
  const folders = valueOnWindows(env, 'PATH')?.split(win32.delimiter) ?? [];
  return folders.map((folder) => folder.trim().replace(/^"(.*)"$/, '$1')).filter((folder) => ROOTED.test(folder));
}

/** A drive with a root, or a server. */
const ROOTED = /^(?:[A-Za-z]:[\\/]|\\\\[^\\])/;

/** A program of Windows itself. */
export function windowsProgram(env: Env, ...below: readonly string[]): string {
  return win32.join(valueOnWindows(env, 'SYSTEMROOT') ?? 'C:\\Windows', 'System32', ...below);
}

function valueOnWindows(env: Env, name: string): string | undefined {
  const key = Object.keys(env).find((each) => each.toUpperCase() === name);
  return key === undefined ? undefined : env[key];
}
