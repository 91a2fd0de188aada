import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { program } from '../installing.ts';
import { serverProgram } from '../servers/server-program.ts';
import { markedProcesses } from './marked-processes.ts';
import type { Run } from './run.ts';

/** The argument of the programs that hang, to find them again: no other process sleeps that long. */
const FOR_EVER = '987654';
const POLL_MS = 50;

/** A file of a git that hangs in its child, which it removes at SIGTERM, as git does with its lock files. */
export const LOCK = 'git.lock';

/** How a git hangs. */
export const HANGING = ['from the start', 'in its child', 'deaf to signals'] as const;
export type Hanging = (typeof HANGING)[number];

/**
 * A folder for PATH with a `git` that never ends after a command for another repository.
 * @param how `from the start`: already when asked for its version
 */
export async function hangingGit(folder: string, how: Hanging): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const real = serverProgram('GIT');
  const talks = 'case " $* " in *" fetch "*|*" ls-remote "*|*" push "*|*" clone "*) ;; *)';
  const passOn = `${talks} exec ${real} "$@" ;; esac`;
  switch (how) {
    case 'from the start':
      await program(join(bin, 'git'), `exec sleep ${FOR_EVER}`);
      break;
    case 'in its child':
      await program(
        join(bin, 'git'),
        passOn,
        `trap 'rm -f ${join(folder, LOCK)}; exit 1' TERM`,
        `: > ${join(folder, LOCK)}`,
        `setsid sleep ${FOR_EVER} &`,
        `sleep ${FOR_EVER} & wait`,
      );
      break;
    case 'deaf to signals':
      await program(join(bin, 'git'), passOn, "trap '' TERM INT HUP", `while :; do sleep ${FOR_EVER}; done`);
      break;
  }
  return bin;
}

/** Watches the programs of a run that hang. @returns the first and the last second of the run in which any existed */
export async function hangingFrom(run: Run): Promise<{ readonly first: number; readonly last: number } | null> {
  const started = performance.now();
  let over = false;
  void run.ended.finally(() => {
    over = true;
  });
  let first: number | null = null;
  let last = 0;
  for (;;) {
    const hanging = (await markedProcesses(run.mark)).some(({ command }) => command.includes(FOR_EVER));
    const now = (performance.now() - started) / 1000;
    if (hanging) {
      first ??= now;
      last = now;
    }
    if (over && !hanging) return first === null ? null : { first, last };
    await pause(POLL_MS);
  }
}
