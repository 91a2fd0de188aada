import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDatabase } from '../beads/database-folders.ts';
import { ERRORS } from '../contract/error-codes.ts';
import type { Notice } from '../sync/notice.ts';

/**
 * The databases in the folder of a database. Our engine serves the outer one alone; another server that is started there
 * serves them all, and one of the same name in place of the outer one (Dolt 2.3.0, measured; it follows no links).
 */
export async function nestedDatabases(database: string): Promise<readonly Notice[]> {
  const entries = await readdir(database, { withFileTypes: true }).catch(() => []);
  const inner: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() && (await isDatabase(join(database, entry.name)))) inner.push(entry.name);
  }
  if (inner.length === 0) return [];
  const [noun, verb] = inner.length === 1 ? ['another database', 'it is'] : ['other databases', 'they are'];
  const message = `${database} contains ${noun}: ${inner.sort().join(', ')}; ${verb} not part of this run`;
  return [{ severity: 'notice', code: 'nested-database', message, hint: ERRORS['nested-database'].hint }];
}
