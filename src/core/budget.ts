import { Failure } from './failure.ts';

const MIB = 1024 * 1024;

/** Limits how many bytes may be held at a time. */
export class Budget {
  readonly #what: string;
  readonly #bytes: number;
  #taken = 0;

  /** @param what is held, for the message */
  constructor(what: string, bytes: number) {
    this.#what = what;
    this.#bytes = bytes;
  }

  /** @throws Failure `too-large` if more is held than allowed */
  take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken <= this.#bytes) return;
    throw new Failure(
      'too-large',
      `${this.#what} need more than ${(this.#bytes / MIB).toFixed(1).replace('.0', '')} MiB`,
    );
  }

  /** Runs work and releases the bytes that it took. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#taken;
    try {
      return await work();
    } finally {
      this.#taken = before;
    }
  }
}

/** The text of an answer. @throws errors of the connection, and an Error if the answer is larger than a limit */
export async function limitedText(answer: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
