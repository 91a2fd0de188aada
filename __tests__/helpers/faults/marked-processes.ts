import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';

/**
 * Every process of a run inherits this variable: the runner ends what outlives a job by it, so the product passes it on.
 * It finds also those that changed their session or lost their parent.
 */
export const MARK = 'RUNNER_TRACKING_ID';

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

const POLL_MS = 20;

/** The living processes that carry a mark; one that has ended and was not yet waited for carries none any more. */
export async function markedProcesses(mark: string): Promise<MarkedProcess[]> {
  return process.platform === 'linux' ? fromProc(`${MARK}=${mark}`) : fromPs(`${MARK}=${mark}`);
}

/** Waits until no process carries the mark; gives those that still do after the time. */
export async function outliving(mark: string, milliseconds: number): Promise<MarkedProcess[]> {
  const started = performance.now();
  for (;;) {
    const alive = await markedProcesses(mark);
    if (alive.length === 0 || performance.now() - started > milliseconds) return alive;
    await pause(POLL_MS);
  }
}

function fromProc(wanted: string): MarkedProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => readOf(pid, 'environ').split('\0').includes(wanted))
    .map((pid) => ({ pid: Number(pid), command: readOf(pid, 'cmdline').replaceAll('\0', ' ').trim() }));
}

/** A file of a process; empty if it has ended. */
function readOf(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'latin1');
  } catch {
    return '';
  }
}

/** macOS prints the environment behind the command. */
async function fromPs(wanted: string): Promise<MarkedProcess[]> {
  const { stdout } = await execa('ps', ['-A', '-E', '-ww', '-o', 'pid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined || !command.split(' ').includes(wanted)
      ? []
      : [{ pid: Number(pid), command }];
  });
}
