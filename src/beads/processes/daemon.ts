import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { readIfThere } from '../../core/files.ts';
import { isAlive } from '../../core/processes.ts';

/**
 * Refuses a workspace with a running bd daemon, which may write to the database at any time. Beads of January 2026
 * records its process id in `.beads/daemon.pid`, which remains when it dies.
 * @param workspace absolute path of `.beads`
 * @param commandOf the command line of a living process, or null: a reused id is not a daemon
 * @throws Failure `database-in-use`; `config-unreadable` if the file is not an ordinary file
 */
export async function requireNoDaemon(
  workspace: string,
  commandOf: (pid: number) => Promise<string | null>,
): Promise<void> {
  const text = (await readIfThere(join(workspace, 'daemon.pid'))) ?? '';
  const pid = Number(/^\s*(\d{1,9})\s*$/.exec(text)?.[1] ?? 0);
  if (pid === 0 || !isAlive(pid)) return;
  const command = await commandOf(pid);
  if (command !== null && !/(?:^|[\\/\s])(?:bd|beads)(?:\.exe)?(?:\s|$)/.test(command)) return;
  throw new Failure(
    'database-in-use',
    `federation requires direct database access, but the bd daemon (pid ${pid}) of ${workspace} is running`,
    { hint: 'Stop it with `bd daemon stop`, run again, then start it again.' },
  );
}
