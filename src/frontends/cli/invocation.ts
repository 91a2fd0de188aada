import type { ParsedCommand } from './command-tree.ts';

/** How to show a result; it does not affect what is done. */
export interface Display {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** `config` only: say where each value came from. */
  readonly showOrigin: boolean;
}

/** A parsed command line: a command to run, or a text (help, version) to print. */
export type Invocation =
  | { readonly kind: 'run'; readonly parsed: ParsedCommand; readonly display: Display }
  | { readonly kind: 'print'; readonly text: string };
