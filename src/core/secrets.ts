import { REDACTED, redact } from './redact.ts';

/** Makes a text of a tool fit to be shown. */
export type Redactor = Pick<Secrets, 'redact'>;

/** The values of a run that may appear nowhere, and texts without them: what no pattern can know. */
export class Secrets {
  readonly #onAdd: (secret: string) => void;
  #values: readonly string[] = [];

  /** @param onAdd told of each value once, before anybody can use it */
  constructor(onAdd: (secret: string) => void = () => {}) {
    this.#onAdd = onAdd;
  }

  add(secret: string): void {
    if (secret === '' || this.#values.includes(secret)) return;
    this.#onAdd(secret);
    // The longest first: where one secret is part of another, both go.
    this.#values = [...this.#values, secret].sort((a, b) => b.length - a.length);
  }

  /** The text with `***` in the place of every value that was added. */
  hide(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, REDACTED), text);
  }

  /** A text of a tool, which may hold other secrets as well. Values go first: a pattern would leave half of one. */
  redact(text: string): string {
    return redact(this.hide(text));
  }
}
