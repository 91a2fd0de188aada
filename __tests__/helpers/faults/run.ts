import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { z } from 'zod';
import { errorResultSchema, type RunResult, runResultSchema } from '../../../src/contract/result.ts';
import { readEnv } from '../../../src/core/env.ts';
import { CLI } from '../bundled-cli.ts';
import { COMPILE_CACHE, childNode } from '../child-node.ts';
import { testDolt } from '../dolt-binary.ts';
import { MARK } from './marked-processes.ts';

/** The arguments and variables of the committed command line. */
export interface RunSpec {
  /** A folder of the run's own: its home, its temporary files, its configuration. */
  readonly home: string;
  readonly command: 'sync' | 'pull' | 'push' | 'status' | 'plan';
  /** The value of `federation`. */
  readonly federation: unknown;
  readonly database: string;
  /** Further words of the command line. */
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const outputSchema = z.union([runResultSchema, errorResultSchema]);

interface Said {
  readonly at: number;
  readonly line: string;
}

/** How a run ended. */
export interface RunEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** Its lines on standard error, with the second of each. */
  readonly timeline: readonly Said[];
}

/** A run in progress. */
export interface Run {
  /** The mark in the environment of every process of the run. */
  readonly mark: string;
  readonly pid: number | undefined;
  readonly ended: Promise<RunEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Waits for a line of the run on standard error; false if the run ends without it. */
  said(check: (lines: readonly string[]) => boolean): Promise<boolean>;
}

/** Starts the committed command line as a user would. */
export async function startRun(spec: RunSpec): Promise<Run> {
  const mark = `faults-${randomUUID()}`;
  const config = join(spec.home, 'federation.yaml');
  await mkdir(join(spec.home, 'tmp'), { recursive: true });
  await writeFile(config, stringify({ federation: spec.federation }));
  const words = [spec.command, '--json', '--verbose', '--config', config, '--database', spec.database];
  const started = performance.now();
  const child = execa(childNode(), [CLI, ...words, '--dolt-path', testDolt(), ...(spec.words ?? [])], {
    cwd: spec.home,
    env: { ...environment(spec.home), ...COMPILE_CACHE, [MARK]: mark, ...spec.env },
    extendEnv: false,
    reject: false,
  });
  const lines: string[] = [];
  const timeline: Said[] = [];
  const elapsed = () => (performance.now() - started) / 1000;
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    timeline.push({ at: elapsed(), line });
    notify();
  });
  let over = false;
  const ended = child.then(({ exitCode, signal, stdout, stderr }) => {
    over = true;
    notify();
    return { exitCode, signal, stdout, stderr, seconds: elapsed(), timeline };
  });
  return {
    mark,
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
    said: (check) =>
      new Promise((resolve) => {
        const look = () => {
          if (!check(lines) && !over) return;
          listeners.delete(look);
          resolve(check(lines));
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs the committed command line to its end. */
export async function runToEnd(spec: RunSpec): Promise<RunEnd> {
  return (await startRun(spec)).ended;
}

/** The output of a run: a result, or the error that stopped it. */
export function outputOf(end: RunEnd): z.infer<typeof outputSchema> {
  if (end.stdout === '')
    throw new Error(`the run ended with ${end.exitCode ?? end.signal} and no result:\n${end.stderr}`);
  return outputSchema.parse(JSON.parse(end.stdout));
}

/** The result of a run that must have one. */
export function resultOf(end: RunEnd): RunResult {
  const output = outputOf(end);
  if ('error' in output) throw new Error(`${output.error.code}: ${output.error.message}`);
  return output;
}

/** The files that a run left in its folders for temporary files. */
export async function temporaryFiles(home: string): Promise<string[]> {
  const folders = [join(home, 'tmp'), join(home, '.cache', 'dolt-federation', 'tmp')];
  const found = await Promise.all(
    folders.map((folder) => readdir(folder, { recursive: true }).catch(() => [] as string[])),
  );
  return found.flat();
}

function environment(home: string): Record<string, string> {
  return {
    PATH: readEnv()['PATH'] ?? '',
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    XDG_CACHE_HOME: join(home, '.cache'),
  };
}
