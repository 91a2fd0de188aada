import pRetry from 'p-retry';
import { durationText } from '../contract/duration.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { trackingHead } from '../dolt/sql/heads.ts';
import { fetchBranch, fetchMark, isMarked } from '../dolt/sql/transfer.ts';
import type { PeerProgress } from './peer-progress.ts';
import { withSshReason } from './ssh-reason.ts';
import type { SyncContext } from './sync-context.ts';
import { type AnswerBy, sooner, timeLimit } from './time-limits.ts';

interface Reading {
  /** Another branch than the one that corresponds to ours. */
  readonly branch?: string;
  /** Until when the other peers wait for this one; absent: its own time limit. */
  readonly answerBy?: AnswerBy | null;
  /** Called before each try. */
  readonly onTry?: () => void;
}

/** How long a fetch may continue after the branch arrived. Only tags are missing then, and they are removed anyway. */
export const TAGS_MS = 2_000;

/**
 * Fetches a peer's branch within its time limit, with retries after transient errors.
 * @returns the commit of the branch; null if the peer answered and has no such branch
 * @throws Failure with the class of the error, `remote-empty`, `branch-missing`, `timeout`
 */
export async function readPeer(
  context: SyncContext,
  engine: Engine,
  progress: PeerProgress,
  { branch = progress.branch, answerBy = null, onTry }: Reading = {},
): Promise<string | null> {
  const at = { remote: progress.remote, branch, user: progress.user };
  await readWithRetries(
    async () => {
      onTry?.();
      const mark = fetchMark(at);
      const enough = {
        reached: () => isMarked(engine.database, mark),
        milliseconds: progress.manyTags === null ? TAGS_MS : 0,
      };
      const limit = sooner(timeLimit(progress.peer, 'fetch', context.timeoutMs), answerBy);
      const ended = await withSshReason(engine, progress, limit, () =>
        engine.operationUntil(limit, progress.reach, enough, (sql) => fetchBranch(sql, at, mark)),
      );
      if (!ended) progress.foundManyTags(manyTags(progress));
    },
    context,
    (attempt) => context.onProgress({ peer: progress.peer.name, step: 'retrying', detail: attempt }),
  );
  return await trackingHead(engine.database, at);
}

function manyTags({ peer }: PeerProgress): Diagnostic {
  const message = `the fetch from ${peer.name} was stopped after its branch: its tags took more than ${durationText(TAGS_MS)}`;
  return { severity: 'notice', code: 'many-tags', message };
}

interface Retries {
  /** Maximum retries. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** The first pause takes about this long; each further one takes about twice as long as the one before. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** A lost engine needs a new one, and a server that was silent for so long has had its chance. */
const FOR_ANOTHER_RUN: readonly ErrorCode[] = ['engine-lost', 'connect-timeout'];

/**
 * Reads from a peer, with retries after transient errors. Only reads are repeated like this; a failed push is followed
 * by a fetch and a merge.
 * @param onRetry called before each pause, with a text such as `network; attempt 2 of 4 follows`
 */
export async function readWithRetries<T>(
  read: () => Promise<T>,
  { retries, signal }: Retries,
  onRetry?: (attempt: string) => void,
): Promise<T> {
  return await pRetry(read, {
    retries,
    minTimeout: FIRST_PAUSE_MS,
    maxTimeout: LONGEST_PAUSE_MS,
    randomize: true,
    signal,
    shouldRetry: ({ error, attemptNumber, retriesLeft }) => {
      if (!(error instanceof Failure) || !error.retryable || FOR_ANOTHER_RUN.includes(error.code)) return false;
      if (retriesLeft > 0) onRetry?.(`${error.code}; attempt ${attemptNumber + 1} of ${retries + 1} follows`);
      return true;
    },
  });
}

/**
 * The pause before a lost push race is repeated. It grows and is random, so that databases do not stay in lockstep.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function pauseBefore(attempt: number): number {
  return Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
}
