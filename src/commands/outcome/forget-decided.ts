import { toFailure } from '../../core/failure.ts';
import type { ConflictsFile } from '../../resolve/conflicts-file.ts';
import { decidedLost } from '../../resolve/decided.ts';
import { lostName, readConflictsIfAny, rewriteConflicts } from '../../resolve/store-conflicts.ts';
import type { Context } from '../context.ts';
import { conflictsFileOf, conflictsFileOfBranch } from './write-conflicts-file.ts';

/**
 * Removes what is done from the files that runs write for the branch, and from nothing else: another file is the user's
 * own.
 * @param file.digest of the file that was read
 */
export async function forgetDecided(
  chosen: ConflictsFile,
  { file, digest, database }: { readonly file: string; readonly digest: string; readonly database: string },
  { log }: Pick<Context, 'log'>,
): Promise<void> {
  const done = new Set(decidedLost(chosen).map(lostName));
  for (const path of [conflictsFileOf(database), conflictsFileOfBranch(database, chosen.branch)]) {
    try {
      const last = path === file ? { conflicts: { ...chosen, merges: [] }, digest } : await readConflictsIfAny(path);
      if (last === null || last.conflicts.branch !== chosen.branch) continue;
      const lost = last.conflicts.lost.filter((row) => !done.has(lostName(row)));
      await rewriteConflicts(path, { ...last.conflicts, lost }, last.digest);
    } catch (thrown) {
      // The merge is done. The next run removes its entry from the file; `resolve` refuses to restore a row again.
      log.warning(toFailure(thrown).message);
    }
  }
}
