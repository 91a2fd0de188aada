import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setOutput, warning } from '@actions/core';
import type { Rendered } from '../../commands/command.ts';
import { OUTPUTS, type OutputName } from '../../contract/outputs.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { errorResult } from '../../report/error-result.ts';
import { errorResultJson } from '../../report/result-json.ts';
import { requireRunnerFile } from './runner-file.ts';

/**
 * Writes the whole result to a file in the runner's temporary folder, where later steps of the job find it.
 * @param result what may be shown of it, since a later step may publish the file
 * @returns the file's absolute path; the empty text, and a warning, where it cannot be written whole: what has been done
 *   stands, and the other outputs still tell of it
 */
export async function writeResultFile(tempDir: string, result: unknown): Promise<string> {
  try {
    const path = join(await mkdtemp(join(tempDir, 'dolt-federation-result-')), 'result.json');
    await writeFileAtomic(path, `${JSON.stringify(result, null, 2)}\n`);
    return path;
  } catch (thrown) {
    warning(`the file with the whole result could not be written: ${errorMessage(thrown)}`);
    return '';
  }
}

/**
 * The only writer of outputs: sets all of them, those without a value to the empty text.
 * @returns why the runner's file for them cannot be written; null where it was. What the step did is still to be told.
 */
export function setOutputs(values: OutputValues, env: Env): Failure | null {
  try {
    requireRunnerFile(env, 'GITHUB_OUTPUT');
    for (const name of Object.keys(OUTPUTS) as OutputName[]) setOutput(name, values[name]);
    return null;
  } catch (thrown) {
    return new Failure('bad-usage', `the outputs of the step could not be written: ${errorMessage(thrown)}`, {
      hint: 'What was done stands. GITHUB_OUTPUT must name the file that the runner made for this step.',
      cause: thrown,
    });
  }
}

/** Every output but the path of the result file, which is known only when it has been written. */
export type OutputValues = Readonly<Record<OutputName, string>>;

const EMPTY = Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, ''])) as OutputValues;
const NOTHING = { changed: 'false', conflicts: '0', 'pulled-commits': '0', 'pushed-commits': '0' } as const;

/** The outputs of a command that came to an end. */
export function outputValues({ json, outputs }: Rendered): OutputValues {
  return { ...EMPTY, ...NOTHING, status: 'success', result: JSON.stringify(json), ...outputs?.() };
}

/** The outputs of a command that a failure stopped. */
export function failureValues(failure: Failure): OutputValues {
  return { ...EMPTY, ...NOTHING, status: 'failed', result: errorResultJson(errorResult(failure)) };
}
