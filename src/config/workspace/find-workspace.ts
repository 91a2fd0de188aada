import { basename, dirname, join, resolve } from 'node:path';
import { type Boundary, requireWithin } from '../../core/boundary.ts';
import { Failure, type Location, placeOf } from '../../core/failure.ts';
import { isFolder, isInside, isThere, realPath } from '../../core/files.ts';
import type { ConfigurationContext } from '../find-config.ts';
import { readEnvFile } from './env-file.ts';
import { isProject, ownsDatabase } from './project-files.ts';
import { type Redirect, redirectOf } from './redirect.ts';
import { type Repository, repositoryOf } from './repository.ts';

/** The beads workspace of a run. */
export interface Workspace {
  /** Absolute path of `.beads`. */
  readonly beads: string;
  /** The redirect that led there, or that was ignored there; null: none. */
  readonly redirect: Redirect | null;
}

/** The variables that select a workspace for bd 1.3.0, highest first. */
export const SELECTORS = ['BEADS_DIR', 'BEADS_DB', 'BD_DB'] as const;

interface Selection {
  readonly variable: (typeof SELECTORS)[number];
  readonly path: string;
  /** Its place in the `.env` of a workspace; null: a variable of the process. */
  readonly at: Location | null;
}

/**
 * Finds the beads workspace as bd 1.3.0 does: the one that a variable names; else the nearest `.beads` with files of
 * beads, up to the root of the repository; in a worktree without a database of its own, that of the main repository.
 * @returns null if there is none
 * @throws Failure `workspace-unknown` if a variable names no workspace, or another one than bd uses; `outside-workspace`,
 * `config-unreadable`, `config-invalid`
 */
export async function findWorkspace(
  context: ConfigurationContext,
  boundary: Boundary | null,
): Promise<Workspace | null> {
  const selection = selectionIn(context.env, context.cwd, null);
  if (selection?.variable === 'BEADS_DIR') return await selected(selection, boundary);
  const found = await searched(context, boundary);
  const env = found === null ? {} : await readEnvFile(found.beads);
  const last = selection ?? selectionIn(env, context.cwd, { file: join(found?.beads ?? '', '.env') });
  if (last === null) return found;
  const named = await selected(last, boundary);
  if (last.variable !== 'BEADS_DIR' && found !== null) refuseIgnored(last, { named, found });
  return named;
}

/** Inside of a workspace, most commands of bd 1.3.0 ignore the older variables, and `bd where` heeds them (measured). */
function refuseIgnored(
  { variable, path, at }: Selection,
  { named, found }: { readonly named: Workspace; readonly found: Workspace },
): void {
  if (named.beads === found.beads) return;
  throw new Failure(
    'workspace-unknown',
    `${variable} names ${path}, but bd ignores it in the workspace ${found.beads}`,
    {
      hint: `To use ${named.beads}, set BEADS_DIR instead of ${variable}. To use ${found.beads}, unset ${variable}.`,
      location: at ?? undefined,
    },
  );
}

function selectionIn(env: ConfigurationContext['env'], cwd: string, at: Location | null): Selection | null {
  for (const variable of SELECTORS) {
    const value = env[variable]?.trim();
    if (value !== undefined && value !== '') return { variable, path: resolve(cwd, value), at };
  }
  return null;
}

async function selected(selection: Selection, boundary: Boundary | null): Promise<Workspace> {
  const { variable, path, at } = selection;
  await requireWithin(boundary, path, { by: variable, location: at ?? undefined });
  const real = await realPath(path);
  const folder = variable === 'BEADS_DIR' ? real : await workspaceOf(real);
  const workspace = folder === null ? null : await projectIn(folder, boundary);
  if (workspace !== null) return workspace;
  const place = at === null ? '' : ` (${placeOf(at)})`;
  throw new Failure('workspace-unknown', `${variable}${place} names ${path}, which is not a beads workspace`, {
    hint: `Correct ${variable}, or unset it.`,
    location: at ?? undefined,
  });
}

/** The workspace that holds a path, which may name a database or its file. */
async function workspaceOf(path: string): Promise<string | null> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) === '.beads' && (await isThere(join(folder, 'metadata.json')))) return folder;
  }
  return (await isProject(path)) ? path : null;
}

/** The workspace at a `.beads` folder, or where its redirect leads. */
async function projectIn(beads: string, boundary: Boundary | null): Promise<Workspace | null> {
  if (!(await isFolder(beads))) return null;
  const redirect = await redirectOf(beads, boundary);
  const real = redirect?.isFollowed === true ? redirect.target : beads;
  return (await isProject(real)) ? { beads: real, redirect } : null;
}

async function searched(context: ConfigurationContext, boundary: Boundary | null): Promise<Workspace | null> {
  const { folders, repository } = await checkoutOf(context);
  for (const folder of folders) {
    const beads = join(folder, '.beads');
    const isRoot = repository !== null && (await realPath(folder)) === repository.root;
    const found = isRoot ? await atRoot(beads, repository, boundary) : await projectIn(beads, boundary);
    if (found !== null) return found;
  }
  return null;
}

interface Checkout {
  /** The working directory and the folders above it, up to the root of the repository and the ceiling. */
  readonly folders: readonly string[];
  readonly repository: Repository | null;
}

export async function checkoutOf(context: ConfigurationContext): Promise<Checkout> {
  const repository = await repositoryOf(await realPath(context.cwd));
  const folders: string[] = [];
  for (const folder of foldersUpward(context)) {
    folders.push(folder);
    if (repository !== null && (await realPath(folder)) === repository.root) break;
  }
  return { folders, repository };
}

/** At the root of a checkout: bd 1.3.0 looks no further up, but from a worktree into its main repository. */
async function atRoot(
  beads: string,
  { mainWorkspace }: Repository,
  boundary: Boundary | null,
): Promise<Workspace | null> {
  const own = await projectIn(beads, boundary);
  if (mainWorkspace === null) return own;
  if (own?.redirect?.isFollowed === false) throw lostRedirect(own.redirect);
  if (own?.redirect?.isFollowed === true) return own;
  if (await ownsDatabase(beads)) return own;
  // A file of the checkout can name the main repository (`.jj/repo`), and files of its workspace are read from here on.
  if (await isFolder(mainWorkspace)) await requireWithin(boundary, mainWorkspace, { by: 'the main repository' });
  const main = await projectIn(mainWorkspace, boundary);
  // Git checks out the settings of a workspace in every worktree, but never its database.
  return main !== null && (own === null || (await ownsDatabase(main.beads))) ? main : own;
}

/** In a worktree the commands of bd 1.3.0 then disagree about the workspace (read). */
function lostRedirect({ at, target }: Redirect): Failure {
  return new Failure('workspace-unknown', `${placeOf(at)} leads to ${target}, which is not a beads workspace`, {
    hint: 'Correct or remove the redirect.',
    location: at,
  });
}

/**
 * The working directory and the folders above it, up to the ceiling; only the working directory if the ceiling is
 * elsewhere.
 */
export function foldersUpward({ cwd, ceiling }: ConfigurationContext): readonly string[] {
  const folders = [resolve(cwd)];
  const top = ceiling === null ? null : resolve(ceiling);
  if (top !== null && !isInside(top, resolve(cwd))) return folders;
  for (let folder = resolve(cwd); folder !== top && dirname(folder) !== folder; ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}
