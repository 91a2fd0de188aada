import { writeFile } from 'node:fs/promises';
import type { TestDatabase } from './database.ts';
import { scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** Our database, and two peers of it: one with a very large change, and one with a changed row of `items`. */
export interface Loaded {
  readonly local: TestDatabase;
  readonly hostile: TestDatabase;
  /** Address of the remote that the first peer pushed to. */
  readonly hostileUrl: string;
  /** The peers for `command`, with `more` keys of the first one, as YAML. */
  peers(more?: string): string;
}

/** Runs statements from a file: too many for a command line. */
async function runFile(local: TestDatabase, folder: TempFolder, statements: readonly string[]): Promise<void> {
  const file = folder.file('statements.sql');
  await writeFile(file, `${statements.join(';\n')};\n`);
  await local.dolt('sql', '-f', file);
}

const COMMIT = "CALL DOLT_COMMIT('-A', '-m', 'load')";

/** @param seed runs before the first commit, which all three databases share */
async function loaded(folder: TempFolder, ...seed: string[]): Promise<Loaded> {
  const made = await scenario(folder)
    .base(
      'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100))',
      "INSERT INTO items VALUES (1, 'one'), (2, 'two')",
      ...seed,
    )
    .database('local')
    .database('sender')
    .database('friend', "UPDATE items SET title = 'honest' WHERE id = 1")
    .mailbox('hostile')
    .mailbox('honest')
    .build();
  const local = made.database('local');
  // A run adds the remotes of its peers.
  await local.sql("CALL DOLT_REMOTE('remove', 'hostile')", "CALL DOLT_REMOTE('remove', 'honest')");
  await made.database('friend').sql("CALL DOLT_PUSH('honest', 'main')");
  const hostileUrl = made.mailbox('hostile').url;
  return {
    local,
    hostile: made.database('sender'),
    hostileUrl,
    peers: (more = '') =>
      `hostile: {endpoint: "${hostileUrl}"${more === '' ? '' : `, ${more}`}}\nhonest: ${made.mailbox('honest').url}`,
  };
}

/**
 * A remote with many tags, each an object of its own, and many branches, all at a commit that adds one row.
 * @param refs.message of each tag
 */
export async function manyRefs(
  folder: TempFolder,
  refs: { readonly tags: number; readonly branches: number; readonly name?: string; readonly message?: string },
): Promise<Loaded> {
  const { tags, branches, name = 't', message = 'm' } = refs;
  const load = await loaded(folder);
  await runFile(load.hostile, folder, [
    "UPDATE items SET title = 'hostile' WHERE id = 2",
    COMMIT,
    // The number in the message makes each tag another object: Dolt fetches no object twice.
    ...Array.from({ length: tags }, (_, n) => `CALL DOLT_TAG('-m', '${message}${n}', '${name}${n}')`),
    ...Array.from({ length: branches }, (_, n) => `CALL DOLT_BRANCH('b${n}')`),
    // Pushes tags and branches at once.
    `CALL DOLT_BACKUP('sync-url', '${load.hostileUrl}')`,
  ]);
  return load;
}

/** A history in which each commit changes every row of a table that we changed too. */
export async function longHistory(
  folder: TempFolder,
  { commits, rows }: { readonly commits: number; readonly rows: number },
): Promise<Loaded> {
  const values = Array.from({ length: rows }, (_, id) => `(${id}, 0)`).join();
  const load = await loaded(
    folder,
    'CREATE TABLE numbers (id INT PRIMARY KEY, v INT)',
    `INSERT INTO numbers VALUES ${values}`,
  );
  await load.local.sql('UPDATE numbers SET v = -1', COMMIT);
  await runFile(load.hostile, folder, [
    ...Array.from({ length: commits }, (_, n) => [`UPDATE numbers SET v = ${n + 1}`, COMMIT]).flat(),
    "CALL DOLT_PUSH('hostile', 'main')",
  ]);
  return load;
}

/** Rows in conflict with large values; equal values are stored once, so that the remote stays small. */
export async function largeConflicts(
  folder: TempFolder,
  { rows, bytes }: { readonly rows: number; readonly bytes: number },
): Promise<Loaded> {
  const values = Array.from({ length: rows }, (_, id) => `(${id}, '')`).join();
  const load = await loaded(
    folder,
    'CREATE TABLE notes (id INT PRIMARY KEY, text LONGTEXT)',
    `INSERT INTO notes VALUES ${values}`,
  );
  await load.local.sql("UPDATE notes SET text = 'short'", COMMIT);
  await load.hostile.sql(`UPDATE notes SET text = REPEAT('t', ${bytes})`, COMMIT, "CALL DOLT_PUSH('hostile', 'main')");
  return load;
}
