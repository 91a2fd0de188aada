import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from '../../src/core/env.ts';
import type { InstallContext } from '../../src/install/dolt-request.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

/** A separate machine for one installation: PATH contains only the programs in `bin` of the test. */
export interface Machine extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly context: InstallContext;
  readonly bin: string;
  /** The log, as `level: text`. */
  readonly lines: string[];
  interrupt(): void;
}

export async function machine(env: Env = {}): Promise<Machine> {
  const folder = await tempFolder();
  const bin = folder.file('bin');
  await mkdir(bin);
  const lines: string[] = [];
  const abort = new AbortController();
  const says = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  return {
    folder,
    bin,
    lines,
    context: {
      env: { PATH: bin, ...env },
      cwd: folder.path,
      toolCacheDir: folder.file('tools'),
      tempDir: folder.file('tmp'),
      log: { debug: says('debug'), info: says('info'), warning: says('warning') },
      signal: abort.signal,
      pausesMs: [1, 2],
    },
    interrupt: () => abort.abort(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Writes a small shell program. */
export async function program(file: string, ...lines: readonly string[]): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, ['#!/bin/sh', 'PATH=/usr/bin:/bin', ...lines, ''].join('\n'));
  await chmod(file, 0o755);
  return file;
}

/** A program that answers `dolt version` like that version, for tests of the search for it only. */
export function answersAsDolt(folder: string, version: string): Promise<string> {
  return program(join(folder, 'dolt'), `echo "dolt version ${version}"`);
}
