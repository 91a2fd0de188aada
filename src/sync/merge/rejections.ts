import type { RejectedHead } from './fold.ts';

interface Rejection {
  readonly head: string;
  /** It, and every head that contains it. */
  readonly heads: readonly string[];
  readonly why: RejectedHead;
  /** The heads that keep it out, if it merges with ours alone. */
  readonly beside: readonly string[];
}

/** The heads that a series of folds rejects. */
export class Rejections {
  #all: readonly Rejection[] = [];
  readonly #returned = new Set<string>();

  /**
   * Adds a rejection. A head returns if one of those that keep it out is rejected later, but only once. So the number
   * of folds is bounded.
   */
  add(rejection: Rejection): void {
    this.#all = [...this.#all, rejection];
    const rejected = this.byHead();
    const returning = this.#all.filter(
      ({ head, beside }) => !this.#returned.has(head) && beside.some((one) => rejected.has(one)),
    );
    for (const { head } of returning) this.#returned.add(head);
    this.#all = this.#all.filter((one) => !returning.includes(one));
  }

  /** Every rejected head, with the first reason. */
  byHead(): Map<string, RejectedHead> {
    return new Map(this.#all.toReversed().flatMap(({ heads, why }) => heads.map((head) => [head, why])));
  }
}
