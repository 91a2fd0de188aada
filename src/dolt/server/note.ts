import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallText } from '../../core/files.ts';

/** The note that a running server keeps beside the data. */
export function serverNote(database: string): string {
  return join(database, '.dolt', 'sql-server.info');
}

/**
 * Removes the note that a server left beside the data because it was killed: it names a process that is gone, and a
 * password of its. The note of anybody else stays.
 * @param pid process id of the server
 */
export async function removeServerNote(database: string, pid: number): Promise<void> {
  const file = serverNote(database);
  const note = await readSmallText(file);
  if (note.startsWith(`${pid}:`)) await rm(file, { force: true });
}
