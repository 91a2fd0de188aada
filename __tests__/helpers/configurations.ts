import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Configurations as people write them; `problems.json` has what is expected of the invalid ones. */
export const CONFIGURATIONS = join('__tests__', 'fixtures', 'configurations');

/** The expected problems of each invalid configuration. */
export async function expectedProblems(): Promise<Readonly<Record<string, readonly string[]>>> {
  return JSON.parse(await readFile(join(CONFIGURATIONS, 'problems.json'), 'utf8'));
}
