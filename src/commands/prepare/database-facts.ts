import { constants } from 'node:fs';
import { cp, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BEADS_RULES } from '../../beads/database-rules.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { ignorePatternsAt } from '../../dolt/schema/ignored-tables.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { type Engine, openEngines } from '../../dolt/server/engines.ts';
import { branchNames, checkedOutBranch, requireBranchHead } from '../../dolt/sql/heads.ts';
import type { Database } from '../../dolt/sql/sql.ts';
import { projectAt } from '../../sync/incoming/project.ts';
import { secretRowsNotice } from '../../sync/incoming/secret-rows.ts';
import type { Context } from '../context.ts';

/** Facts that only Dolt can read; they decide about live peers and inboxes and warn of secrets in rows. */
export interface DatabaseFacts {
  /** Whether the head of the branch has rows in `dolt_ignore`. */
  readonly ignoresTables: boolean;
  readonly branches: readonly string[];
  /** Which committed rows hold credentials; null: none. */
  readonly secrets: Diagnostic | null;
  /** The id of the project of beads; null: none. */
  readonly project: string | null;
}

/** A larger database is not copied; `status` answers the same question. */
const MAX_BYTES = 256 * 1024 * 1024;
const LIMIT = {
  milliseconds: 60_000,
  failure: () =>
    new Failure('timeout', 'the database was not read within a minute', {
      hint: 'Check whether the disk is slow or the machine is busy. `dolt-federation status` reads it without this limit.',
    }),
};

/**
 * Reads a database without changing it. Dolt rewrites files even when it only reads (2.3.0, measured), so the engine
 * serves a copy. It starts as fast as one `dolt sql` call. No other process may use the database.
 * @param branch null: the checked-out branch
 * @returns null if it is too large to copy
 * @throws Failure `timeout`, or what a run throws that opens the database
 */
export async function databaseFacts(
  database: { readonly path: string; readonly branch: string | null },
  dolt: string,
  context: Context,
): Promise<DatabaseFacts | null> {
  return await inPrivateFolder(context, 'facts', (folder) => readCopy(folder, database, dolt, context));
}

async function readCopy(
  folder: string,
  database: { readonly path: string; readonly branch: string | null },
  dolt: string,
  context: Context,
): Promise<DatabaseFacts | null> {
  const data = join(database.path, '.dolt');
  if ((await sizeOf(join(data, 'noms'))) > MAX_BYTES) return null;
  const copy = join(folder, basename(database.path));
  const mode = constants.COPYFILE_FICLONE;
  await cp(join(data, 'noms'), join(copy, '.dolt', 'noms'), { recursive: true, mode });
  await cp(join(data, 'repo_state.json'), join(copy, '.dolt', 'repo_state.json'));
  const { env, signal, onResource, secrets, log } = context;
  const engineContext = { env, userHome: false, tempDir: folder, signal, onResource, secrets, log };
  const engines = openEngines(engineContext, { dolt, database: copy, copyOf: database.path }, 1);
  try {
    return await engines.use(NO_CREDENTIALS, (engine) => engine.allWithin(LIMIT, () => read(engine, database)));
  } finally {
    await engines.close();
  }
}

async function read(
  { database }: Engine,
  { path, branch }: { readonly path: string; readonly branch: string | null },
): Promise<DatabaseFacts> {
  const head = await requireBranchHead(database, branch ?? (await checkedOutBranch(database)), path);
  return {
    ignoresTables: (await ignorePatternsAt(database, head)).length > 0,
    branches: await branchNames(database),
    secrets: await secretRowsNotice(database, head, BEADS_RULES),
    project: await projectOf(database, head),
  };
}

/** The id of the project of beads at a commit; null if the database has none. */
export async function projectOf(database: Database, head: string): Promise<string | null> {
  const tables = new Set(await tableNamesAt(database, head));
  return await projectAt(database, head, { tables, rules: BEADS_RULES });
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
