import { loadConfiguration } from '../config/load.ts';
import { EXIT } from '../contract/exit-codes.ts';
import type { ExportResult } from '../contract/result.ts';
import type { ReportValues, RunStatus } from '../contract/vocabulary.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { compareIssues } from '../jsonl/compare.ts';
import { exportIssues } from '../jsonl/export.ts';
import { exportSummary, exportText } from '../report/text/export.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { commitExported, exportingOf, jsonlFile, readingIssues } from './outcome/jsonl-file.ts';
import { localBranch } from './prepare/local-database.ts';
import { readingDatabase } from './prepare/open-database.ts';
import { requestedBranch, requestedConfig, requestedDolt, requestedJsonl } from './prepare/options.ts';
import type { JsonlRequest, SyncRequest } from './request.ts';

export interface ExportRequest
  extends Pick<
    SyncRequest,
    'database' | 'branch' | 'bootstrap' | 'timeout' | 'retries' | 'credentials' | 'overrides' | 'dolt'
  > {
  readonly jsonl: JsonlRequest;
  /** Compare the file with the database, and write nothing. */
  readonly check: boolean;
  readonly reportValues: ReportValues;
  /** The event may not write. */
  readonly untrusted: boolean;
}

/**
 * Writes the issues of the database to the JSONL file of the workspace, or compares them. The database is only read, and
 * its uncommitted changes are part of it, as in `bd export`.
 * @throws Failure what finding and opening the database throws; `no-issues`, `export-row`, `export-fewer`,
 * `export-failed`, `outside-workspace`
 */
export async function exportJsonl(request: ExportRequest, context: Context): Promise<ExportResult> {
  const configuration = await loadConfiguration(context, request.overrides);
  const jsonl = await jsonlFile(request.jsonl, configuration, context);
  const { file } = jsonl;
  if (request.untrusted) return { ...NOTHING, status: 'skipped', file };
  return await readingDatabase(request, context, configuration, async (database) => {
    const { engines } = database;
    const { branch, head } = await engines.use(NO_CREDENTIALS, ({ database: sql }) =>
      localBranch(sql, database, request.branch),
    );
    const exporting = exportingOf(request, jsonl, branch);
    const at = { version: 1, command: 'export', database: database.path, branch, head, file } as const;
    if (!request.check) {
      const exported = await readingIssues(engines, request.timeout, (sql) => exportIssues(sql, exporting));
      const commit = await commitExported(exporting, request, context, engines);
      return { ...at, ...exported, ...(commit === null ? {} : { commit }) };
    }
    const { issues, ...difference } = await readingIssues(engines, request.timeout, (sql) =>
      compareIssues(sql, exporting),
    );
    const { missing, extra, changed, reordered } = difference;
    const isSame = missing.length + extra.length + changed.length === 0 && !reordered;
    if (isSame) return { ...at, status: 'same', issues };
    return { ...at, status: 'differs', issues, difference: shownDifference(difference, request.reportValues) };
  });
}

const NOTHING = { version: 1, command: 'export', database: null, branch: null, head: null, issues: null } as const;

/** Ids that a difference names, of each kind. */
const MAX_IDS = 100;

function shownDifference(
  { missing, extra, changed, reordered }: Omit<Awaited<ReturnType<typeof compareIssues>>, 'issues'>,
  values: ReportValues,
): NonNullable<ExportResult['difference']> {
  const counts = { missing: missing.length, extra: extra.length, changed: changed.length, reordered };
  if (values === 'none') return counts;
  const first = (ids: readonly string[]): string[] => ids.slice(0, MAX_IDS);
  return { ...counts, ids: { missing: first(missing), extra: first(extra), changed: first(changed) } };
}

function runStatusOf(status: ExportResult['status']): RunStatus {
  switch (status) {
    case 'written':
      return 'success';
    case 'differs':
      return 'failed';
    case 'unchanged':
    case 'same':
      return 'unchanged';
    case 'skipped':
      return 'skipped';
  }
}

export const exportCommand = defineCommand({
  parse: (raw): ExportRequest => {
    const { read } = raw;
    return {
      jsonl: requestedJsonl(raw),
      check: read('check'),
      database: read('database'),
      branch: requestedBranch(read('branch')),
      bootstrap: read('bootstrap'),
      timeout: read('timeout'),
      retries: read('retries'),
      credentials: raw.credentials,
      reportValues: read('report-values') ?? raw.reportValues,
      untrusted: raw.untrusted,
      overrides: requestedConfig(read),
      dolt: requestedDolt(raw),
    };
  },
  run: exportJsonl,
  render: (result) => ({
    json: result,
    text: () => exportText(result),
    summary: () => exportSummary(result),
    outputs: () => ({
      status: runStatusOf(result.status),
      'jsonl-path': result.file,
      'database-path': result.database ?? '',
      head: result.head ?? '',
    }),
    verdict: 'the JSONL file differs from the database',
  }),
  exitCode: ({ status }) => (status === 'differs' ? EXIT.failed : EXIT.ok),
});
