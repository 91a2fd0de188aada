import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { valid } from 'semver';
import type { Env } from '../core/env.ts';
import { errorMessage, Failure, toFailure } from '../core/failure.ts';
import { doltEnvironment } from './environment.ts';
import { preparePrivateRoot } from './private-root.ts';
import { run } from './process.ts';

interface VersionContext {
  readonly env: Env;
  readonly tempDir: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;

/** The version in what `dolt version` prints (`dolt version 2.3.0`, `dolt version 2.3.1-dev`); null for anything else. */
export function parseDoltVersion(output: string): string | null {
  const words = /^dolt version (\S+)\r?(?:\n|$)/.exec(output);
  return valid(words?.[1] ?? null) === words?.[1] ? (words?.[1] ?? null) : null;
}

/**
 * Asks an executable which Dolt it is, without letting it contact anybody.
 * @returns its version, such as `2.3.0`
 * @throws Failure `dolt-not-found` when it cannot be run or is no Dolt, `interrupted` when the signal was aborted
 */
export async function doltVersion(executable: string, context: VersionContext): Promise<string> {
  await mkdir(context.tempDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(context.tempDir, 'version-'));
  try {
    const root = await preparePrivateRoot(folder);
    const ended = await run(executable, ['version'], {
      env: doltEnvironment(context.env, root),
      cwd: folder,
      signal: context.signal,
      timeoutMs: TIMEOUT_MS,
    });
    const version = ended.exitCode === 0 ? parseDoltVersion(ended.stdout) : null;
    if (version !== null) return version;
    const said = `${ended.stdout}${ended.stderr}`.trim().slice(0, 300);
    throw new Failure(
      'dolt-not-found',
      `"${executable} version" does not answer as Dolt does: exit code ${ended.exitCode}, output "${said}"`,
    );
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'unknown') throw failure;
    throw new Failure('dolt-not-found', `"${executable}" cannot be run: ${errorMessage(thrown)}`, { cause: thrown });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
