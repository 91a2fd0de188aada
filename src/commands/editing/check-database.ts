import { dirname, resolve } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { isThere } from '../../core/files.ts';
import type { Context } from '../context.ts';
import { locateDatabase } from '../prepare/locate-database.ts';

/**
 * Checks a folder that becomes `federation.database`. One that does not exist is accepted with a warning: a run can
 * clone a peer into it, or the file is for another machine.
 * @param file the configuration file, which the folder is relative to
 * @throws Failure `no-database` if the folder is not a database, and as `locateDatabase`; without a place in the file,
 * which does not have the value yet
 */
export async function checkDatabase(
  value: string,
  { before, file }: { readonly before: Configuration; readonly file: string },
  context: Context,
): Promise<void> {
  const database = { value, origin: { layer: 'file', location: { file } } } as const;
  try {
    await locateDatabase({ database: undefined, configuration: { ...before, database } }, context);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const { code, message, hint, cause } = thrown;
    if (code !== 'no-database' || (await isThere(resolve(dirname(file), value)))) {
      throw new Failure(code, message, { hint, cause });
    }
    context.log.warning(`${message}. ${hint}`);
  }
}
