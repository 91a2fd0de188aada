import { resolve } from 'node:path';
import { type ExportSettings, exportSettings } from '../../beads/export-settings.ts';
import type { Configuration } from '../../config/configuration.ts';
import { boundaryOf, requireWithin } from '../../core/boundary.ts';
import { Failure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Context } from '../context.ts';
import type { JsonlRequest } from '../request.ts';

/**
 * The JSONL file and what bd leaves out of it. A link or a key of the checkout cannot lead out of the workspace of a job.
 * @throws Failure `bad-usage` if no path is given outside a beads workspace, `outside-workspace`
 */
export async function jsonlFile(
  { path }: Pick<JsonlRequest, 'path'>,
  { workspace }: Pick<Configuration, 'workspace'>,
  context: Context,
): Promise<ExportSettings> {
  const settings = workspace === null ? null : await exportSettings(workspace);
  const file = path === undefined ? settings?.file : resolve(context.cwd, path);
  if (file === undefined) {
    throw new Failure('bad-usage', 'there is no beads workspace, so the path of the JSONL file is unknown', {
      hint: 'Give it with `--jsonl-path`.',
    });
  }
  const by = path === undefined ? 'the JSONL file of the workspace' : '`--jsonl-path`';
  await requireWithin(await boundaryOf(context, [path]), file, { by });
  return { infraTypes: [], excludeOwners: [], ...settings, file };
}

/**
 * Reads the issues in an engine without credentials, with a time limit.
 * @throws Failure `timeout`
 */
export async function readingIssues<T>(
  engines: Engines,
  milliseconds: number,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const failure = () => new Failure('timeout', 'the issues were not exported within the time limit');
  return await engines.use(NO_CREDENTIALS, (engine) =>
    engine.allWithin({ milliseconds, failure }, () => engine.database.session(work)),
  );
}
