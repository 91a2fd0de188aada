import pRetry from 'p-retry';
import { durationText } from '../contract/duration.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure } from '../core/failure.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { trackingHead } from '../dolt/sql/heads.ts';
import { fetchBranch, fetchMark, isMarked } from '../dolt/sql/transfer.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { SyncContext } from './sync-context.ts';
import { timeLimit } from './time-limits.ts';

interface Reading {
  /** Another branch than the one that belongs to ours. */
  readonly branch?: string;
  /** Called before each try. */
  readonly onTry?: () => void;
}

/** How long a fetch may go on after the branch is here. All that it brings then are tags, which are removed anyway. */
export const TAGS_MS = 2_000;

/**
 * Fetches a peer's branch, within its time and again where that may help.
 * @returns the commit that the branch points at there; null where the peer answered and has no such branch
 * @throws Failure with the class of what went wrong, `remote-empty`, `branch-missing`, `timeout`
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
    const ended = await engine.operationUntil(limit, run.reach, enough, (sql) => fetchBranch(sql, at, mark));
    if (!ended) run.foundManyTags(manyTags(run));
  }, context);
  return await trackingHead(engine.database, at);
}

function manyTags({ peer }: PeerProgress): Diagnostic {
  const message = `the fetch from ${peer.name} was ended after the branch had arrived: its tags took more than ${durationText(TAGS_MS)}`;
  return { severity: 'notice', code: 'many-tags', message };
}

interface Retries {
  /** How often to try again. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** The first pause is about this long, each further one about twice as long as the one before. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Reads from a peer, again where what went wrong may pass by itself. Not where the engine is gone: it takes a new one.
 * Only reading is repeated like this; a push that failed is followed by a fetch and a merge, never by the same push.
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
 * How long to wait before a lost race is run again: longer each time, and never the same, since towns must not stay in
 * step.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function pauseBefore(attempt: number): number {
  return Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
}
