import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { ConfigSource } from './build.ts';
import type { ConfigurationContext } from './find-config.ts';
import type { GuardFile } from './guards.ts';
import { readConfigText } from './read-config.ts';

/** Settings of one machine, which git does not track. */
const LOCAL = 'config.local.yaml';

/**
 * The files that bd 1.3.0 merges around the configuration file: the user's own below it, `config.local.yaml` above it; and
 * those of the workspace, where another file was named. We read no settings from them, but a guard that forbids pushing
 * counts wherever bd finds it.
 * @throws Failure `config-unreadable`
 */
export async function readGuardFiles(
  { file, workspace }: { readonly file: string | null; readonly workspace: string | null },
  context: ConfigurationContext,
): Promise<Required<Pick<ConfigSource, 'below' | 'above'>>> {
  const above = file === null ? [] : [join(dirname(file), LOCAL)];
  const below = [...userFiles(context), ...filesOf(workspace)].filter((path) => path !== file && !above.includes(path));
  return { below: await readAll(below), above: await readAll(above) };
}

/**
 * The files with the guards of the workspace that a database lies in: it may be another one than that of the
 * configuration, as where `--database` names the database of a neighbour.
 * @throws Failure `config-unreadable`
 */
export async function readGuardFilesOf(database: string, known: string | null): Promise<readonly GuardFile[]> {
  for (let folder = database; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) === '.beads') return folder === known ? [] : await readAll(filesOf(folder));
  }
  return [];
}

function filesOf(workspace: string | null): readonly string[] {
  return workspace === null ? [] : [join(workspace, 'config.yaml'), join(workspace, LOCAL)];
}

/** Lowest first, as bd orders them. */
function userFiles({ env, userHome }: ConfigurationContext): readonly string[] {
  if (!userHome) return [];
  const home = env['HOME'] ?? env['USERPROFILE'];
  const xdg = env['XDG_CONFIG_HOME'];
  const files = [
    ...(home === undefined ? [] : [join(home, '.beads', 'config.yaml')]),
    ...(xdg !== undefined && isAbsolute(xdg) ? [join(xdg, 'bd', 'config.yaml')] : []),
    ...(home === undefined ? [] : [join(home, '.config', 'bd', 'config.yaml')]),
  ];
  return [...new Set(files)];
}

async function readAll(paths: readonly string[]): Promise<GuardFile[]> {
  const files: GuardFile[] = [];
  for (const file of paths) if (await isListed(file)) files.push({ file, text: await readConfigText(file) });
  return files;
}

/** Whether a folder that can be read lists the file; bd skips a user file that it cannot find as well. */
async function isListed(file: string): Promise<boolean> {
  const names: readonly string[] = await readdir(dirname(file)).catch(() => []);
  return names.includes(basename(file));
}

/**
 * Whether `.beads` holds what only beads puts there (bd 1.3.0 calls these project files), and not just a configuration
 * file, which `add-peer` creates as well.
 */
export async function isBeadsWorkspace(workspace: string): Promise<boolean> {
  const names = await readdir(workspace).catch(() => []);
  return names.some(
    (name) => ['metadata.json', 'dolt', 'embeddeddolt', 'redirect'].includes(name) || /^(?!vc\.).*\.db$/.test(name),
  );
}
