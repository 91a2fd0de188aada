import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Contents } from '../../backup/contents.ts';
import { proofOf } from '../../backup/proof.ts';
import type { RunResult } from '../../contract/result.ts';
import { errorMessage, Failure, toFailure } from '../../core/failure.ts';
import { isFile, isFolder, isThere, writeFileAtomic } from '../../core/files.ts';
import { VERSION } from '../../core/version.ts';
import type { Context } from '../context.ts';
import { toProblem } from '../outcome/problems.ts';
import type { BackupRequest } from './request.ts';

/**
 * Refuses a file that could not be written after the work.
 * @throws Failure `bad-usage`
 */
export async function refuseUnwritable({ backup }: BackupRequest, { cwd }: Context): Promise<void> {
  if (backup.proof === null) return;
  const file = resolve(cwd, backup.proof);
  const why = !(await isFolder(dirname(file)))
    ? 'its folder does not exist'
    : (await isFolder(file))
      ? 'it is a folder'
      : (await isThere(file)) && !(await isFile(file))
        ? 'it is not an ordinary file'
        : null;
  if (why !== null)
    throw new Failure('bad-usage', `--proof names ${file}, but ${why}`, {
      hint: 'Name a file in a folder that exists.',
    });
}

/**
 * Writes the proof of a run, if it proved anything, and names it in the result. In a job without `--proof` it gets a
 * folder of its own in the temporary folder of the runner. If it cannot be written, the run is partial.
 */
export async function writeProof(
  result: RunResult,
  { backup }: BackupRequest,
  { conflictsDir, cwd }: Context,
  expected: Contents | null,
): Promise<RunResult> {
  const madeBy = `dolt-federation ${VERSION}`;
  const proof = expected === null ? null : proofOf(result, { expected, date: new Date(), madeBy });
  if (proof === null || result.backup === undefined) return result;
  try {
    const file = await proofFile(backup.proof === null ? null : resolve(cwd, backup.proof), conflictsDir);
    if (file === null) return result;
    await writeFileAtomic(file, `${JSON.stringify(proof, null, 2)}\n`);
    return { ...result, backup: { ...result.backup, proof: file } };
  } catch (thrown) {
    const { code } = toFailure(thrown);
    const problem = toProblem({
      severity: 'error',
      code,
      message: `the backups are made, but their proof could not be written: ${errorMessage(thrown)}`,
      hint: 'Free space or name another file, then run again: nothing is pushed twice.',
    });
    return { ...result, status: 'partial', problems: [problem, ...result.problems] };
  }
}

async function proofFile(asked: string | null, folder: string | undefined): Promise<string | null> {
  if (asked !== null || folder === undefined) return asked;
  return join(await mkdtemp(join(folder, 'dolt-federation-proof-')), 'proof.json');
}
