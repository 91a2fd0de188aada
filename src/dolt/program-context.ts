import type { Redactor } from '../core/secrets.ts';

/** The options with which git or ssh connects with the credentials of an engine. */
export interface ProgramContext {
  readonly env: Readonly<Record<string, string>>;
  /** Private folder, which is removed with the engine. */
  readonly privateDir: string;
  readonly signal: AbortSignal;
  readonly secrets: Redactor;
}
