import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import type { ReportedLeg, ReportResult } from '../../contract/result.ts';
import type { FailOn, PeerStatus, ReportValues, RunStatus } from '../../contract/vocabulary.ts';
import { boundaryOf, requireWithin } from '../../core/boundary.ts';
import { asError, type Diagnostic } from '../../core/diagnostic.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { splitList } from '../../core/lists.ts';
import { counted, listed } from '../../core/text.ts';
import { problemAnnotations } from '../../report/annotations.ts';
import { combinedAlarms } from '../../report/combined/alarm.ts';
import { combinedOutputs } from '../../report/combined/outputs.ts';
import { combinedSummary } from '../../report/combined/summary.ts';
import { combinedText } from '../../report/combined/text.ts';
import { page } from '../../report/page/page.ts';
import { withValues } from '../../report/values.ts';
import { defineCommand, type RawRequest } from '../command.ts';
import type { Context } from '../context.ts';
import { BY_STATUS, exitCodeOf } from '../outcome/exit-code.ts';
import { toProblem } from '../outcome/problems.ts';
import { runStatus } from '../outcome/run-status.ts';
import { isWithinStaleAfter } from '../outcome/staleness.ts';
import { groupLegs } from './group-legs.ts';
import { type Leg, mergeLegs } from './merge-legs.ts';
import type { ReadFile } from './read-results.ts';

export interface ReportRequest {
  /** Files and folders. */
  readonly files: readonly string[];
  /** How many results there must be; absent: any number. */
  readonly expect?: number | undefined;
  /** The HTML page to write. */
  readonly html?: string | undefined;
  readonly failOn: FailOn;
  readonly reportValues: ReportValues;
  /** The event may not write; then paths must be in the workspace. */
  readonly untrusted: boolean;
}

/**
 * Combines the results of several runs as if they were one, and writes the HTML page.
 * @throws Failure `no-results`, `result-invalid` if no file has a result, `no-primary`, `outside-workspace`
 */
export async function report(request: ReportRequest, context: Context): Promise<ReportResult> {
  // Only this command needs the schemas of results, and making them takes 10 to 20 ms. `eager` keeps them in the same
  // bundle.
  const { readResults } = await import(/* webpackMode: "eager" */ './read-results.ts');
  const result = combine(await readResults(request.files, context), request);
  if (request.html === undefined) return result;
  const written = { ...result, html: resolve(context.cwd, request.html) };
  await writePage(written, request, context);
  return written;
}

/** The report of all files. */
export function combine(files: readonly ReadFile[], { expect, failOn, reportValues }: ReportRequest): ReportResult {
  const refused = files.flatMap((file) => (file.kind === 'refused' ? [file.failure] : []));
  const [first] = refused;
  if (first !== undefined && refused.length === files.length)
    throw new Failure(first.code, first.message, {
      hint: first.hint,
      location: first.location ?? undefined,
      problems: refused.length === 1 ? undefined : refused,
    });
  const found: readonly Leg[] = files.flatMap(({ file, ...read }) =>
    read.kind === 'run' ? [{ file, result: withValues(read.result, reportValues) }] : [],
  );
  const runs = groupLegs(found).map(({ legs, missing }) => ({
    result: mergeLegs({ legs, missing }),
    legs: legs.map(legOf),
    missing: [...missing],
  }));
  const isPrimary = ({ result }: (typeof runs)[number]) => result.peers.some(({ role }) => role === 'primary');
  if (failOn === 'primary' && runs.length > 0 && !runs.some(isPrimary))
    throw new Failure('no-primary', '`--fail-on primary` is set, but no result has a primary');
  const notStarted = files.flatMap((file) => (file.kind === 'error' ? [couldNotStart(file)] : []));
  const problems = [
    ...refused.map(asError),
    ...notStarted,
    ...runs.flatMap(missingLegs),
    ...(expect === undefined ? [] : missingResults(expect, found.length + notStarted.length)),
  ].map(toProblem);
  const statuses = [...runs.map(({ result }) => result.status), ...problems.map(() => 'failed' as const)];
  return { version: 1, command: 'report', status: combinedStatus(statuses), runs, problems };
}

function legOf({ file, result }: Leg): ReportedLeg {
  const { shard = null, status, head, durationMs, conflictsPath } = result;
  return { shard, file, status, head, durationMs, ...(conflictsPath === undefined ? {} : { conflictsPath }) };
}

