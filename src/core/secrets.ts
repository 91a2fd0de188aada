import { REDACTED } from './redact.ts';

/** The values that may appear nowhere, and texts without them: what no pattern can know. */
export class Secrets {
  private values: readonly string[] = [];

  add(secret: string): void {
    if (secret === '' || this.values.includes(secret)) return;
    // The longest first: where one secret is part of another, both go.
    this.values = [...this.values, secret].sort((a, b) => b.length - a.length);
  }

  /** The text with `***` in the place of every value that was added. */
  hide(text: string): string {
    return this.values.reduce((rest, value) => rest.replaceAll(value, REDACTED), text);
  }
}
