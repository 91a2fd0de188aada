import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Env } from '../core/env.ts';

/** The folders of PATH, in order; relative ones are left out, so that a checkout cannot put a program in the way. */
export function pathFolders(env: Env): readonly string[] {
  const value = env['PATH'] ?? env['Path'] ?? '';
  return value.split(delimiter).filter((folder) => isAbsolute(folder));
}

/** Every executable file of that name on PATH, in the order of PATH. */
export async function executablesOnPath(name: string, env: Env): Promise<readonly string[]> {
  const candidates = [...new Set(pathFolders(env))].map((folder) => join(folder, name));
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => found[index]);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
