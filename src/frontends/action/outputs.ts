import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { error, notice, setOutput, summary as stepSummary, warning } from '@actions/core';
import type { Rendered } from '../../commands/command.ts';
import { OUTPUTS, type OutputName } from '../../contract/outputs.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { escapedJson } from '../../core/json.ts';
import { type Annotation, errorAnnotations } from '../../report/annotations.ts';
import { errorResult, failureSummary } from '../../report/error-result.ts';
import { plainLines } from '../../report/plain.ts';
import { errorResultJson } from '../../report/result-json.ts';
import { PLAIN_STYLE } from '../../report/text/table.ts';
import { logText, logWarning } from './logger.ts';
import { requireRunnerFile } from './runner-file.ts';
import { fileInWorkspace } from './working-directory.ts';

/**
 * Writes the whole result to a file in the runner's temporary folder for later steps of the job.
 * @param result reduced to what may be shown, because a later step may publish the file
 * @returns the file's absolute path; or empty text and a warning if it cannot be written: the run is done, and the
 * other outputs still report it
 */
export async function writeResultFile(tempDir: string, result: unknown): Promise<string> {
  return await writeOutputFile(tempDir, 'result.json', `${JSON.stringify(result, null, 2)}\n`);
}

async function writeOutputFile(tempDir: string, name: string, text: string): Promise<string> {
  try {
    const path = join(await mkdtemp(join(tempDir, 'dolt-federation-result-')), name);
    await writeFileAtomic(path, text);
    return path;
  } catch (thrown) {
    warning(`the file ${name} could not be written: ${errorMessage(thrown)}`);
    return '';
  }
}

/**
 * The only writer of outputs: sets all of them, those without a value to the empty text.
 * @returns why the runner's output file cannot be written; null if it was written
 */
export function setOutputs(values: OutputValues, env: Env): Failure | null {
  try {
    requireRunnerFile(env, 'GITHUB_OUTPUT');
    for (const name of Object.keys(OUTPUTS) as OutputName[]) setOutput(name, values[name]);
    return null;
  } catch (thrown) {
    return new Failure('bad-usage', `the outputs of the step could not be written: ${errorMessage(thrown)}`, {
      hint: 'The run itself is complete. GITHUB_OUTPUT must name the file that the runner created for this step.',
      cause: thrown,
    });
  }
}

/** Every output except the path of the result file, which is known only after it was written. */
export type OutputValues = Readonly<Record<OutputName, string>>;

const EMPTY = Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, ''])) as OutputValues;
const NOTHING = { changed: 'false', conflicts: '0', 'pulled-commits': '0', 'pushed-commits': '0' } as const;

/** The outputs of a completed command. */
export function outputValues({ json, outputs }: Rendered): OutputValues {
  const values = { ...EMPTY, ...NOTHING, status: 'success', result: JSON.stringify(json), ...outputs?.() };
  // Workflows print it: `echo "$RESULT"`.
  return { ...values, result: escapedJson(values.result) };
}

/** The outputs of a failed command. */
export function failureValues(failure: Failure): OutputValues {
  return { ...EMPTY, ...NOTHING, status: 'failed', result: escapedJson(errorResultJson(errorResult(failure))) };
}

/**
 * Writes the files of a result to the runner's temporary folder.
 * @returns the output that names each; empty text and a warning if a file cannot be written
 */
export async function writeFiles(tempDir: string, { files }: Rendered): Promise<Partial<Record<OutputName, string>>> {
  const paths: Partial<Record<OutputName, string>> = {};
  for (const [output, { name, text }] of Object.entries(files?.() ?? {})) {
    paths[output as OutputName] = await writeOutputFile(tempDir, name, text);
  }
  return paths;
}

interface ReportOptions {
  readonly env: Env;
  readonly workspace: string;
  /** Whether the step will fail. */
  readonly failing: boolean;
}

/** Shows the outcome of a command in the log, in the job summary and as annotations. */
export async function reportOutcome(rendered: Rendered, { env, workspace, failing }: ReportOptions): Promise<void> {
  logText(rendered.text({ ...PLAIN_STYLE, showOrigin: false, inStep: true }));
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
