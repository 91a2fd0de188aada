import { basename, join } from 'node:path';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { copyForOpening } from '../reading-copy.ts';
import { type EngineContext, openServer, type ServerOptions } from './server.ts';

/** A start that fails because of the data. */
const OF_DATA: readonly ErrorCode[] = ['corrupt', 'client-too-old'];

export function isOfData({ code }: Failure): boolean {
  return OF_DATA.includes(code);
}

/** A statement that was killed may write a little longer. */
const TRIES = 10;

/**
 * Opens a copy of a database. At its start Dolt reads the schemas of all tables of all branches, also of the
 * remote-tracking ones, and ends if it cannot decode one (2.3.0, measured). Then no Dolt opens the database any more.
 * @param options of the engine that has it open, or had; no statement runs in it
 * @returns why it cannot be opened; null: it can
 */
export async function tryToOpen(
  context: EngineContext,
  { dolt, database, copyOf, memoryLimit, signal }: ServerOptions,
): Promise<Failure | null> {
  return await inPrivateFolder(context, 'look', async (folder) => {
    const copy = await copied(database, folder);
    const named = { copyOf: copyOf ?? database, removeWith: [folder] };
    try {
      const server = await openServer(context, {
        dolt,
        database: copy,
        ...named,
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
        ...(signal === undefined ? {} : { signal }),
      });
      await server.stop();
      return null;
    } catch (thrown) {
      const failure = toFailure(thrown);
      // The engine that has it open could start, so the new data is the reason.
      if (!isOfData(failure) && failure.code !== 'engine-start') throw failure;
      return failure;
    }
  });
}

async function copied(database: string, folder: string): Promise<string> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const copy = join(folder, `${tries}`, basename(database));
    if (await copyForOpening(database, copy)) return copy;
  }
  throw new Failure('database-in-use', `${database} changed while it was copied`);
}
