import { type ErrorCodeEntry, FINAL, HUMAN, USAGE } from './error-entry.ts';

/** Errors of resolving conflicts by hand. */
export const RESOLVE_ERRORS = {
  'conflicts-file-unreadable': {
    title: 'The conflicts file cannot be read',
    hint: 'Give `--file` the path of the file that the last sync wrote; its report shows the path.',
    ...USAGE,
  },
  'conflicts-file-invalid': {
    title: 'The conflicts file is invalid',
    hint: 'Correct the line that the message names; write only after `choose:`. If you delete the file, `sync` writes it again.',
    ...USAGE,
  },
  'conflicts-undecided': {
    title: 'Rows in conflict have no choice yet',
    hint: 'Write a choice after each `choose:` that the message names, then run resolve again. Nothing was merged.',
    ...HUMAN,
  },
  'conflicts-stale': {
    title: 'The conflicts file is for other heads',
    hint: 'Run sync again: it writes the file for the current heads and keeps the choices for unchanged rows.',
    ...HUMAN,
  },
  'conflicts-file-unwritten': {
    title: 'The conflicts file could not be written',
    hint: 'Check that the folder that the message names is writable and has free space. The rest of the run is not affected.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
