import { dirname, relative, resolve } from 'node:path';
import type { ConfigOverrides } from '../../config/configuration.ts';
import { loadConfiguration } from '../../config/load.ts';
import { withValue } from '../../config/yaml/edit.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import { Failure } from '../../core/failure.ts';
import type { Context } from '../context.ts';
import { editConfiguration } from '../prepare/edit-configuration.ts';
import { locateDatabase } from '../prepare/locate-database.ts';

/**
 * Whether the folder of `database` is to be written to the configuration.
 * @throws Failure `bad-usage` if no folder is given
 */
export function requestedSave(read: ReadOption): boolean {
  if (read('save') && read('database') === undefined) {
    throw new Failure('bad-usage', '--save writes the folder given with --database, but there is none', {
      hint: 'Add `--database <folder>`, or remove `--save`.',
    });
  }
  return read('save');
}

interface Saving {
  readonly database?: string | undefined;
  readonly save?: boolean | undefined;
  readonly overrides: ConfigOverrides;
}

/**
 * Refuses to save a folder without a database, before the command changes anything.
 * @throws Failure `no-database`, and as `locateDatabase`
 */
export async function refuseUnsavable({ database, save, overrides }: Saving, context: Context): Promise<void> {
  if (save !== true || database === undefined) return;
  await locateDatabase({ database, configuration: await loadConfiguration(context, overrides) }, context);
}

/**
 * Writes the folder of `--database` to the configuration if asked to, relative to the file; else says how, unless the
 * configuration has one already.
 * @throws Failure as `editConfiguration`
 */
export async function offerDatabase(request: Saving, context: Context): Promise<void> {
  const { database, save, overrides } = request;
  // The Action has no flags, and its working directory may not outlive the job.
  if (database === undefined || !context.userHome) return;
  const folder = resolve(context.cwd, database);
  if (save !== true) {
    const { file, database: known } = await loadConfiguration(context, overrides);
    if (file === null || known.value !== null) return;
    context.log.info(`To find this database without --database, add --save: it writes federation.database to ${file}.`);
    return;
  }
  const { file, isChanged } = await editConfiguration(context, overrides, (text, _, path) =>
    withValue(text, ['federation', 'database'], relative(dirname(path), folder) || '.'),
  );
  context.log.info(isChanged ? `wrote federation.database to ${file}` : `${file} has federation.database already`);
}
