import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnv } from '../../src/core/env.ts';

/** The Node of the Action's runners if this machine has it, and otherwise the Node of the tests. */
export function childNode(): string {
  return readEnv()['DOLT_FEDERATION_RUNNER_NODE'] ?? process.execPath;
}

/** The Node of the runners keeps compiled bundles here, which is half of the time of a start. Node 20 ignores it. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'compiled-bundles') } as const;

/** Writes a program that runs a file of JavaScript, as npm installs one. */
export async function writeProgram(program: string, script: string): Promise<void> {
  const { NODE_COMPILE_CACHE: cache } = COMPILE_CACHE;
  const text = `#!/bin/sh\nNODE_COMPILE_CACHE='${cache}' exec '${childNode()}' '${script}' "$@"\n`;
  await writeFile(program, text, { mode: 0o755 });
}
