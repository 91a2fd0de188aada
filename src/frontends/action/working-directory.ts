import { realpath, stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { isInside } from '../../core/files.ts';
import { refusal } from './inputs.ts';

/**
 * The absolute folder of the input `working-directory`.
 * @throws Failure `bad-usage` if it is not a folder or leaves the workspace, also through a symbolic link
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

/** A file for an annotation: relative to the root of the repository, with `/`; unchanged if it is outside. */
export function fileInWorkspace(file: string, workspace: string): string {
  const path = resolve(workspace, file);
  return isInside(workspace, path) ? relative(workspace, path).split(sep).join('/') : file;
}
