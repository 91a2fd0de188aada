import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Boundary, type BoundaryContext, boundaryOf, requireWithin } from '../core/boundary.ts';
import { Failure, systemCode } from '../core/failure.ts';
import { isFolder, readSmall } from '../core/files.ts';
import { decodeText } from './decode-text.ts';
import { mentionsSections } from './near-sections.ts';
import { userConfigFile } from './user-files.ts';
import { checkoutOf, findWorkspace, foldersUpward } from './workspace/find-workspace.ts';
import type { Redirect } from './workspace/redirect.ts';
import { parseYaml } from './yaml/parse.ts';

/** The context of the search for a configuration. */
export interface ConfigurationContext extends BoundaryContext {
  /** Whether the user's own file may be read. */
  readonly userHome: boolean;
}

/** The files found on disk. */
export interface FoundConfig {
  readonly file: string | null;
  /** Absolute path of `.beads`. */
  readonly workspace: string | null;
  readonly redirect: Redirect | null;
}

/**
 * Finds the beads workspace, and the configuration file: the named one, else the `config.yaml` of the workspace.
 * Without a workspace, it is the nearest `.beads/config.yaml` upward. If there is none, it is the user's
 * `bd/config.yaml`, if that has keys of ours.
 * @throws Failure `config-not-found` if the named file does not exist, `outside-workspace`, `workspace-unknown`,
 * `config-unreadable` for the user's file
 */
export async function findConfig(context: ConfigurationContext, named: string | undefined): Promise<FoundConfig> {
  const boundary = await boundaryOf(context, [named]);
  const found = await findWorkspace(context, boundary);
  const upward = foldersUpward(context).map((folder) => join(folder, '.beads'));
  const workspace = found?.beads ?? (await emptyWorkspace(context));
  const redirect = found?.redirect ?? null;
  if (workspace !== null) await requireWorkspaceWithin(boundary, workspace);
  if (named !== undefined && named !== '') {
    const file = resolve(context.cwd, named);
    await requireWithin(boundary, file, { by: file, location: { file } });
    if (await exists(file)) return { file, workspace, redirect };
    throw new Failure('config-not-found', `the configuration file ${file} does not exist`);
  }
  const candidates = (found === null ? upward : [found.beads]).map((folder) => join(folder, 'config.yaml'));
  const file = await firstOf(candidates, exists);
  if (file === null) {
    const own = context.userHome ? userConfigFile(context.env) : null;
    return { file: own !== null && (await exists(own)) && (await hasOurKeys(own)) ? own : null, workspace, redirect };
  }
  await requireWithin(boundary, file, { by: file, location: { file } });
  return { file, workspace, redirect };
}

/**
 * Whether a file of the user has keys of ours, or cannot be read as YAML. bd 1.3.0 makes one at its first start, with
 * keys of its own alone (measured).
 */
async function hasOurKeys(file: string): Promise<boolean> {
  const text = await readConfigText(file);
  try {
    return mentionsSections(parseYaml(text, file));
  } catch {
    return true;
  }
}

/** A `.beads` without any file of beads, in which this tool can put its configuration. */
async function emptyWorkspace(context: ConfigurationContext): Promise<string | null> {
  const { folders } = await checkoutOf(context);
  return await firstOf(
    folders.map((folder) => join(folder, '.beads')),
    isFolder,
  );
}

/** The files of a workspace define where its database is, and errors show their content. */
async function requireWorkspaceWithin(boundary: Boundary | null, workspace: string): Promise<void> {
  if (boundary === null) return;
  await requireWithin(boundary, workspace, { by: workspace });
  const entries = await readdir(workspace, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(workspace, entry.name);
    if (entry.isSymbolicLink()) await requireWithin(boundary, path, { by: path });
  }
}

async function firstOf(paths: readonly string[], test: (path: string) => Promise<boolean>): Promise<string | null> {
  for (const path of paths) if (await test(path)) return path;
  return null;
}

/** Whether a path exists, even if it is unreadable or a broken link: reading it then reports the error. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    const code = systemCode(thrown);
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}

const EMPTY_HINT = 'Restore the file, or delete it. If it is empty on purpose, put a comment in it.';

/**
 * The text of a configuration file, including a byte order mark.
 * @throws Failure `config-unreadable` for folders, devices, empty files, files over 1 MiB, other encodings than UTF-8,
 * and system errors
 */
export async function readConfigText(file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown, hint?: string) =>
    new Failure('config-unreadable', `cannot read ${file}: ${why}`, { location: { file }, cause, hint });
  const found = await readSmall(file);
  if (found.kind === 'absent') throw refuse('ENOENT, it does not exist');
  if (found.kind === 'refused') throw refuse(found.why, found.cause);
  if (found.bytes.length === 0)
    throw refuse('it is empty (0 bytes), perhaps after a crash or because of a full disk', undefined, EMPTY_HINT);
  return decodeText(found.bytes, file);
}
