import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { resolve } from '../../src/commands/resolve.ts';
import type { ResolveResult } from '../../src/contract/result.ts';
import type { Asker } from '../../src/resolve/ask-rows.ts';
import { command } from './commanding.ts';
import { commandContext } from './configuring.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from './database.ts';
import { testDolt } from './dolt-binary.ts';
import { ENV } from './examining.ts';
import type { TempFolder } from './temp-folder.ts';
import { madeOnce } from './templates.ts';

/** A database whose last run left a conflicts file, with a choice for every conflict. */
export interface UnresolvedConflicts {
  readonly folder: TempFolder;
  readonly local: TestDatabase;
  /** The file that the run wrote. */
  readonly own: string;
  /** Its text with all choices. */
  readonly text: string;
  readonly peers: string;
}

/** Makes the database, or copies that of another test of this file. */
export async function makeUnresolved(folder: TempFolder): Promise<UnresolvedConflicts> {
  const peers = `other: file://${folder.file('box')}`;
  await madeOnce('unresolved', [folder.file('local'), folder.file('box')], () => runInConflict(folder, peers));
  const local = openTestDatabase(folder.file('local'));
  const own = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
  const text = (await readFile(own, 'utf8'))
    .replaceAll(/^( {10,}choose:)$/gm, '$1 ours')
    .replace('deleted-by: ours\n        choose:', 'deleted-by: ours\n        choose: theirs');
  return { folder, local, own, text, peers };
}

async function runInConflict(folder: TempFolder, peers: string): Promise<void> {
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    'CREATE TABLE more (a INT, b VARCHAR(20), n INT, PRIMARY KEY (a, b))',
    "INSERT INTO more VALUES (1, 'x', 1)",
    "CALL DOLT_COMMIT('-A', '-m', 'more')",
    "CALL DOLT_BRANCH('inbox/eve')",
    "CALL DOLT_CHECKOUT('inbox/eve')",
    "UPDATE items SET title = 'theirs', owner = 'cho' WHERE id = 1",
    "UPDATE items SET owner = 'dan' WHERE id = 2",
    'UPDATE more SET n = 2',
    "CALL DOLT_COMMIT('-A', '-m', 'theirs')",
    `CALL DOLT_REMOTE('add', 'other', 'file://${folder.file('box')}')`,
    "CALL DOLT_PUSH('other', 'inbox/eve:main')",
    "CALL DOLT_CHECKOUT('main')",
    "UPDATE items SET title = 'ours', owner = 'sue' WHERE id = 1",
    'DELETE FROM items WHERE id = 2',
    'UPDATE more SET n = 3',
    "CALL DOLT_COMMIT('-A', '-m', 'ours')",
  );
  const { result } = await command(folder, peers, { overrides: { strategy: 'manual' } });
  expect(result).toMatchObject({ status: 'conflict' });
}

export async function runResolve(
  { folder, peers }: Pick<UnresolvedConflicts, 'folder' | 'peers'>,
  file: string | undefined,
  more: { readonly ask?: () => Asker; readonly warnings?: string[]; readonly onResource?: () => void } = {},
): Promise<ResolveResult> {
  const context = commandContext(folder.path, { env: ENV, warnings: more.warnings ?? [] });
  return await resolve(
    {
      file,
      maxDelete: 50,
      mergeTimeout: 120_000,
      database: 'local',
      overrides: { peers, strategy: 'manual' },
      dolt: { source: 'release', path: testDolt() },
    },
    { ...context, tempDir: folder.file('tmp'), ask: more.ask, onResource: () => more.onResource?.() },
  );
}

/** The state that a refused file must not change. */
export async function stateOf({ local, own }: UnresolvedConflicts): Promise<string> {
  const queries = ['dolt_branches', 'dolt_status', 'dolt_merge_status', 'dolt_tags', 'items', 'more', 'dolt_ignore'];
  const rows = await local.sql(...queries.map((table) => `SELECT * FROM ${table}`));
  return `${rows}${await readFile(own, 'utf8').catch(() => 'no file')}`;
}
