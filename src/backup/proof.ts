import { basename } from 'node:path';
import type { Proof, RunResult } from '../contract/result.ts';
import type { Contents } from './contents.ts';

/** Facts that the result does not have. */
interface Facts {
  /** The contents of our database at the commit. */
  readonly expected: Contents;
  readonly date: Date;
  /** Name and version of this program. */
  readonly madeBy: string;
}

/**
 * The proof of a run's backups, to attach to a release; null if the run failed or proved none. It names no folder of this
 * machine above its database and the backups.
 */
export function proofOf(result: RunResult, { expected, date, madeBy }: Facts): Proof | null {
  const { backup, branch, database, doltVersion, peers, status } = result;
  const proven = peers.some(({ drill }) => drill?.kind === 'proven');
  const isGood = status === 'success' || status === 'unchanged';
  if (!proven || !isGood || backup === undefined || backup.commit === null || branch === null || doltVersion === null)
    return null;
  return {
    version: 1,
    madeBy,
    date: date.toISOString(),
    database: basename(database ?? ''),
    branch,
    tag: backup.tag,
    commit: backup.commit,
    databaseHash: expected.databaseHash,
    doltVersion,
    copies: backup.copies,
    required: backup.required,
    peers: peers.flatMap(({ name, endpoint, role, remoteHead, drill }) =>
      drill === undefined
        ? []
        : [
            {
              name,
              endpoint: withoutFolders(endpoint),
              role,
              kind: drill.kind,
              head: remoteHead,
              databaseHash: drill.databaseHash,
              tables: drill.tables,
              bytes: drill.bytes,
              durationMs: drill.durationMs,
            },
          ],
    ),
  };
}

/** Keeps only the last name of a path on this machine: readers of a release need not know the others. */
function withoutFolders(endpoint: string): string {
  return endpoint.replace(/^((?:git\+)?file:\/\/)[^/]*\/.*?([^/]+)\/*$/i, '$1/…/$2');
}
