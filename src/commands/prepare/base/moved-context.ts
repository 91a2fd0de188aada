import { join, relative, resolve } from 'node:path';
import type { ConfigOverrides } from '../../../config/configuration.ts';
import type { ConfigurationContext } from '../../../config/find-config.ts';
import { PATH_VARIABLES } from '../../../core/boundary.ts';
import { isInside, realPath } from '../../../core/files.ts';

/** The paths of a checkout, and those of the folder that replaces it. */
export interface MovedPaths {
  /** The path of the checkout that has the place of a path in the folder. */
  readonly original: (path: string) => string;
  /** The path in the folder that has the place of a path of the checkout. */
  readonly moved: (path: string) => string;
}

/** No folder replaces the checkout. */
export const NOT_MOVED: MovedPaths = { original: (path) => path, moved: (path) => path };

/** The search for a configuration, in another folder instead of the checkout. */
export interface Moved {
  readonly context: ConfigurationContext;
  readonly overrides: ConfigOverrides;
  readonly paths: MovedPaths;
}

/** Variables that name paths of a workspace, besides those that lift the boundary. */
const MOVED_VARIABLES = [...PATH_VARIABLES, 'BD_DB'] as const;

/**
 * The same search in a folder that has the place of the checkout. Paths in the checkout move along, also those of
 * variables.
 * @param root the checkout
 * @param folder the folder that replaces it
 */
export async function movedContext(
  root: string,
  folder: string,
  { cwd, ceiling, env, userHome, untrusted, tempDir }: ConfigurationContext,
  overrides: ConfigOverrides,
): Promise<Moved> {
  const real = await realPath(root);
  const roots = [root, real];
  const moved = (path: string): string => {
    const from = roots.find((one) => isInside(one, path));
    return from === undefined ? path : join(folder, relative(from, path));
  };
  const variables = MOVED_VARIABLES.flatMap((name) => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? [] : [[name, moved(resolve(cwd, value))] as const];
  });
  const { config } = overrides;
  const isHere = isInside(root, cwd);
  return {
    context: {
      cwd: moved(cwd),
      // Above a checkout that is not searched, the files of the job are the same for both sides.
      ceiling: isHere ? folder : ceiling,
      env: { ...env, ...Object.fromEntries(variables) },
      ...{ userHome, untrusted, tempDir },
    },
    overrides:
      config === undefined || config === '' ? overrides : { ...overrides, config: moved(resolve(cwd, config)) },
    paths: { moved, original: (path) => (isInside(folder, path) ? join(real, relative(folder, path)) : path) },
  };
}
