import { monotonicMs } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import { pause } from '../core/interruption.ts';
import type { Logger } from '../core/logger.ts';
import { inUse, nameOf } from './in-use.ts';
import { type Holder, lockHolder } from './lock-holder.ts';

/**
 * How long a database is waited for, by who holds it, in milliseconds. A command is over in a moment; a run of ours takes
 * as long as its peers; a server is there to stay, unless it is just ending.
 */
export type Patience = Readonly<Record<Holder['kind'], number>>;
const PATIENCE: Patience = { run: 60_000, server: 2_000, process: 10_000, unknown: 10_000 };

/** For work that can as well be done another time. */
export const NO_PATIENCE: Patience = { run: 0, server: 0, process: 0, unknown: 0 };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

interface Waiting {
  readonly database: string;
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Told once that it is waited, and for whom. */
  readonly log?: Pick<Logger, 'info'>;
  readonly patience?: Patience;
}

/**
 * Opens a database, waiting for a bounded time while another process holds it. Its lock is looked at, never broken.
 * @param open throws Failure `locked` while the database is held
 * @throws Failure `database-in-use` when it is not free in time, `interrupted`, and what `open` throws besides
 */
export async function whenFree<T>(waiting: Waiting, open: () => Promise<T>): Promise<T> {
  const started = monotonicMs();
  const patience = waiting.patience ?? PATIENCE;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    const opened = await attempt(open);
    if (!('locked' in opened)) return opened.value;
    const holder = await lockHolder(waiting.database, waiting.env);
    const waited = monotonicMs() - started;
    if (waited >= patience[holder.kind]) throw inUse(waiting.database, holder, waited);
    if (wait === FIRST_PAUSE_MS) waiting.log?.info(`waiting for ${waiting.database}: ${nameOf(holder)} holds it`);
    // Two runs that wait for a third must not come at the same moment again and again.
    await pause(wait * (0.75 + Math.random() / 2), waiting.signal);
  }
}

async function attempt<T>(open: () => Promise<T>): Promise<{ readonly value: T } | { readonly locked: true }> {
  try {
    return { value: await open() };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'locked') return { locked: true };
    throw thrown;
  }
}
