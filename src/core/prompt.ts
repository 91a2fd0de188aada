/** Asks for lines of text on a terminal. */
export interface Prompt {
  /** Shows a text. */
  say(text: string): void;
  /**
   * Asks for one line.
   * @returns the typed text, trimmed; `fallback` if it is empty
   * @throws Failure `interrupted` at the end of the input
   */
  line(question: string, fallback?: string): Promise<string>;
  close(): void;
}
