import type { Configuration } from '../../config/configuration.ts';
import type { RunResult } from '../../contract/result.ts';
import { asError, type Diagnostic } from '../../core/diagnostic.ts';
import { toFailure } from '../../core/failure.ts';
import { exportIssues } from '../../jsonl/export.ts';
import type { Context } from '../context.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';
import { mayWrite, type SyncRequest } from '../request.ts';
import { commitExported, exportingOf, jsonlFile, readingIssues } from './jsonl-file.ts';

/** The JSONL file after a run. */
export interface AfterSync {
  /** null: the mode of the run writes none. */
  readonly export: NonNullable<RunResult['export']> | null;
  readonly problems: readonly Diagnostic[];
}

export const NO_EXPORT: AfterSync = { export: null, problems: [] };

/** Whether a run writes the JSONL file, also if it has no peer. */
export function writesJsonl(request: Pick<SyncRequest, 'command' | 'dryRun'>, configuration: Configuration): boolean {
  const isMerging = request.command === 'sync' || request.command === 'pull';
  return configuration.syncMode.value === 'belt-and-suspenders' && isMerging && mayWrite(request);
}

/**
 * Writes the JSONL file in the mode belt-and-suspenders, also if no commit came in: the issues of this database may have
 * changed since the last run. A failure is a problem of the run, also an interruption; what was synchronized stays.
 */
export async function exportAfterSync(
  request: SyncRequest,
  context: Context,
  on: { readonly configuration: Configuration; readonly database: LocalDatabase; readonly branch: string },
): Promise<AfterSync> {
  const { configuration, database, branch } = on;
  if (!writesJsonl(request, configuration)) return NO_EXPORT;
  let written: NonNullable<RunResult['export']> = { status: 'failed', issues: null, file: null };
  try {
    const settings = await jsonlFile(request.jsonl, configuration, context);
    const { file } = settings;
    written = { ...written, file };
    const exporting = exportingOf(request, settings, branch);
    const exported = await readingIssues(database.engines, request.timeout, (sql) => exportIssues(sql, exporting));
    written = { ...exported, file };
    const commit = await commitExported(exporting, request, context, database.engines);
    return { export: commit === null ? written : { ...written, commit }, problems: [] };
  } catch (thrown) {
    return { export: written, problems: [asError(toFailure(thrown))] };
  }
}
