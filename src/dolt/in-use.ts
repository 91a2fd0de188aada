import { Failure } from '../core/failure.ts';
import type { Holder } from './lock-holder.ts';

/**
 * The refusal for a database that somebody else has open. Two writers would damage each other's work, so a lock is
 * never broken: another process holds it as long as it lives (dolthub/dolt#10852).
 * @param waitedMs how long it was waited for
 */
export function inUse(database: string, holder: Holder, waitedMs: number): Failure {
  const waited = waitedMs < 1_000 ? '' : `, also after ${Math.round(waitedMs / 1_000)} s`;
  return new Failure(
    'database-in-use',
    `federation requires direct database access, but ${nameOf(holder)} holds ${database}${waited}`,
    { hint: cureOf(holder) },
  );
}

/** Words for a holder. */
export function nameOf({ kind, pid, program }: Holder): string {
  const process = pid === null ? '' : ` (pid ${pid})`;
  switch (kind) {
    case 'run':
      return `another run of dolt-federation${process}`;
    case 'server':
      return `a Dolt server, ${program ?? 'dolt sql-server'}${process},`;
    case 'process':
      return `${program ?? 'another process'}${process}`;
    case 'unknown':
      return 'another Dolt process';
  }
}

function cureOf({ kind }: Holder): string {
  switch (kind) {
    case 'run':
      return 'Wait until that run has ended, then run again; give jobs that share a database one `concurrency` group.';
    case 'server':
      return 'Stop the server for the time of the run (a server of beads with `bd dolt stop`), or federate the remote that it pushes to.';
    case 'process':
      return 'Wait until that process has ended, or stop it, then run again. Never delete a LOCK file: the lock is held by the process, not by the file.';
    case 'unknown':
      return 'Stop the process that holds the database (a `dolt sql-server`, `bd` or another run), then run again. Never delete a LOCK file.';
  }
}
