import { dirname, join, resolve } from 'node:path';
import { type Boundary, requireWithin } from '../../core/boundary.ts';
import type { Location } from '../../core/failure.ts';
import { isFolder, readIfThere, realPath } from '../../core/files.ts';
import { isProject } from './project-files.ts';

/** A file `.beads/redirect`, which names the workspace to use instead. */
export interface Redirect {
  /** The `.beads` with the file. */
  readonly from: string;
  readonly target: string;
  /** Whether the target is a workspace; bd 1.3.0 ignores the file otherwise. */
  readonly isFollowed: boolean;
  readonly at: Location;
}

/**
 * The redirect of a `.beads` folder. Only one step is followed, as bd 1.3.0 does; a relative path starts at the parent
 * of `.beads`.
 * @returns null if there is none
 * @throws Failure `outside-workspace`, `config-unreadable`
 */
export async function redirectOf(beads: string, boundary: Boundary | null): Promise<Redirect | null> {
  const file = join(beads, 'redirect');
  const lines = ((await readIfThere(file)) ?? '').split(/\r?\n/).map((line) => line.trim());
  const line = lines.findIndex((one) => one !== '' && !one.startsWith('#'));
  if (line === -1) return null;
  const at = { file, line: line + 1 };
  const target = await realPath(resolve(dirname(await realPath(beads)), lines[line] ?? ''));
  await requireWithin(boundary, target, { by: file, location: at });
  return { from: beads, target, isFollowed: (await isFolder(target)) && (await isProject(target)), at };
}
