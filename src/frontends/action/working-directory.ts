import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { refusal } from './inputs.ts';

/**
 * The absolute folder that the input `working-directory` names.
 * @throws Failure `bad-usage` when it is no folder, or leaves the workspace, be it through a symbolic link
 */
export async function workingDirectory(workspace: string, written: string): Promise<string> {
  const folder = resolve(workspace, written);
  if (!isInside(workspace, folder)) throw refused(written, 'inside the workspace');
  const found = await stat(folder).catch(() => null);
  if (found === null || !found.isDirectory()) throw refused(written, 'a folder that exists in the workspace');
  if (!isInside(await realpath(workspace), await realpath(folder))) throw refused(written, 'inside the workspace');
  return folder;
}

function refused(text: string, allowed: string) {
  return refusal('working-directory', { text, allowed });
}

/** Whether `path` is `folder` or lies below it; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** A file as an annotation names it: from the root of the repository, with `/`; as it is where it lies outside. */
export function fileInWorkspace(file: string, workspace: string): string {
  const path = resolve(workspace, file);
  return isInside(workspace, path) ? relative(workspace, path).split(sep).join('/') : file;
}
