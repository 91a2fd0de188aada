import { type ErrorCodeEntry, FINAL, TRANSIENT } from './error-entry.ts';
import { EXIT } from './exit-codes.ts';

/** Errors of getting a Dolt and of opening the database with it. */
export const ENGINE_ERRORS = {
  'dolt-not-found': {
    title: 'No suitable Dolt was found and none could be installed',
    hint: 'Install Dolt and put it on PATH, let the release be downloaded, or install Go and use `dolt-source: build`.',
    ...FINAL,
  },
  'dolt-version-unknown': {
    title: 'The wanted Dolt version does not exist or cannot be resolved',
    hint: 'Name an exact version such as 2.3.0.',
    ...FINAL,
  },
  'dolt-download-failed': {
    title: 'The Dolt release could not be downloaded',
    hint: 'Check the network and proxy, name a mirror with `dolt-mirror`, or use `dolt-source: build`.',
    ...FINAL,
  },
  'dolt-digest-unknown': {
    title: 'No digest is known for the wanted Dolt release',
    hint: 'Give the SHA-256 of the asset with `dolt-sha256`.',
    ...FINAL,
  },
  'dolt-digest-mismatch': {
    title: 'The downloaded Dolt is not the one that its digest names',
    hint: 'Do not use this file. Check `dolt-sha256` and the mirror; report it if both are right.',
    ...FINAL,
  },
  'dolt-build-failed': {
    title: 'Dolt could not be built from source',
    hint: 'Go 1.26 or newer and a C compiler are needed; the end of the build log is in the message.',
    ...FINAL,
  },
  'engine-start': {
    title: 'The Dolt server could not be started',
    hint: 'The end of its log is in the message.',
    ...FINAL,
  },
  'engine-lost': {
    title: 'The Dolt server ended in the middle of its work',
    hint: 'Run again: nothing is half done. If it happens again, look whether memory ran out.',
    ...TRANSIENT,
  },
  'database-in-use': {
    title: 'Federation requires direct database access',
    hint: 'Stop the process that holds the database (a `dolt sql-server`, `bd` or another run), then run again.',
    ...FINAL,
  },
  'database-read-only': {
    title: 'The folder of the database cannot be written',
    hint: 'Check who owns the folder, its permissions, and whether the disk is mounted read-only. Dolt locks a database even to read it.',
    ...FINAL,
  },
  'database-format': {
    title: 'The database is in a format that no supported Dolt reads',
    hint: 'Migrate it with the Dolt that wrote it (`dolt migrate`), then run again.',
    ...FINAL,
  },
  'locks-unsupported': {
    title: 'The file system lacks the locks that Dolt needs',
    hint: 'Move the folder to a local disk, or mount the share with locks enabled. Without locks two writers would damage the data.',
    ...FINAL,
  },
  'file-owner': {
    title: 'Files belong to another user of this machine',
    hint: 'Let all databases that share the folder run as the same user, or reach it as its owner with `ssh://`. Dolt creates its files for their owner only, so group permissions of the folder do not help.',
    ...FINAL,
  },
  'git-ownership': {
    title: 'Git refuses a repository that belongs to another user',
    hint: 'Run as the owner of the repository, or run `git config --global --add safe.directory <path>` with the path that the message names. On a runner, whose HOME is private to the step, change the owner instead.',
    ...FINAL,
  },
  'disk-full': {
    title: 'A disk is full',
    hint: 'Make room on the disk that holds the path in the message, then run again: what was not written whole does not count.',
    ...FINAL,
  },
  'memory-unusable': {
    title: 'The file that remembers the last verified sync of each peer cannot be used',
    hint: 'Until the next verified sync, `lastVerifiedAt` is unknown and a rewritten history is only suspected. Check that this user may write the folder `.dolt` of the database; a damaged file is replaced by the next run that writes.',
    retryable: false,
    exit: EXIT.ok,
  },
  unsaved: {
    title: 'Commits of this town reached no peer, and its database goes with the runner',
    hint: 'Correct what kept the peers from taking them, and run again; a next run begins with what the peers have. To keep the database of a run, upload the folder `database-path` as an artifact.',
    ...FINAL,
  },
  'untrusted-database-config': {
    title: "The database's own settings would change what a server does",
    hint: 'Remove the named `sqlserver.global` settings from .dolt/config.json of the database.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
