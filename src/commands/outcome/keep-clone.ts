import { readdir, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { RunResult } from '../../contract/result.ts';
import { errorMessage } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { copyForReading } from '../../dolt/reading-copy.ts';
import type { Context } from '../context.ts';
import { ENTRY_FILE, type Entry, isDataFile, newKey } from '../prepare/cache/entry.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';

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
  const { cache, prefix, source, cloneMs, storedHead } = keeping;
  const say = (text: string) => context.log.info(`Actions cache: the database was not stored: ${text}`);
  if (head === storedHead) return;
  if (peers.find(({ name }) => name === source)?.remoteHead !== head)
    return say(`${source} has another head than ${head}`);
  const entry: Entry = { version: 1, branch, head, cloneMs };
  try {
    await inPrivateFolder(context, 'keep', async (folder) => {
      const copy = join(folder, 'database');
      const copied = await copyForReading(path, copy);
      if (copied !== 'copied')
        return say(copied === 'busy' ? 'another process has it open' : 'its journal is too large');
      const data = join(copy, '.dolt');
      await writeFile(join(data, ENTRY_FILE), JSON.stringify(entry));
      const files = await readdir(join(data, 'noms'), { recursive: true });
      const names = files.map((file) => `noms/${file.replaceAll(sep, '/')}`).filter(isDataFile);
      await cache.saveFolder({ what: 'the database', key: newKey(prefix, context.env) }, data, [ENTRY_FILE, ...names]);
    });
  } catch (thrown) {
    say(errorMessage(thrown));
  }
}
