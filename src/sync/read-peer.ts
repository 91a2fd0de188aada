import pRetry from 'p-retry';
import { durationText } from '../contract/duration.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { trackingHead } from '../dolt/sql/heads.ts';
import { fetchBranch, fetchMark, isMarked } from '../dolt/sql/transfer.ts';
import type { PeerProgress } from './peer-progress.ts';
import { withSshReason } from './ssh-reason.ts';
import type { SyncContext } from './sync-context.ts';
import { timeLimit } from './time-limits.ts';

interface Reading {
  /** Another branch than the one that corresponds to ours. */
  readonly branch?: string;
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
  run: PeerProgress,
  { branch = run.branch, onTry }: Reading = {},
): Promise<string | null> {
  const at = { remote: run.remote, branch, user: run.user };
  await readWithRetries(async () => {
    onTry?.();
    const mark = fetchMark(at);
    const enough = {
      reached: () => isMarked(engine.database, mark),
      milliseconds: run.manyTags === null ? TAGS_MS : 0,
    };
    const limit = timeLimit(run.peer, 'fetch', context.timeoutMs);
    const ended = await withSshReason(engine, run, limit, () =>
      engine.operationUntil(limit, run.reach, enough, (sql) => fetchBranch(sql, at, mark)),
    );
    if (!ended) run.foundManyTags(manyTags(run));
  }, context);
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

/**
 * Reads from a peer, with retries after transient errors. A lost engine is not retried: it needs a new engine. Only
 * reads are repeated like this; a failed push is followed by a fetch and a merge.
 */
export async function readWithRetries<T>(read: () => Promise<T>, { retries, signal }: Retries): Promise<T> {
  return await pRetry(read, {
    retries,
    minTimeout: FIRST_PAUSE_MS,
    maxTimeout: LONGEST_PAUSE_MS,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => error instanceof Failure && error.retryable && error.code !== 'engine-lost',
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
