import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BEADS_RULES } from '../../beads/database-rules.ts';
import type { Peer } from '../../config/configuration.ts';
import { asWarning, type Diagnostic } from '../../core/diagnostic.ts';
import { shortDigest } from '../../core/digest.ts';
import { errorMessage, Failure, toFailure } from '../../core/failure.ts';
import { putAside } from '../../core/files.ts';
import { shellWord } from '../../core/text.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { type ConflictsFile, countOpen } from '../../resolve/conflicts-file.ts';
import {
  isEmptyFile,
  newConflictsFile,
  nextFile,
  readConflictsIfAny,
  storeConflicts,
} from '../../resolve/store-conflicts.ts';
import { findUnresolved, needsPerson } from '../../resolve/unresolved-rows.ts';
import { isUnresolved } from '../../sync/merge/is-unresolved.ts';
import { removeScratch } from '../../sync/merge/scratch.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { Context } from '../context.ts';

/** Path of the conflicts file of a database. `.dolt` is the only folder that git, Dolt and beads all leave alone. */
export function conflictsFileOf(database: string): string {
  return join(database, '.dolt', 'dolt-federation', 'conflicts.yaml');
}

/** Path of the conflicts file of a branch, while the one of the database is for another branch. */
export function conflictsFileOfBranch(database: string, branch: string): string {
  return join(dirname(conflictsFileOf(database)), `conflicts-${shortDigest(branch, 8)}.yaml`);
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
  /** Whether a person has all of them: in a file, or in the report with the reason why they are in none. */
  readonly isComplete: boolean;
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
    const problems = failure.code === 'interrupted' ? interruptedProblems(ended) : [asWarning(failure)];
    return { file: null, open: 0, problems, isComplete: false };
  }
}

/** The next run writes the file: it repeats the merges that this one did not report. */
function interruptedProblems({ allProgress }: Ended): Diagnostic[] {
  if (!allProgress.some(needsPerson)) return [];
  return [
    {
      severity: 'warning',
      code: 'interrupted',
      message: 'the rows that need a decision are in no conflicts file yet, because the run was interrupted',
      hint: 'Run `dolt-federation sync` again: it writes them there.',
    },
  ];
}

async function writeUnresolved(ended: Ended, context: Context): Promise<WrittenConflicts> {
  const { engines, allProgress, branch, peers, path } = ended;
  const { unread, ...found } = await findUnresolved(engines, allProgress, { ...ended, rules: BEADS_RULES }).finally(
    () =>
      // The next run removes what cannot be removed now.
      engines.finish(({ database }) => removeScratch(database)).catch(() => undefined),
  );
  const isComplete = [...unread.values()].every(({ code }) => code !== 'interrupted');
  const notRead = [...unread].flatMap(([progress, failure]) =>
    failure.code === 'interrupted' ? [] : [unreadProblem(progress, failure)],
  );
  const known = context.conflictsDir === undefined ? await lastFiles(path, branch) : NO_LAST;
  const { last, other } = known;
  const problems = [...notRead, ...(isComplete ? [] : interruptedProblems(ended)), ...known.problems];
  const next = nextFile(last, {
    ...found,
    branch,
    checked: [
      ...allProgress.flatMap((progress) => (unread.has(progress) || !isAnswered(progress) ? [] : [progress.peer.name])),
      ...mergesOfDiscarded(last, allProgress),
    ],
    configured: peers.flatMap(({ name, role }) => (rightsOf(role).pull ? [name] : [])),
  });
  if (context.conflictsDir !== undefined) {
    if (isEmptyFile(next)) return { file: null, open: 0, problems, isComplete };
    const file = await newConflictsFile(context.conflictsDir);
    await storeConflicts(file, next);
    return { file, open: countOpen(next), problems, isComplete };
  }
  const own = conflictsFileOf(path);
  if (other !== null && isEmptyFile(next)) {
    await removeBranchFile(path, branch);
    return { file: null, open: 0, problems, isComplete };
  }
  const moved = other === null ? [] : [await keepOther(path, other)];
  const isThere = await storeConflicts(own, next);
  await removeBranchFile(path, branch);
  return {
    file: isThere ? own : null,
    open: countOpen(next),
    problems: [...problems, ...moved],
    isComplete,
  };
}

/** The rows of another branch may contain decisions of a person. A run on that branch goes on with them. */
async function keepOther(database: string, { branch }: ConflictsFile): Promise<Diagnostic> {
  const file = conflictsFileOfBranch(database, branch);
  await rename(conflictsFileOf(database), file).catch((cause: unknown) => {
    const message = `${file}: ${errorMessage(cause)}`;
    throw new Failure('conflicts-file-unwritten', message, { location: { file }, cause });
  });
  return {
    severity: 'notice',
    code: 'conflicts-stale',
    message: `the rows of the branch ${branch} that need a decision are in ${file} now`,
    hint: `Decide about them with \`dolt-federation resolve --file ${shellWord(file)}\`, or run \`sync\` on that branch again.`,
  };
}

/** Its rows are in the file of the database now, or none are left. */
async function removeBranchFile(database: string, branch: string): Promise<void> {
  await rm(conflictsFileOfBranch(database, branch), { force: true });
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
 * How many rows of earlier runs are undecided on a branch, for a run that writes no conflicts file. The next run that
 * writes the file reports a read error.
 */
export async function countEarlierOpen(
  database: string,
  branch: string,
  context: Pick<Context, 'conflictsDir'>,
): Promise<number> {
  if (context.conflictsDir !== undefined) return 0;
  for (const file of [conflictsFileOf(database), conflictsFileOfBranch(database, branch)]) {
    const found = await readConflictsIfAny(file).catch(() => null);
    if (found?.conflicts.branch === branch) return countOpen(found.conflicts);
  }
  return 0;
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

/** The rows of earlier runs. */
interface LastFiles {
  /** Of this branch; null: there are none. */
  readonly last: ConflictsFile | null;
  /** Of another branch, in the file of the database; null: it has none. */
  readonly other: ConflictsFile | null;
  readonly problems: readonly Diagnostic[];
}

const NO_LAST: LastFiles = { last: null, other: null, problems: [] };

async function lastFiles(database: string, branch: string): Promise<LastFiles> {
  const own = await lastFile(conflictsFileOf(database));
  if (own.last?.branch === branch) return { ...own, other: null };
  const kept = await lastFile(conflictsFileOfBranch(database, branch));
  const last = kept.last?.branch === branch ? kept.last : null;
  return { last, other: own.last, problems: [...own.problems, ...kept.problems] };
}

/** A file of earlier runs. An unreadable one is moved aside, because a person may have edited it. */
async function lastFile(file: string): Promise<Pick<LastFiles, 'last' | 'problems'>> {
  try {
    return { last: (await readConflictsIfAny(file))?.conflicts ?? null, problems: [] };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'conflicts-file-invalid') throw thrown;
    const message = `${thrown.message}; the file was renamed to ${await putAside(file)}`;
    return { last: null, problems: [{ severity: 'warning', code: thrown.code, message }] };
  }
}
