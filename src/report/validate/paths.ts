import { relative, sep } from 'node:path';
import { isInside } from '../../core/files.ts';

/** A file for people and tools: relative to a folder that contains it, with `/`; else unchanged. */
export function pathFrom(folder: string, file: string): string {
  return isInside(folder, file) ? relative(folder, file).split(sep).join('/') : file;
}
