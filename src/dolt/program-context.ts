import type { Redactor } from '../core/secrets.ts';

/** What git or ssh needs to connect with the credentials of an engine. */
export interface ProgramContext {
  readonly env: Readonly<Record<string, string>>;
  /** Private folder, which is removed with the engine. */
  readonly privateDir: string;
  readonly signal: AbortSignal;
  readonly secrets: Redactor;
}
