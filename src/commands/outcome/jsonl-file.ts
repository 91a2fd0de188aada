import { resolve } from 'node:path';
import { type ExportSettings, exportSettings } from '../../beads/export-settings.ts';
import { isEmbedded } from '../../beads/workspace.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { ExportResult } from '../../contract/result.ts';
import { boundaryOf, requireWithin } from '../../core/boundary.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { shorten } from '../../core/text.ts';
import { withoutRedirects } from '../../credentials/providers/git.ts';
import { gitTokenHeader } from '../../credentials/secret-texts.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { repositoryOfJob } from '../../github/client.ts';
import { openPullRequest } from '../../github/pull-request.ts';
import { type Exporting, requireRecords } from '../../jsonl/export.ts';
import { type Committing, commitFile } from '../../jsonl/git.ts';
import type { ExportScope } from '../../jsonl/read-issues.ts';
import type { Context } from '../context.ts';
import { searchOf } from '../prepare/base/source-at.ts';
import { DEFAULT_SYNC_REQUEST, type JsonlRequest, type SyncRequest } from '../request.ts';

/**
 * The JSONL file and what bd leaves out of it. A link or a key of the checkout cannot lead out of the workspace of a
 * job.
 * @throws Failure `bad-usage` if no path is given outside a beads workspace, `outside-workspace`
 */
export async function jsonlFile(
  { path }: Pick<JsonlRequest, 'path'>,
  configuration: Pick<Configuration, 'workspace' | 'redirect' | 'bdEnv'>,
  context: Context,
): Promise<ExportSettings & Pick<ExportScope, 'embedded'>> {
  const { workspace } = configuration;
  const settings = workspace === null ? null : await exportSettings(workspace);
  const file = path === undefined ? settings?.file : resolve(context.cwd, path);
  if (file === undefined) {
    throw new Failure('bad-usage', 'there is no beads workspace, so the path of the JSONL file is unknown', {
      hint: 'Run the command in the workspace of bd, or give the path with `--jsonl-path`.',
    });
  }
  const by = path === undefined ? 'the JSONL file of the workspace' : '`--jsonl-path`';
  await requireWithin(await boundaryOf(context, [path]), file, { by });
  const embedded = await isEmbedded(searchOf(configuration, context));
  return { infraTypes: [], excludeOwners: [], customStatuses: [], customTypes: [], ...settings, file, embedded };
}

/** The requested export. */
export function exportingOf(
  request: Pick<SyncRequest, 'jsonl' | 'reportValues'> & Partial<Pick<SyncRequest, 'maxDelete'>>,
  { file, ...scope }: ExportSettings & Pick<ExportScope, 'embedded'>,
  branch: string,
): Exporting {
  const { jsonl, reportValues, maxDelete = DEFAULT_SYNC_REQUEST.maxDelete } = request;
  return { file, branch, scope, allowFewer: jsonl.allowFewer, maxDelete, nameRows: reportValues !== 'none' };
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

/**
 * Commits the exported file as the user asked. Records of the branch that the export lacks are looked up in the database.
 * @throws Failure as `commitJsonl` does, `export-fewer`, `export-failed`, `timeout`
 */
export async function commitExported(
  exporting: Exporting,
  request: Pick<SyncRequest, 'jsonl' | 'dolt' | 'timeout'>,
  context: Context,
  engines: Engines,
): Promise<CommitResult | null> {
  return await commitJsonl(exporting.file, request, context, (former) =>
    readingIssues(engines, request.timeout, (sql) => requireRecords(sql, exporting, former)),
  );
}

/** The outcome of the file's commit, as the JSON shows it. */
type CommitResult = NonNullable<ExportResult['commit']>;

/**
 * Commits the file to git, as the user asked. The token of the job is sent to the server of the job only.
 * @throws Failure `jsonl-commit-failed`, also if a pull request could not be opened, `interrupted`, and what `compare` throws
 */
export async function commitJsonl(
  file: string,
  { jsonl: { commit }, dolt: { githubToken } }: Pick<SyncRequest, 'jsonl' | 'dolt'>,
  context: Context,
  compare: Committing['compare'],
): Promise<CommitResult | null> {
  if (commit === undefined) return null;
  const repository = repositoryOfJob(context, githubToken);
  if (commit.mode === 'pull-request' && repository === null)
    throw notProposed('the run has no token for the API of its server', NO_TOKEN);
  const committed = await commitFile({ ...commit, file, git: gitSettings(context.env, githubToken), compare }, context);
  if (committed.status !== 'proposed' || repository === null) return committed;
  const { base, ...proposed } = committed;
  const [title = ''] = commit.message.split('\n');
  const proposal = { head: committed.branch, base, title: shorten(title, MAX_TITLE), body: BODY };
  const opened = await openPullRequest(repository, proposal);
  if (opened.kind !== 'ok')
    throw notProposed(`the branch ${committed.branch} was pushed, but ${opened.reason}`, HINTS[opened.kind]);
  context.log.info(`the JSONL file is proposed in ${opened.value}`);
  return { ...proposed, pullRequest: opened.value };
}

/** GitHub refuses a longer title. */
const MAX_TITLE = 256;
const BODY =
  'The issues of the database, as `bd export` writes them. dolt-federation replaces the branch whenever the file changes.';

const PERMISSIONS =
  'Give the job `contents: write` and `pull-requests: write`. Under Settings > Actions > General, allow GitHub Actions to create pull requests.';

const NO_TOKEN = 'Run the command as a step of GitHub Actions that gets the token of its job.';
const HINTS = { refused: PERMISSIONS, missing: PERMISSIONS, failed: 'Run the job again.' } as const;

function notProposed(why: string, hint: string): Failure {
  return new Failure('jsonl-commit-failed', `no pull request was opened for the JSONL file: ${why}`, {
    hint,
  });
}

/** A checkout step may have left a header of its own; the empty one removes it. */
function gitSettings(env: Env, token: string | undefined): Committing['git'] {
  const server = env['GITHUB_SERVER_URL']?.replace(/\/$/, '');
  if (server === undefined || token === undefined) return withoutRedirects([]);
  const name = env['GITHUB_REPOSITORY'];
  const repositories = name === undefined ? [] : [`${server}/${name}`, `${server}/${name}.git`];
  const header = `http.${server}/.extraheader`;
  return [
    ...withoutRedirects([`${server}/`, ...repositories]),
    ['credential.helper', ''],
    [header, ''],
    [header, `Authorization: Basic ${gitTokenHeader(token)}`],
  ];
}
