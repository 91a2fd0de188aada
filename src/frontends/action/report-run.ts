import { error, notice, summary as stepSummary, warning } from '@actions/core';
import type { DoctorResult } from '../../contract/doctor-result.ts';
import type { RunResult } from '../../contract/result.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage, type Failure, type Location } from '../../core/failure.ts';
import { type Annotation, annotations, errorAnnotations } from '../../report/annotations.ts';
import { doctorSummary, doctorText } from '../../report/doctor.ts';
import { errorResult, failureSummary } from '../../report/error-result.ts';
import { plainLines } from '../../report/plain.ts';
import { SUMMARY_BUDGET_BYTES, summary } from '../../report/summary.ts';
import { text } from '../../report/text.ts';
import { logText, logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';
import { fileInWorkspace } from './working-directory.ts';

interface ReportOptions {
  readonly env: Env;
  readonly workspace: string;
  /** Whether the step is going to fail. */
  readonly failing: boolean;
  readonly locations: Readonly<Record<string, Location>>;
}

/** Shows a run in the log, in the job summary and as annotations; the result is what may be shown of it. */
export async function reportRun(result: RunResult, options: ReportOptions): Promise<void> {
  logText(text(result));
  await writeSummary(summary(result), options.env);
  for (const annotation of annotations(result, options)) annotate(annotation, options.workspace);
}

/** Shows what `doctor` found, in the log and in the job summary. */
export async function reportDoctor(result: DoctorResult, env: Env): Promise<void> {
  logText(doctorText(result));
  await writeSummary(doctorSummary(result, SUMMARY_BUDGET_BYTES), env);
}

/** Shows a failure that stopped the command: an error on each line that is to blame, and a job summary. */
export async function reportFailure(failure: Failure, place: { readonly env: Env; readonly workspace: string }) {
  const result = errorResult(failure);
  await writeSummary(failureSummary(result), place.env);
  for (const annotation of errorAnnotations(result)) annotate(annotation, place.workspace);
}

function annotate(annotation: Annotation, workspace: string): void {
  const { file, line, column, title } = annotation;
  const properties = {
    title,
    ...(file === null ? {} : { file: fileInWorkspace(file, workspace) }),
    ...(line === null ? {} : { startLine: line }),
    ...(column === null ? {} : { startColumn: column }),
  };
  const message = plainLines(annotation.message).join('\n');
  switch (annotation.severity) {
    case 'error':
      error(message, properties);
      break;
    case 'warning':
      warning(message, properties);
      break;
    case 'notice':
      notice(message, properties);
      break;
  }
}

/** A summary that cannot be written is no reason to fail what has been done. */
async function writeSummary(markdown: string, env: Env): Promise<void> {
  if (env['GITHUB_STEP_SUMMARY'] === undefined) return;
  try {
    requireRunnerFile(env, 'GITHUB_STEP_SUMMARY');
    await stepSummary.addRaw(markdown).write();
  } catch (thrown) {
    logWarning(`the job summary could not be written: ${errorMessage(thrown)}`);
  }
}