/** The status of several runs, as that of one with so many peers. */
function combinedStatus(statuses: readonly RunStatus[]): RunStatus {
  if (statuses.every((status) => status === 'skipped')) return 'skipped';
  const halfDone = statuses.includes('partial');
  return runStatus(statuses.map(asPeerStatus), { moved: false, unsaved: 0, halfDone });
}

function asPeerStatus(status: RunStatus): PeerStatus {
  switch (status) {
    case 'failed':
    case 'partial':
      return 'failed';
    case 'conflict':
    case 'skipped':
    case 'unchanged':
      return status;
    case 'success':
      return 'synced';
  }
}

function couldNotStart({ file, error }: Extract<ReadFile, { kind: 'error' }>): Diagnostic {
  const { code, message, hint, file: at, line, column } = error;
  const location = at === null ? {} : { location: { file: at, line: line ?? undefined, column: column ?? undefined } };
  return { severity: 'error', code, message: `the run of ${file} could not start: ${message}`, hint, ...location };
}

function missingLegs({ result, missing }: ReportResult['runs'][number]): readonly Diagnostic[] {
  if (missing.length === 0) return [];
  const message = `${result.command}: there is no result of ${listed('leg', missing)}`;
  return [{ severity: 'error', code: 'leg-missing', message }];
}

function missingResults(expected: number, found: number): readonly Diagnostic[] {
  if (found >= expected) return [];
  const message = `${counted(expected, 'result')} must exist, but there ${found === 1 ? 'is' : 'are'} ${found}`;
  return [{ severity: 'error', code: 'leg-missing', message }];
}

/** @throws Failure `outside-workspace`, `bad-usage` if the file cannot be written */
async function writePage(
  result: ReportResult & { readonly html: string },
  { html, reportValues }: ReportRequest,
  context: Context,
): Promise<void> {
  await requireWithin(await boundaryOf(context, [html]), result.html, { by: '`--html`' });
  try {
    await writeFileAtomic(result.html, page(result, reportValues));
  } catch (thrown) {
    throw new Failure('bad-usage', `the page ${result.html} cannot be written: ${errorMessage(thrown)}`, {
      hint: 'Correct `--html`: its folder must exist, and this user must be able to write there.',
      cause: thrown,
    });
  }
}

/**
 * The exit code of a report, as if everything was one run. A missing result is not a failure of a peer, so `fail-on`
 * does not change it; neither is a file that is not a result.
 */
export function exitCodeOfReport({ status, runs, problems }: ReportResult, failOn: FailOn): ExitCode {
  if (problems.some(({ code }) => code === 'result-invalid')) return EXIT.usage;
  const codes = runs.map(({ result }) => exitCodeOf(result, failOn));
  const code =
    failOn === 'any' && !onlyWaiting(runs, codes)
      ? BY_STATUS[status]
      : ([EXIT.failed, EXIT.conflict].find((one) => codes.includes(one)) ?? EXIT.ok);
  if (runs.some(({ result }) => (result.unsaved ?? 0) > 0)) return EXIT.failed;
  return code === EXIT.ok && problems.length > 0 ? EXIT.partial : code;
}

/** Whether the only failures are those that do not count before the peer is stale. */
function onlyWaiting(runs: ReportResult['runs'], codes: readonly ExitCode[]): boolean {
  const isWaiting = runs.some(({ result }) => result.peers.some((peer) => isWithinStaleAfter(peer, result)));
  return isWaiting && codes.every((code) => code === EXIT.ok);
}

function requestedFiles({ read, operands }: RawRequest): readonly string[] {
  const written = read('results');
  const files = written === undefined ? operands : splitList(written);
  if (files.length > 0) return files;
  throw new Failure('bad-usage', 'no result is named', {
    hint: 'Name files or folders with results; in a workflow with `results` under `with:`.',
  });
}

export const reportCommand = defineCommand({
  parse: (raw): ReportRequest => ({
    files: requestedFiles(raw),
    expect: raw.read('expect'),
    html: raw.read('html'),
    failOn: raw.read('fail-on'),
    reportValues: raw.read('report-values') ?? raw.reportValues,
    untrusted: raw.untrusted,
  }),
  run: report,
  render: (result, { reportValues }) => ({
    json: result,
    text: (style) => combinedText(result, reportValues, style),
    outputs: () => combinedOutputs(result),
    summary: () => combinedSummary(result),
    alarm: () => combinedAlarms(result, isWithinStaleAfter),
    annotations: () => problemAnnotations(result.problems),
    verdict: `report: ${result.status}`,
  }),
  exitCode: (result, { failOn }) => exitCodeOfReport(result, failOn),
});
