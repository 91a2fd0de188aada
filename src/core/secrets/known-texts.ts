/** How much of a known text is looked up at each position of another. */
const MAX_START = 8;

/**
 * Finds known texts in others. There may be many thousands, and more are added between searches: neither adding one nor a
 * search looks at each of them.
 */
export class KnownTexts {
  readonly #texts = new Set<string>();
  /** The lengths of the texts that begin so, and the lengths of these beginnings. */
  readonly #byStart = new Map<string, Set<number>>();
  readonly #startLengths = new Set<number>();

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  add(text: string): void {
    this.#texts.add(text);
    const start = text.slice(0, MAX_START);
    this.#startLengths.add(start.length);
    this.#byStart.set(start, (this.#byStart.get(start) ?? new Set()).add(text.length));
  }

  /** The ranges of a text that consist of known texts, in order. Known texts that overlap are one range. */
  *rangesIn(text: string): Generator<readonly [start: number, end: number]> {
    for (let at = 0; at < text.length; ) {
      const start = at;
      let end = this.#endAt(text, at);
      if (end === at) {
        at += 1;
        continue;
      }
      for (; at < end; at += 1) end = Math.max(end, this.#endAt(text, at));
      yield [start, end];
    }
  }

  /** The end of the longest known text that begins at a position; the position itself without any. */
  #endAt(text: string, at: number): number {
    let end = at;
    for (const startLength of this.#startLengths) {
      for (const length of this.#byStart.get(text.slice(at, at + startLength)) ?? []) {
        if (at + length > end && this.#texts.has(text.slice(at, at + length))) end = at + length;
      }
    }
    return end;
  }
}
