/** Process exit codes of every command, as a user or a workflow sees them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  conflict: 4,
  hangup: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The signals that end a run in order, and the exit code that each asks for: 128 and its number, as in a shell. */
export const SIGNAL_EXITS = {
  SIGHUP: EXIT.hangup,
  SIGINT: EXIT.interrupted,
  SIGQUIT: EXIT.quit,
  SIGTERM: EXIT.terminated,
} as const;

export type StopSignal = keyof typeof SIGNAL_EXITS;
export const STOP_SIGNALS: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

/** The meaning of each code, in the order of the pages. */
export const EXIT_CODE_MEANINGS: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  { code: EXIT.ok, meaning: 'success, or nothing to do' },
  { code: EXIT.failed, meaning: 'failed: every peer failed, or the run as a whole failed' },
  { code: EXIT.usage, meaning: 'invalid usage or configuration; nothing was changed' },
  { code: EXIT.partial, meaning: 'partial: some peers failed, the others are in sync' },
  { code: EXIT.conflict, meaning: 'a conflict or an unrelated history needs a decision' },
  { code: EXIT.hangup, meaning: 'interrupted (SIGHUP: the terminal was closed)' },
  { code: EXIT.interrupted, meaning: 'interrupted (SIGINT)' },
  { code: EXIT.quit, meaning: 'interrupted (SIGQUIT)' },
  { code: EXIT.terminated, meaning: 'interrupted (SIGTERM)' },
];
