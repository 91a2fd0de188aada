import { type ErrorCodeEntry, FINAL, HUMAN, USAGE } from '../error-entry.ts';

/** Errors of the JSONL file and of its commit to git. */
export const EXPORT_ERRORS = {
  'no-issues': {
    title: 'The database has no issues of beads to export',
    hint: 'Only a database of beads can be exported. Give the folder of one with `--database`. If `belt-and-suspenders` is the sync mode of another database, set `sync.mode: dolt-native`.',
    ...USAGE,
  },
  'export-row': {
    title: 'A row of the database would make the JSONL file useless: bd refuses to import a file with it',
    hint: 'Correct the rows with bd, for example with `bd close` or `bd reopen`, then run again. The file was not changed.',
    ...HUMAN,
  },
  'export-fewer': {
    title: 'The JSONL file has records that the export would not have, so it was not replaced',
    hint: 'Import the file with `bd import`, or move it aside. If the database has these issues, check `types.infra`, `export.exclude_owners` and the columns `ephemeral` and `is_template`. To replace the file in any case, set `--allow-fewer`.',
    ...HUMAN,
  },
  'export-differs': {
    title: 'The JSONL file differs from the database',
    hint: 'Run `dolt-federation export` to write the file again.',
    ...FINAL,
  },
  'export-failed': {
    title: 'The JSONL file could not be read or written',
    hint: 'Check that the path that the message names is an ordinary file in a writable folder with free space.',
    ...FINAL,
  },
  'jsonl-commit-failed': {
    title: 'The JSONL file was written, but not committed or pushed to git',
    hint: 'Check out a branch in an earlier step, with `contents: write` for the token. A protected branch refuses the push: set `jsonl-commit: pull-request` there.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
