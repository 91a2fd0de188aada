import { resolve } from 'node:path';
import type { Env } from './env.ts';
import { Failure, type Location } from './failure.ts';
import { isInside, oddEntries, realPath } from './files.ts';

/** The facts that determine the boundary of a run. */
export interface BoundaryContext {
  readonly env: Env;
  readonly cwd: string;
  /** The workspace of the job; null: there is no boundary, as in a terminal. */
  readonly ceiling: string | null;
  /** The temporary folder of the job. */
  readonly tempDir?: string | undefined;
  /** Whether no input or variable may name another path: the event may not write. */
  readonly untrusted?: boolean | undefined;
}

/** The paths that files of a checkout may refer to: a commit could otherwise name any database of the runner. */
export interface Boundary {
  /** The workspace, for messages. */
  readonly workspace: string;
  /** Workspace and temporary folder, as written and with links resolved. */
  readonly own: readonly string[];
  /** Paths that an input or a variable of the job names, with links resolved. */
  readonly lifted: readonly string[];
}

/** Variables of the job that name paths. */
export const PATH_VARIABLES = [
  'DOLT_FEDERATION_DATABASE',
  'BEADS_DIR',
  'BEADS_DB',
  'BEADS_DOLT_DATA_DIR',
  'BEADS_SHARED_SERVER_DIR',
] as const;

/**
 * The boundary of a run. An input that names a path in the workspace adds nothing: it may be a link in the checkout.
 * @param inputs paths that inputs or flags name
 * @returns null if there is none
 */
export async function boundaryOf(
  context: BoundaryContext,
  inputs: readonly (string | undefined)[],
): Promise<Boundary | null> {
  const { ceiling, tempDir, cwd, env, untrusted = false } = context;
  if (ceiling === null) return null;
  const written = [ceiling, ...(tempDir === undefined ? [] : [tempDir])];
  const own = [...written.map((path) => resolve(path)), ...(await Promise.all(written.map(realPath)))];
  const named = untrusted ? [] : [...inputs, ...PATH_VARIABLES.map((name) => env[name])];
  const outside = named
    .flatMap((path) => (path === undefined || path === '' ? [] : [resolve(cwd, path)]))
    .filter((path) => !own.some((folder) => isInside(folder, path)));
  return { workspace: ceiling, own, lifted: await Promise.all(outside.map(realPath)) };
}

interface PathSource {
  /** The setting that names the path, for messages. */
  readonly by: string;
  readonly location?: Location | undefined;
}

/**
 * Requires that a path, with links resolved, is inside the boundary.
 * @throws Failure `outside-workspace`
 */
export async function requireWithin(
  boundary: Boundary | null,
  path: string,
  { by, location }: PathSource,
): Promise<void> {
  if (boundary === null || (await isWithin(boundary, path))) return;
  const { workspace } = boundary;
  throw new Failure('outside-workspace', `${by} points outside ${workspace}: ${await realPath(path)}`, { location });
}

/**
 * Requires that a folder of the checkout and every link below it is inside the boundary. A folder that an input or a
 * variable names is not part of the checkout, so its links are trusted.
 * @throws Failure `outside-workspace`
 */
export async function requireTreeWithin(boundary: Boundary | null, folder: string, source: PathSource): Promise<void> {
  if (boundary === null) return;
  await requireWithin(boundary, folder, source);
  if (!isOwn(boundary, await realPath(folder))) return;
  const { links } = await oddEntries(folder, (link) => isWithin(boundary, link));
  for (const link of links) await requireWithin(boundary, link, { ...source, by: `the link ${link}` });
}

/** Whether a path, with links resolved, is inside the boundary; without one, always. */
export async function isWithin(boundary: Boundary | null, path: string): Promise<boolean> {
  if (boundary === null) return true;
  const real = await realPath(path);
  return [...boundary.own, ...boundary.lifted].some((folder) => isInside(folder, real));
}

/** Whether a path, as written, is in the workspace or the temporary folder. */
export function isOwn({ own }: Boundary, path: string): boolean {
  return own.some((folder) => isInside(folder, path));
}
