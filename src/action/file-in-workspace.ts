import { relative, resolve, sep } from 'node:path';
import { isInside } from './working-directory.ts';

/** A file as an annotation names it: from the root of the repository, with `/`; as it is where it lies outside. */
export function fileInWorkspace(file: string, workspace: string): string {
  const path = resolve(workspace, file);
  return isInside(workspace, path) ? relative(workspace, path).split(sep).join('/') : file;
}
