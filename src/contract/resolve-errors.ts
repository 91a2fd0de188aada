import { type ErrorCodeEntry, FINAL, HUMAN, USAGE } from './error-entry.ts';

/** Errors of settling by hand what `manual` left. */
export const RESOLVE_ERRORS = {
  'conflicts-file-unreadable': {
    title: 'The conflicts file cannot be read',
    hint: 'Name with `--file` the file that the last sync wrote; its report says where that is.',
    ...USAGE,
  },
  'conflicts-file-invalid': {
    title: 'The conflicts file says something that cannot be',
    hint: 'Correct the line that the message names; write only after `choose:`. `sync` writes the file anew where it is missing.',
    ...USAGE,
  },
  'conflicts-undecided': {
    title: 'Rows in conflict have no choice yet',
    hint: 'Write a choice after each `choose:` that the message names, then run resolve again. Nothing was merged.',
    ...HUMAN,
  },
  'conflicts-stale': {
    title: 'The conflicts file belongs to other heads',
    hint: 'Run sync again: it writes the file for the heads of now and keeps the choices for rows that are as they were.',
    ...HUMAN,
  },
  'conflicts-file-unwritten': {
    title: 'The conflicts file could not be written',
    hint: 'Check that the folder that the message names can be written to and has room. Nothing else is amiss.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
