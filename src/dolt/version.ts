import { stat } from 'node:fs/promises';
import { valid } from 'semver';
import { Failure, systemCode, toFailure } from '../core/failure.ts';
import { type PrivateRunContext, runPrivately } from './private-run.ts';

/**
 * The version in what `dolt version` prints (`dolt version 2.3.0`, `dolt version 2.3.1-dev`); null for anything else.
 */
export function parseDoltVersion(output: string): string | null {
  const words = /^dolt version (\S+)\r?(?:\n|$)/.exec(output);
  return valid(words?.[1] ?? null) === words?.[1] ? (words?.[1] ?? null) : null;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it or its interpreter does not exist',
  EACCES: 'this user may not execute it',
  ENOEXEC: 'it is no program for this machine',
};

/** Why the system did not start a program; null: for another reason. */
function whyNotStarted({ cause }: Failure): string | null {
  const code = systemCode(cause);
  return code === null ? null : (REASONS[code] ?? null);
}

/** By the identity of the file. */
const versions = new Map<string, string>();

/**
 * The version of an executable, which contacts no host for it. A process asks an unchanged file once.
 * @returns its version, such as `2.3.0`
 * @throws Failure `dolt-not-found` when it cannot be run or is not a Dolt, `interrupted` when the signal was aborted
 */
export async function doltVersion(executable: string, context: PrivateRunContext): Promise<string> {
  const identity = await identityOf(executable);
  const known = identity === null ? undefined : versions.get(identity);
  if (known !== undefined) return known;
  const version = await askVersion(executable, context);
  if (identity !== null) versions.set(identity, version);
  return version;
}

/** Differs after any change of the file; null if it cannot be read. */
async function identityOf(file: string): Promise<string | null> {
  try {
    const { dev, ino, size, ctimeNs } = await stat(file, { bigint: true });
    return [file, dev, ino, size, ctimeNs].join('\n');
  } catch {
    return null;
  }
}

async function askVersion(executable: string, context: PrivateRunContext): Promise<string> {
  try {
    const ended = await runPrivately(executable, ['version'], context);
    const version = ended.exitCode === 0 ? parseDoltVersion(ended.stdout) : null;
    if (version !== null) return version;
    const output = `${ended.stdout}${ended.stderr}`.trim().slice(0, 300);
    throw new Failure(
      'dolt-not-found',
      `"${executable} version" does not print the version of a Dolt: exit code ${ended.exitCode}, output "${output}"`,
    );
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'unknown' && failure.code !== 'too-large') throw failure;
    const why = whyNotStarted(failure) ?? failure.message;
    throw new Failure('dolt-not-found', `"${executable}" cannot be run: ${why}`, { cause: thrown });
  }
}
