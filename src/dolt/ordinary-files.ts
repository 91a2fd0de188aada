import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import { oddEntries } from '../core/odd-entries.ts';

/**
 * Refuses a database with a FIFO, a socket or a device among its files: an engine that opens one waits for ever, with the
 * lock of the database in its hands.
 * @param database the folder that holds `.dolt`
 * @throws Failure `corrupt`
 */
export async function checkOrdinaryFiles(database: string): Promise<void> {
  const [special] = (await oddEntries(join(database, '.dolt'))).special;
  if (special === undefined) return;
  throw new Failure('corrupt', `${special} is no ordinary file`, {
    hint: 'Remove it, or restore the database from a peer.',
    location: { file: special },
  });
}
