import { join } from 'node:path';
import { BEADS_RULES } from '../../beads/database-rules.ts';
import type { Peer } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { putAside } from '../../core/files.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { type ConflictsFile, countOpen } from '../../resolve/conflicts-file.ts';
import {
  isEmptyFile,
  newConflictsFile,
  nextFile,
  readConflictsIfAny,
  storeConflicts,
} from '../../resolve/store-conflicts.ts';
import { findUnresolved } from '../../resolve/unresolved-rows.ts';
import { isUnresolved } from '../../sync/merge/is-unresolved.ts';
import { removeScratch } from '../../sync/merge/scratch.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { Context } from '../context.ts';

/** Path of the conflicts file of a database. `.dolt` is the only folder that git, Dolt and beads all leave alone. */
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
  readonly allProgress: readonly PeerProgress[];
  readonly peers: readonly Peer[];
  /** Time limit for reading the unresolved rows of one peer, in milliseconds. */
  readonly mergeTimeoutMs: number;
}

/** The rows of a run that a person has to decide. */
export interface WrittenConflicts {
  /** The conflicts file; null if nothing is unresolved. */
  readonly file: string | null;
  /** Undecided rows in it. */
  readonly open: number;
  readonly problems: readonly Diagnostic[];
}

/**
 * Writes the conflicts file of a run, or removes the last one if nothing is unresolved. The file holds all values,
 * regardless of what reports may show. A failed write does not fail the run.
 */
export async function writeConflictsFile(ended: Ended, context: Context): Promise<WrittenConflicts> {
  try {
    return await writeUnresolved(ended, context);
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') return { file: null, open: 0, problems: [] };
    return {
      file: null,
      open: 0,
      problems: [{ severity: 'warning', code: failure.code, message: failure.withoutValues, hint: failure.hint }],
    };
  }
}

async function writeUnresolved(ended: Ended, context: Context): Promise<WrittenConflicts> {
  const { engines, allProgress, branch, peers } = ended;
  const { unread, ...found } = await findUnresolved(engines, allProgress, { ...ended, rules: BEADS_RULES }).finally(
    () =>
      // The next run removes what cannot be removed now.
      engines.finish(({ database }) => removeScratch(database)).catch(() => undefined),
  );
  const notRead = [...unread].flatMap(([progress, failure]) =>
    failure.code === 'interrupted' ? [] : [unreadProblem(progress, failure)],
  );
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
    checked: [
      ...allProgress.flatMap((progress) => (unread.has(progress) || !isAnswered(progress) ? [] : [progress.peer.name])),
      ...mergesOfDiscarded(last, allProgress),
    ],
    configured: peers.flatMap(({ name, role }) => (rightsOf(role).pull ? [name] : [])),
  });
  if (context.conflictsDir !== undefined && isEmptyFile(next)) return { file: null, open: 0, problems };
  const file = context.conflictsDir === undefined ? own : await newConflictsFile(context.conflictsDir);
  return { file: (await storeConflicts(file, next)) ? file : null, open: countOpen(next), problems };
}

/** Whether a run shows what remains open with a peer. The choices for a history that was rewritten are obsolete. */
function isAnswered(progress: PeerProgress): boolean {
  const { head, actions, failure } = progress;
  if (failure?.code === 'history-rewritten') return true;
  return head !== null && actions?.merge === true && (failure === null || isUnresolved(progress));
}

/** The peers with the head that this run discarded at another peer: every run would refuse it. */
function mergesOfDiscarded(last: ConflictsFile | null, allProgress: readonly PeerProgress[]): readonly string[] {
  const discarded = new Set(allProgress.map(({ replaced }) => replaced?.head));
  return (last?.merges ?? []).flatMap(({ peer, theirs }) => (discarded.has(theirs) ? [peer] : []));
}

/**
 * How many rows of earlier runs are undecided, for a run that writes no conflicts file. The next run that writes the
 * file reports a read error.
 */
export async function countEarlierOpen(database: string, context: Pick<Context, 'conflictsDir'>): Promise<number> {
  if (context.conflictsDir !== undefined) return 0;
  const last = await readConflictsIfAny(conflictsFileOf(database)).catch(() => null);
  return last === null ? 0 : countOpen(last.conflicts);
}

/** The merge is done, or refused for another reason; only the file lacks the rows. */
function unreadProblem({ peer }: PeerProgress, { code, withoutValues }: Failure): Diagnostic {
  return {
    severity: 'warning',
    code,
    message: `the rows of ${peer.name} are not in the conflicts file because they could not be read: ${withoutValues}`,
    hint: 'The result of the merge is correct. Compare the rows with a clone of the peer, or raise `--merge-timeout`.',
    peer: peer.name,
  };
}

/** The file may contain decisions of a person, so it is kept. */
function aboutAnother(file: string, branch: string): Diagnostic {
  return {
    severity: 'warning',
    code: 'conflicts-stale',
    message: `${file} is for the branch ${branch}, so the conflicts of this run were not written to it`,
    hint: 'Resolve its conflicts with `dolt-federation resolve`, or remove the file, then run again.',
  };
}

const NO_LAST = { last: null, problems: [] } as const;

/** The file of the last run. An unreadable file is moved aside, because a person may have edited it. */
async function lastFile(
  file: string,
): Promise<{ readonly last: ConflictsFile | null; readonly problems: readonly Diagnostic[] }> {
  try {
    return { last: (await readConflictsIfAny(file))?.conflicts ?? null, problems: [] };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'conflicts-file-invalid') throw thrown;
    const message = `${thrown.message}; the file was renamed to ${await putAside(file)}`;
    return { last: null, problems: [{ severity: 'warning', code: thrown.code, message }] };
  }
}
