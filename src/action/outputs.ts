import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { OUTPUTS, type OutputName } from '../contract/outputs.ts';
import type { OutputValues } from './output-values.ts';

/**
 * Writes the whole result to a file in the runner's temporary folder, where later steps of the job find it.
 * @param result what may be shown of it, since a later step may publish the file
 * @returns the file's absolute path
 */
export async function writeResultFile(tempDir: string, result: unknown): Promise<string> {
  const path = join(await mkdtemp(join(tempDir, 'dolt-federation-result-')), 'result.json');
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
}

/** The only writer of outputs: sets all of them, those without a value to the empty text. */
export function setOutputs(values: OutputValues): void {
  for (const name of Object.keys(OUTPUTS) as OutputName[]) setOutput(name, values[name]);
}
