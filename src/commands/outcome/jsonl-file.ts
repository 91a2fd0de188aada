import { resolve } from 'node:path';
import { type ExportSettings, exportSettings } from '../../beads/export-settings.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { ExportResult } from '../../contract/result.ts';
import { boundaryOf, requireWithin } from '../../core/boundary.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { gitTokenHeader } from '../../credentials/secret-texts.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Exporting } from '../../jsonl/export.ts';
import { type Committing, commitFile } from '../../jsonl/git.ts';
import type { Context } from '../context.ts';
import type { JsonlRequest, SyncRequest } from '../request.ts';

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
      hint: 'The issues of a database of beads are exported to the workspace of bd. Run it there, or give the path with `--jsonl-path`.',
    });
  }
  const by = path === undefined ? 'the JSONL file of the workspace' : '`--jsonl-path`';
  await requireWithin(await boundaryOf(context, [path]), file, { by });
  return { infraTypes: [], excludeOwners: [], ...settings, file };
}

/** What to export, as the user asked. */
export function exportingOf(
  { jsonl: { allowFewer }, reportValues }: Pick<SyncRequest, 'jsonl' | 'reportValues'>,
  { file, ...scope }: ExportSettings,
  branch: string,
): Exporting {
  return { file, branch, scope, allowFewer, nameRows: reportValues !== 'none' };
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

/** The outcome of the file's commit, as the JSON shows it. */
type CommitResult = NonNullable<ExportResult['commit']>;

/**
 * Commits the file to git, as the user asked. The token of the job is sent to the server of the job only.
 * @throws Failure `jsonl-commit-failed`
 */
export async function commitJsonl(
  file: string,
  { jsonl: { commit }, dolt: { githubToken } }: Pick<SyncRequest, 'jsonl' | 'dolt'>,
  context: Context,
): Promise<CommitResult | null> {
  if (commit === undefined) return null;
  return await commitFile({ ...commit, file, git: gitSettings(context.env, githubToken) }, context);
}

/** A checkout step may have left a header of its own; the empty one removes it. */
function gitSettings(env: Env, token: string | undefined): Committing['git'] {
  const server = env['GITHUB_SERVER_URL'];
  const own = [['http.followRedirects', 'false']] as const;
  if (server === undefined || token === undefined) return own;
  const header = `http.${server.replace(/\/$/, '')}/.extraheader`;
  return [...own, ['credential.helper', ''], [header, ''], [header, `Authorization: Basic ${gitTokenHeader(token)}`]];
}
