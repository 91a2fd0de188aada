import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { putAside } from '../../core/put-aside.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { type ConflictsFile, countOpen } from '../../resolve/conflicts-file.ts';
import { isEmptyFile, nextFile, readConflictsIfAny, storeConflicts } from '../../resolve/store-conflicts.ts';
import { findUnresolved, isUnresolved } from '../../resolve/unresolved-rows.ts';
import { removeScratch } from '../../sync/merge/scratch.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { Context } from '../context.ts';

/** Where the conflicts file of a town lies: git, Dolt and beads leave what they do not know in `.dolt` alone. */
export function conflictsFileOf(database: string): string {
  return join(database, '.dolt', 'dolt-federation', 'conflicts.yaml');
}

interface Ended {
  readonly engines: Engines;
  /** Folder of the database. */
  readonly path: string;
  readonly branch: string;
  /** Our head after the run. */
  readonly head: string;
  readonly runs: readonly PeerProgress[];
  readonly peers: readonly Peer[];
  /** How long reading what one peer left may take, in milliseconds. */
  readonly mergeTimeoutMs: number;
}

/** What a run left for a person to look at. */
export interface WrittenConflicts {
  /** The conflicts file; null where nothing is left. */
  readonly file: string | null;
  /** Rows in it that are not decided yet. */
  readonly open: number;
  readonly problems: readonly Diagnostic[];
}

/**
 * Writes the conflicts file of a run, or removes the last one where nothing is left. The file holds all values, whatever
 * a report may show. That it could not be written fails nothing: what the run did stays done.
 */
export async function writeConflictsFile(ended: Ended, context: Context): Promise<WrittenConflicts> {
  try {
    return await leave(ended, context);
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') return { file: null, open: 0, problems: [] };
    return {
      file: null,
      open: 0,
      problems: [{ severity: 'warning', code: failure.code, message: failure.message, hint: failure.hint }],
    };
  }
}

async function leave(ended: Ended, context: Context): Promise<WrittenConflicts> {
  const { engines, runs, branch, peers } = ended;
  const { unread, ...found } = await findUnresolved(engines, runs, ended).finally(() =>
    // What cannot be removed now is removed by the next run.
    engines.use(NO_CREDENTIALS, ({ database }) => removeScratch(database)).catch(() => undefined),
  );
  const notRead = [...unread].map(([run, failure]) => unreadProblem(run, failure));
  const own = conflictsFileOf(ended.path);
  const known = context.conflictsDir === undefined ? await lastFile(own) : NO_LAST;
  const { last } = known;
  const problems = [...notRead, ...known.problems];
  if (last !== null && last.branch !== branch && last.merges.length > 0) {
    const isLost = found.merges.length + found.lost.length > 0;
    return { file: null, open: 0, problems: [...problems, ...(isLost ? [aboutAnother(own, last.branch)] : [])] };
  }
  const next = nextFile(last, {
    ...found,
    branch,
    heard: runs
      .filter((run) => !unread.has(run))
      .filter((run) => run.head !== null && run.actions?.merge === true && (run.failure === null || isUnresolved(run)))
      .map(({ peer }) => peer.name),
    configured: peers.map(({ name }) => name),
  });
  if (context.conflictsDir !== undefined && isEmptyFile(next)) return { file: null, open: 0, problems };
  const folder = context.conflictsDir;
  const file =
    folder === undefined ? own : join(await mkdtemp(join(folder, 'dolt-federation-conflicts-')), 'conflicts.yaml');
  return { file: (await storeConflicts(file, next)) ? file : null, open: countOpen(next), problems };
}

/**
 * How many rows earlier runs left undecided, for a run that writes no conflicts file. What cannot be read now is told by
 * the next run that writes it.
 */
export async function countEarlierOpen(database: string, context: Pick<Context, 'conflictsDir'>): Promise<number> {
  if (context.conflictsDir !== undefined) return 0;
  const last = await readConflictsIfAny(conflictsFileOf(database)).catch(() => null);
  return last === null ? 0 : countOpen(last.conflicts);
}

/** The merge is done, or refused for another reason; only the file lacks the rows. */
function unreadProblem({ peer }: PeerProgress, { code, message }: Failure): Diagnostic {
  return {
    severity: 'warning',
    code,
    message: `the conflicts file lacks the rows of ${peer.name}, which could not be read: ${message}`,
    hint: 'What was merged is as the result says. Compare the rows with a clone of the peer, or raise `merge-timeout`.',
    peer: peer.name,
  };
}

/** Somebody may have chosen in it, so it stays. */
function aboutAnother(file: string, branch: string): Diagnostic {
  return {
    severity: 'warning',
    code: 'conflicts-stale',
    message: `${file} is about the branch ${branch}, so what this run left was not written there`,
    hint: 'Settle what it asks with `dolt-federation resolve`, or remove it, and run again.',
  };
}

const NO_LAST = { last: null, problems: [] } as const;

/** The file of the last run. One that cannot be read is put aside: a person may have written in it. */
async function lastFile(
  file: string,
): Promise<{ readonly last: ConflictsFile | null; readonly problems: readonly Diagnostic[] }> {
  try {
    return { last: (await readConflictsIfAny(file))?.conflicts ?? null, problems: [] };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'conflicts-file-invalid') throw thrown;
    const message = `${thrown.message}; the file was put aside as ${await putAside(file)}`;
    return { last: null, problems: [{ severity: 'warning', code: thrown.code, message }] };
  }
}
