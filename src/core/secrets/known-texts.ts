/** How much of a known text is looked up at each position of another. */
const MAX_START = 8;

const PAIRS = 0x10000;

/** The place of a pair of units, which it shares with others; none for the last unit of a text. */
function pairAt(text: string, at: number): number {
  return (text.charCodeAt(at) * 0x101 + text.charCodeAt(at + 1)) % PAIRS;
}

type Counts = (start: number, end: number) => boolean;

/**
 * Finds known texts in others. There may be many thousands, and more are added between searches: neither adding one nor a
 * search looks at each of them.
 */
export class KnownTexts {
  readonly #texts = new Set<string>();
  /** The lengths of the texts that begin so, and the lengths of these beginnings. */
  readonly #byStart = new Map<string, Set<number>>();
  readonly #startLengths = new Set<number>();
  /** Marks the first two units of each text, so that a search reads on at few positions. */
  readonly #pairs = new Uint8Array(PAIRS);
  #longest = 0;

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /** The length of the longest text. */
  get longest(): number {
    return this.#longest;
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  add(text: string): void {
    this.#texts.add(text);
    this.#longest = Math.max(this.#longest, text.length);
    if (text.length === 1) this.#pairs.fill(1);
    else this.#pairs[pairAt(text, 0)] = 1;
    const start = text.slice(0, MAX_START);
    this.#startLengths.add(start.length);
    this.#byStart.set(start, (this.#byStart.get(start) ?? new Set()).add(text.length));
  }

  /**
   * The ranges of a text that consist of known texts, in order. Known texts that overlap are one range.
   * @param counts whether a range is taken for the known text in it
   */
  *rangesIn(text: string, counts: Counts = () => true): Generator<readonly [start: number, end: number]> {
    for (let at = 0; at < text.length; ) {
      const start = at;
      let end = this.#endAt(text, at, counts);
      if (end === at) {
        at += 1;
        continue;
      }
      for (; at < end; at += 1) end = Math.max(end, this.#endAt(text, at, counts));
      yield [start, end];
    }
  }

  /** The end of the longest known text that begins at a position; the position itself without any. */
  #endAt(text: string, at: number, counts: Counts): number {
    let end = at;
    // Most positions end here, before a text is made.
    if (this.#pairs[pairAt(text, at)] === 0) return end;
    for (const startLength of this.#startLengths) {
      for (const length of this.#byStart.get(text.slice(at, at + startLength)) ?? []) {
        if (at + length > end && this.#texts.has(text.slice(at, at + length)) && counts(at, at + length))
          end = at + length;
      }
    }
    return end;
  }
}
