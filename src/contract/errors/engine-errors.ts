import { type ErrorCodeEntry, FINAL, TRANSIENT } from '../error-entry.ts';
import { EXIT } from '../exit-codes.ts';

/** Errors of getting a Dolt and of opening the database with it. */
export const ENGINE_ERRORS = {
  'dolt-not-found': {
    title: 'No suitable Dolt was found or installed',
    hint: 'Install Dolt and put it on PATH, allow the download of a release, or install Go and use `--dolt-source build`.',
    ...FINAL,
  },
  'dolt-version-unknown': {
    title: 'The requested Dolt version does not exist or cannot be resolved',
    hint: 'Name a version that exists, such as 2.3.0. https://github.com/dolthub/dolt/releases lists them.',
    ...FINAL,
  },
  'dolt-download-failed': {
    title: 'The Dolt release could not be downloaded',
    hint: 'Check the network and proxy, name a mirror with `--dolt-mirror`, or use `--dolt-source build`.',
    ...FINAL,
  },
  'dolt-digest-unknown': {
    title: 'No digest is known for the requested Dolt release',
    hint: 'Give the SHA-256 of the asset with `--dolt-sha256`.',
    ...FINAL,
  },
  'dolt-digest-mismatch': {
    title: 'The downloaded Dolt does not match its digest',
    hint: 'Do not use this file. Check `--dolt-sha256` and the mirror; report the problem if both are right.',
    ...FINAL,
  },
  'dolt-build-failed': {
    title: 'Dolt could not be built from source',
    hint: 'Install Go 1.26 or newer and a C compiler, or install a Dolt and give it with `--dolt-path`. The message contains what the build reported.',
    ...FINAL,
  },
  'engine-start': {
    title: 'The Dolt server could not be started',
    hint: 'Read the end of its log in the message, correct what it names, then run again.',
    ...FINAL,
  },
  'engine-lost': {
    title: 'The Dolt server ended during the run',
    hint: 'Run again: the next run completes or reverts what this one began, and writes back uncommitted rows that it had set aside. If it happens again, check whether the machine runs out of memory.',
    ...TRANSIENT,
  },
  'database-in-use': {
    title: 'Federation requires direct database access',
    hint: 'Stop the process that uses the database (a `dolt sql-server`, `bd` or another run), then run again.',
    ...FINAL,
  },
  'server-unreachable': {
    title: 'The server of the database did not answer',
    hint: 'Check that the server of `federation.server` runs, and its host and port. Then run again: nothing is lost, and the next run continues.',
    ...TRANSIENT,
  },
  'server-refused': {
    title: 'The server of the database refused the user or a statement',
    hint: 'Check the entry `federation.server` of the credentials. The user needs SELECT and EXECUTE on the database, and EXECUTE on its procedures dolt_remote, dolt_push and dolt_fetch, each by name. For uncommitted foreign keys it also needs ALTER, REFERENCES and UPDATE.',
    ...FINAL,
  },
  'database-read-only': {
    title: 'The folder of the database cannot be written',
    hint: 'Check the owner, permissions and attributes (`lsattr`) of the folder and its files, and whether the disk is mounted read-only. Dolt locks a database even to read it.',
    ...FINAL,
  },
  'database-format': {
    title: 'The database is in a format that no supported Dolt reads',
    hint: 'Migrate it with the Dolt that wrote it (`dolt migrate`), then run again.',
    ...FINAL,
  },
  'locks-unsupported': {
    title: 'The file system does not support the locks that Dolt needs',
    hint: 'Move the folder to a local disk, or mount the share with locks enabled. Without locks, two writers would damage the data.',
    ...FINAL,
  },
  'file-refused': {
    title: 'The system refused access to a file or folder',
    hint: 'Check the owner, permissions and attributes (`lsattr`) of the path in the message, and whether its disk is mounted read-only.',
    ...FINAL,
  },
  'file-owner': {
    title: 'Files belong to another user of this machine',
    hint: 'Run all databases that share the folder as the same user, or reach it as its owner with `ssh://`. Dolt creates files that only their owner can use, so group permissions of the folder do not help.',
    ...FINAL,
  },
  'git-ownership': {
    title: 'Git refuses a repository that belongs to another user',
    hint: 'Run as the owner of the repository, or run `git config --global --add safe.directory <path>` with the path that the message names. On a runner, change the owner instead, because HOME is private to the step.',
    ...FINAL,
  },
  'disk-full': {
    title: 'A disk is full',
    hint: 'Free space on the disk that contains the path in the message, then run again. Partly written files are ignored, and uncommitted rows that the run had set aside are written back.',
    ...FINAL,
  },
  'memory-unusable': {
    title: 'The state file with the last verified sync of each peer cannot be used',
    hint: 'Until the next verified sync, `lastVerifiedAt` is unknown and a rewritten history is only suspected. Check that this user can write the folder `.dolt` of the database. The next run that writes replaces a damaged file. A file of another user that this run does not write stays: only its owner can remove it, or let this user read it.',
    retryable: false,
    exit: EXIT.ok,
  },
  unsaved: {
    title: 'Commits of this database reached no peer, and the runner deletes the database',
    hint: 'Fix the errors of the peers and run again; the next run starts from the data of the peers. To keep the database of a run, upload the folder `database-path` as an artifact.',
    ...FINAL,
  },
  'untrusted-database-config': {
    title: 'The database has settings that would change the behaviour of its server',
    hint: 'Remove the `sqlserver.global` settings that the message names from .dolt/config.json of the database.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
