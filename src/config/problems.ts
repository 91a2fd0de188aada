import { Failure, type Location } from '../core/failure.ts';

/** Collects failures while a configuration is read, to report them together. */
export class Problems {
  readonly #found: Failure[] = [];

  add(failure: Failure): void {
    this.#found.push(failure);
  }

  /** How many were found. */
  get size(): number {
    return this.#found.length;
  }

  /** The result of `work`, or undefined after a Failure, which is recorded; other errors are rethrown. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      // As arguments, a hundred thousand problems would not fit the stack.
      for (const problem of thrown.problems) this.#found.push(problem);
      return undefined;
    }
  }

  /** All problems, by position. */
  sorted(): readonly Failure[] {
    return this.#found.toSorted((a, b) => comparePlaces(a.location, b.location));
  }

  /** Throws the first problem by position; if there are more, the message counts them and `problems` has all. */
  throwIfAny(): void {
    const sorted = this.sorted();
    const [first] = sorted;
    if (first === undefined) return;
    if (sorted.length === 1) throw first;
    const others = sorted.length === 2 ? '1 more problem' : `${sorted.length - 1} more problems`;
    throw new Failure(first.code, `${first.message} (and ${others})`, {
      hint: first.hint,
      location: first.location ?? undefined,
      problems: sorted,
    });
  }
}

/**
 * Runs `work` and adds a position and a subject to its failure, unless it has its own.
 * @throws Failure as `work` does
 */
export function placed<T>(subject: string, location: Location | undefined, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.location !== null) throw thrown;
    const { code, message, hint, cause, problems } = thrown;
    const several = problems[0] === thrown ? undefined : problems;
    throw new Failure(code, `${subject}: ${message}`, { hint, location, cause, problems: several });
  }
}

/** The order of positions: by file, line and column; those without a file come first. */
export function comparePlaces(a: Location | null, b: Location | null): number {
  if (a?.file !== b?.file) return (a?.file ?? '') < (b?.file ?? '') ? -1 : 1;
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
