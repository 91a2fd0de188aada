import { error, notice, summary as stepSummary, warning } from '@actions/core';
import type { Rendered } from '../../commands/command.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage, type Failure } from '../../core/failure.ts';
import { type Annotation, errorAnnotations } from '../../report/annotations.ts';
import { errorResult, failureSummary } from '../../report/error-result.ts';
import { plainLines } from '../../report/plain.ts';
import { logText, logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';
import { fileInWorkspace } from './working-directory.ts';

interface ReportOptions {
  readonly env: Env;
  readonly workspace: string;
  /** Whether the step will fail. */
  readonly failing: boolean;
}

/** Shows the outcome of a command in the log, in the job summary and as annotations. */
export async function reportOutcome(rendered: Rendered, { env, workspace, failing }: ReportOptions): Promise<void> {
  logText(rendered.text({ showOrigin: false }));
  if (rendered.summary !== undefined) await writeSummary(rendered.summary(), env);
  for (const annotation of rendered.annotations?.(failing) ?? []) annotate(annotation, workspace);
}

/** Shows the failure of a command: an annotation for each problem, and a job summary. */
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

/** A failed write of the summary does not fail the run. */
async function writeSummary(markdown: string, env: Env): Promise<void> {
  if (env['GITHUB_STEP_SUMMARY'] === undefined) return;
  try {
    requireRunnerFile(env, 'GITHUB_STEP_SUMMARY');
    await stepSummary.addRaw(markdown).write();
  } catch (thrown) {
    logWarning(`the job summary could not be written: ${errorMessage(thrown)}`);
  }
}
