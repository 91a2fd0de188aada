import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResult } from '../../contract/result.ts';
import { errorMessage } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { copyForReading } from '../../dolt/reading-copy.ts';
import type { Context } from '../context.ts';
import { dataFilesIn, ENTRY_FILE, type Entry, newKey } from '../prepare/cache/entry.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';

/** A restored entry is replaced if the database is so many times as large: the next run fetches the rest. */
const MOST_GROWTH = 1.1;

/**
 * Stores a cloned database for the next runs, after its engine has stopped. The source must have its head as well: a run
 * discards any other database.
 */
export async function keepClone(
  { path, keeping }: Pick<LocalDatabase, 'path' | 'keeping'>,
  { branch, head, peers }: RunResult,
  context: Context,
): Promise<void> {
  if (keeping === null || branch === null || head === null || context.signal.aborted) return;
  const { cache, prefix, source, cloneMs, storedBytes } = keeping;
  const say = (text: string) => context.log.info(`Actions cache: the database was not stored: ${text}`);
  if (peers.find(({ name }) => name === source)?.remoteHead !== head)
    return say(`${source} has another head than ${head}`);
  const entry: Entry = { version: 1, branch, head, cloneMs };
  try {
    const { bytes } = await dataFilesIn(join(path, '.dolt'));
    if (storedBytes !== null && bytes <= storedBytes * MOST_GROWTH) return say('the restored entry has most of it');
    await inPrivateFolder(context, 'keep', async (folder) => {
      const copy = join(folder, 'database');
      const copied = await copyForReading(path, copy);
      if (copied !== 'copied')
        return say(copied === 'busy' ? 'another process has it open' : 'its journal is too large');
      const data = join(copy, '.dolt');
      await writeFile(join(data, ENTRY_FILE), JSON.stringify(entry));
      const { names } = await dataFilesIn(data);
      await cache.saveFolder({ what: 'the database', key: newKey(prefix, context.env) }, data, [ENTRY_FILE, ...names]);
    });
  } catch (thrown) {
    say(errorMessage(thrown));
  }
}
