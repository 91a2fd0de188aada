import pLimit from 'p-limit';
import { type Failure, toFailure } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { endsWithin } from '../core/time.ts';
import { CONNECT_MS, type Destination, tryConnection } from '../egress/try-connection.ts';
import type { PeerProgress } from './peer-progress.ts';
import { readWithRetries } from './read-peer.ts';
import type { SyncContext } from './sync-context.ts';

/** Connections that are tried at the same time; each costs a socket, and an unreachable host costs half a minute. */
const PARALLEL = 100;
const LONGER_THAN_ANY_MS = 3_600_000;

/** A peer whose connection was tried, and why it failed; null: it can be reached. */
export interface Tried {
  readonly progress: PeerProgress;
  readonly failure: Failure | null;
}

/** Connections that are tried for all peers at the same time. */
export interface Connecting {
  /**
   * Waits until all are tried, or so many milliseconds. Each connection has a limit of its own.
   * @returns those that were tried since the last call
   * @throws Failure `interrupted`
   */
  tried(milliseconds?: number): Promise<readonly Tried[]>;
  /** Those that `tried` has not returned yet. */
  waiting(): readonly PeerProgress[];
}

/**
 * Begins to connect to the server of each peer. An engine serves one group of peers after another, and Dolt retries
 * without a message, so a peer that cannot be reached is found here, where it holds up none of the others.
 */
export function connectToAll(context: SyncContext, allProgress: readonly PeerProgress[]): Connecting {
  const { signal } = context;
  const limit = pLimit(PARALLEL);
  const waiting = new Set(allProgress);
  const done = new Map<PeerProgress, Failure | null>();
  const all = Promise.all(
    allProgress.map(async (progress) => {
      const { destination } = progress;
      done.set(progress, destination === null ? null : await limit(() => failureOf(context, progress, destination)));
    }),
  );
  return {
    waiting: () => [...waiting],
    async tried(milliseconds = LONGER_THAN_ANY_MS) {
      await endsWithin(all, milliseconds);
      throwIfInterrupted(signal);
      const found = [...done].flatMap(([progress, failure]) =>
        waiting.has(progress) ? [{ progress: progress, failure }] : [],
      );
      for (const { progress } of found) waiting.delete(progress);
      return found;
    },
  };
}

async function failureOf(
  context: SyncContext,
  progress: PeerProgress,
  destination: Destination,
): Promise<Failure | null> {
  const { env, signal, timeoutMs } = context;
  const { peer } = progress;
  const milliseconds = Math.min(CONNECT_MS, peer.timeout ?? timeoutMs);
  const trying = { env, signal, milliseconds };
  try {
    await readWithRetries(
      () => tryConnection(destination, trying),
      context,
      (attempt) => {
        progress.countAttempt();
        context.onProgress({ peer: peer.name, step: 'retrying', detail: attempt });
      },
    );
    return null;
  } catch (thrown) {
    progress.countAttempt();
    return toFailure(thrown);
  }
}
