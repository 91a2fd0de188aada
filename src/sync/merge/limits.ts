import { durationText } from '../../contract/duration.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import type { Engine, Session, TimeLimit } from '../../dolt/server/engines.ts';
import { reportShare } from '../../rows/merging.ts';
import type { RejectedHead } from './fold.ts';

/** One step of a fold, by hashes: what was merged before it, in order, and what it merges. */
interface Step {
  readonly merged: readonly string[];
  readonly head: string;
}

/** One engine loss for an unknown reason is tolerated per step: another process may have ended it. */
const LOSSES_PER_STEP = 2;
/** Checks share an engine this often; after that each head is checked alone to find the one that ends it. */
const SHARED_CHECKS = 2;

/** Whether a head was rejected because of a limit of this machine rather than because of its data. */
export function isLimit({ code }: Failure): boolean {
  return code === 'timeout' || code === 'too-large' || code === 'engine-lost';
}

/**
 * The limits of one run for reading and merging what peers bring. A step that passes a limit is refused for the rest of
 * the run, also in a new engine after a restart.
 */
export class MergeLimits {
  readonly #milliseconds: number;
  readonly #refused = new Map<string, RejectedHead>();
  readonly #losses = new Map<string, number>();
  #lostChecks = 0;

  /** @param peers that share the size limit of reports */
  constructor(milliseconds: number, peers: number) {
    this.#milliseconds = milliseconds;
    this.reportBytes = reportShare(peers);
  }

  /** Maximum size of the report of one merge, in bytes. */
  readonly reportBytes: number;

  /** Heads that are not merged in this run, because the report of their merge was too large. */
  readonly unreportable = new Map<string, RejectedHead>();

  /** How often an engine ended or had to be ended; only then a new one is worth a try. */
  lost = 0;

  /** Whether heads must be checked one after the other. */
  get checksSingly(): boolean {
    return this.#lostChecks >= SHARED_CHECKS;
  }

  recordLostCheck(): void {
    this.#lostChecks += 1;
    this.lost += 1;
  }

  /** The time limit for reading, checking, merging or reporting a head. */
  of(what: 'comparing' | 'checking' | 'merging' | 'reporting'): TimeLimit {
    return mergeLimit(what, this.#milliseconds);
  }

  /**
   * Merges one head within the limits. After a passed limit the session is unusable: the merge is open and may hold
   * temporary tables. The fold then restarts in a new engine, which refuses this step at once.
   * @returns null, or why it was not merged
   * @throws Failure `engine-lost` if a new engine is needed
   */
  async merge(
    engine: Engine,
    at: { readonly session: Session; readonly step: Step },
    work: (sql: Session['sql']) => Promise<RejectedHead | null>,
  ): Promise<RejectedHead | null> {
    const { session, step } = at;
    const name = JSON.stringify([step.merged, step.head]);
    const known = this.#refused.get(name);
    if (known !== undefined) return known;
    const limit = this.of('merging');
    let late: Failure | null = null;
    const within = { ...limit, failure: () => (late ??= limit.failure()) };
    try {
      return await engine.within(within, session, work);
    } catch (thrown) {
      const failure = toFailure(thrown);
      const excess = failure.code === 'too-large' ? failure : null;
      const why = failure.code === 'interrupted' ? null : ((await engine.endFailure(failure)) ?? late ?? excess);
      if (why === null && failure.code !== 'engine-lost') throw thrown;
      const losses = (this.#losses.get(name) ?? 0) + 1;
      this.#losses.set(name, losses);
      if (why !== null || losses === LOSSES_PER_STEP) {
        this.#refused.set(name, { failure: why ?? failure, conflicts: [] });
      }
      this.lost += 1;
      throw new Failure('engine-lost', `the Dolt server ended during the merge of ${step.head}`, { cause: thrown });
    }
  }
}

/** The time limit of one check or merge. */
export function mergeLimit(what: 'comparing' | 'checking' | 'merging' | 'reporting', milliseconds: number): TimeLimit {
  return {
    milliseconds,
    failure: () =>
      new Failure('timeout', `${what} the commits of this peer did not finish within ${durationText(milliseconds)}`, {
        hint: 'Check the definitions and the number of conflicting rows at the peer. If its changes are only large, raise `--merge-timeout`.',
      }),
  };
}
