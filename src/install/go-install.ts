import { join } from 'node:path';
import { monotonicMs } from '../core/clock.ts';
import { Failure } from '../core/failure.ts';
import { run } from '../dolt/process.ts';
import { buildProgress } from './build-progress.ts';
import type { InstallContext } from './dolt-request.ts';
import { findGo, type Go } from './go.ts';
import { goEnvironment } from './go-environment.ts';

/** A main package of Dolt's Go module at one version, as Go and as people name it. */
export interface GoProgram {
  readonly package: string;
  readonly version: string;
  readonly label: string;
}

interface GoInstallOptions {
  /** A private folder: executables appear in its `bin`. */
  readonly folder: string;
  readonly heartbeatMs?: number | undefined;
}

/** `gms_pure_go`: no ICU library is needed. `-modcacherw`: a private module cache can be removed again. */
const FLAGS = ['-v', '-tags', 'gms_pure_go', '-modcacherw'];
const HEARTBEAT_MS = 15_000;

/**
 * Builds a program with the Go on PATH. Takes minutes, and says every 15 seconds that it lives.
 * @returns the folder that holds the executable, or why there is no usable Go
 * @throws Failure `dolt-build-failed` with the end of the log, or `interrupted`
 */
export async function goInstall(
  program: GoProgram,
  { folder, heartbeatMs = HEARTBEAT_MS }: GoInstallOptions,
  context: InstallContext,
): Promise<string | Extract<Go, { readonly kind: 'no-go' }>> {
  const bin = join(folder, 'bin');
  const env = goEnvironment(context.env, { bin, home: join(folder, 'home') });
  const go = await findGo(env, context);
  if (go.kind === 'no-go') return go;

  context.log.info(`Building ${program.label} from source with "${go.version}": this takes some minutes`);
  const progress = buildProgress();
  const started = monotonicMs();
  const beat = setInterval(() => {
    const seconds = Math.round((monotonicMs() - started) / 1000);
    context.log.info(`Building ${program.label}: ${seconds} s, ${progress.summary()}`);
  }, heartbeatMs);
  try {
    const options = { env, cwd: folder, signal: context.signal, onStderrLine: progress.line };
    const ended = await run(go.path, ['install', ...FLAGS, `${program.package}@${program.version}`], options);
    if (ended.exitCode === 0) return bin;
    throw new Failure('dolt-build-failed', `go install ended with exit code ${ended.exitCode}:\n${progress.tail()}`);
  } finally {
    clearInterval(beat);
  }
}
