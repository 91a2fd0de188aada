/** Process exit codes of every command, as a user or a workflow sees them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  conflict: 4,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means, in the order the README lists them. */
export const EXIT_CODE_MEANINGS: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  { code: EXIT.ok, meaning: 'success, or nothing to do' },
  { code: EXIT.failed, meaning: 'failed: every peer failed, or the run could not be done' },
  { code: EXIT.usage, meaning: 'bad usage or configuration; nothing was touched' },
  { code: EXIT.partial, meaning: 'partial: some peers failed, the others are in step' },
  { code: EXIT.conflict, meaning: 'a conflict or unrelated history is left for a human' },
  { code: EXIT.interrupted, meaning: 'interrupted (SIGINT)' },
  { code: EXIT.terminated, meaning: 'interrupted (SIGTERM)' },
];
