import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { RewriteRequest, SyncRequest } from '../../src/commands/request.ts';
import type { PeerResult, RunResult } from '../../src/contract/result.ts';
import { stateFilePath } from '../../src/sync/history/last-verified.ts';
import { type CommandOptions, command } from './commanding.ts';
import { cloneDatabase, makeDatabaseOf, openTestDatabase, type TestDatabase } from './database.ts';
import { committing } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';
import { madeOnce } from './templates.ts';

type Side = 'north' | 'south';

/** Two databases in step through one mailbox, the peer `box` of both. */
export interface Rewriting {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  /** First commit, which has no tables. */
  readonly first: string;
  /** The head of all three. */
  readonly head: string;
  run(side: Side, request?: CommandOptions): Promise<RunResult>;
  /** The result of one side's run for the mailbox. */
  box(side: Side, request?: CommandOptions): Promise<PeerResult>;
  /** Removes all records of peers from a database: its state file and its tracking refs. */
  forget(side: Side): Promise<void>;
}

export const FIRST_ROWS = [
  'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))',
  "INSERT INTO t VALUES (1, 'old'), (2, 'two'), (3, 'three')",
];

/** The rows of `t` after a rewrite and its edits, and after a merge with the old history. */
export const EDITS = ["UPDATE t SET a = 'new' WHERE id = 1", 'DELETE FROM t WHERE id = 3'];
export const EDITED = [
  { id: 1, a: 'new' },
  { id: 2, a: 'two' },
];

/** How histories are rewritten, each leaving the edits as the last commit or in the amended one. */
export const REWRITES: Readonly<Record<string, (at: { readonly first: string }) => readonly string[]>> = {
  squashed: () => ["CALL DOLT_SQUASH_HISTORY('--message', 'squashed')", ...EDITS, "CALL DOLT_COMMIT('-Am', 'after')"],
  flattened: ({ first }) => [
    `CALL DOLT_RESET('--soft', '${first}')`,
    "CALL DOLT_COMMIT('-Am', 'flattened')",
    ...EDITS,
    "CALL DOLT_COMMIT('-Am', 'after')",
  ],
  amended: () => [...EDITS, "CALL DOLT_COMMIT('-a', '--amend', '-m', 'amended')"],
  forced: () => [
    "CALL DOLT_RESET('--hard', 'HEAD~1')",
    'CREATE TABLE u (id INT PRIMARY KEY)',
    ...EDITS,
    "CALL DOLT_COMMIT('-Am', 'another way')",
  ],
};

/** Makes both databases and the mailbox. The first commit of all has no tables. */
async function makeInStep(folder: TempFolder, seed: readonly string[]): Promise<void> {
  await makeDatabaseOf(
    folder.file('north'),
    ...committing('rows', [...seed, ...FIRST_ROWS]),
    ...committing('more', ['CREATE TABLE u (id INT PRIMARY KEY)', 'INSERT INTO u VALUES (1)']),
  );
  const url = `file://${folder.file('box')}`;
  await command(folder, `box: ${url}`, { database: 'north' });
  const south = await cloneDatabase(url, folder.file('south'));
  await command(folder, `box: ${url}`, { database: 'south' });
  // Copies have the same commits.
  await mkdir(folder.file('commits'));
  await writeFile(folder.file('commits', 'list'), JSON.stringify(await south.rows('SELECT commit_hash FROM dolt_log')));
}

/**
 * Makes them, or copies those of another test of this file.
 * @param seed statements that run before the first rows are committed
 */
export async function inStep(folder: TempFolder, ...seed: string[]): Promise<Rewriting> {
  const url = `file://${folder.file('box')}`;
  const run = async (side: Side, request: CommandOptions = {}) =>
    (await command(folder, `box: ${url}`, { database: side, ...request })).result;
  const paths = ['north', 'south', 'box', 'commits'].map((name) => folder.file(name));
  await madeOnce(JSON.stringify(['in step', seed]), paths, () => makeInStep(folder, seed));
  const [north, south] = [openTestDatabase(folder.file('north')), openTestDatabase(folder.file('south'))];
  const commits = (await readFile(folder.file('commits', 'list'), 'utf8')).match(/\b[0-9a-v]{32}\b/g) ?? [];
  const [head = '', first = ''] = [commits[0], commits.at(-1)];
  const databases = { north, south };
  return {
    ...databases,
    first,
    head,
    run,
    async box(side, request) {
      const [peer] = (await run(side, request)).peers;
      if (peer === undefined) throw new Error('no peer took part');
      return peer;
    },
    async forget(side) {
      await rm(stateFilePath(databases[side].path), { force: true });
      // A clone also has the remote that it came from.
      const remotes = side === 'south' ? ['box', 'origin'] : ['box'];
      await databases[side].sql(...remotes.map((name) => `CALL DOLT_REMOTE('remove', '${name}')`));
    },
  };
}

/** A request that names the head of the mailbox for one option. */
export function rewriteRequest(
  kind: 'adopt' | 'merge' | 'force',
  head: string | null,
  discardLocal: readonly string[] = [],
): Pick<SyncRequest, 'leases'> | { readonly rewrites: RewriteRequest } {
  const named = new Map([['box', head ?? '']]);
  if (kind === 'force') return { leases: named };
  const nothing = { adopt: new Map(), merge: new Map(), discardLocal };
  return { rewrites: { ...nothing, [kind]: named } };
}

/** Runs a command that a report printed, in a database. */
export async function runPrinted(local: TestDatabase, hint: string): Promise<void> {
  const [program, ...words] = (hint.split(': ').at(-1) ?? '').split(' ');
  if (program !== 'dolt') throw new Error(`'${hint}' ends in no command of dolt`);
  await local.dolt(...words);
}
