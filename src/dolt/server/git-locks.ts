import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Removes lock files that a killed git left in the repositories that Dolt keeps for git remotes. Call it while an engine
 * of ours holds the database: no other git works there then.
 * @param database the folder that holds `.dolt`
 */
export async function removeGitLocks(database: string): Promise<void> {
  const caches = join(database, '.dolt', 'git-remote-cache');
  for (const name of await readdir(caches).catch(() => [])) {
    const repository = join(caches, name, 'repo.git');
    for (const [folder, recursive] of [
      [repository, false],
      [join(repository, 'refs'), true],
      [join(repository, 'objects', 'info'), true],
    ] as const) {
      const files = await readdir(folder, { recursive }).catch(() => []);
      // A name with a dot in front is Dolt's own lock: `.dolt-gc.lock` (2.3.0).
      const locks = files.filter((file) => /^[^.].*\.lock$/.test(basename(file)));
      for (const lock of locks) await rm(join(folder, lock), { force: true });
    }
  }
}
