import type { ParsedCommand } from './command-tree.ts';

/** How a result is shown; nothing of it changes what is done. */
export interface Display {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** `config` only: say where each value came from. */
  readonly showOrigin: boolean;
}

/** What a command line asks for: something to run, or a text (help, version) to print. */
export type Invocation =
  | { readonly kind: 'run'; readonly parsed: ParsedCommand; readonly display: Display }
  | { readonly kind: 'print'; readonly text: string };
