import { constants } from 'node:fs';
import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { throwIfInterrupted } from '../core/interruption.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { doltEnvironment } from '../dolt/environment.ts';
import { preparePrivateRoot } from '../dolt/private-root.ts';
import { run } from '../dolt/process.ts';
import type { Context } from './context.ts';

/** What decides about live peers and inboxes, and only Dolt can read. */
export interface DatabaseFacts {
  /** Whether the head of the branch has rows in `dolt_ignore`. */
  readonly ignoresTables: boolean;
  readonly branches: readonly string[];
}

/** A larger database is not copied for a question that `status` answers as well. */
const MAX_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
const KINDS = ['branch', 'ignore'] as const;
const answer = z.object({ rows: z.array(z.object({ kind: z.enum(KINDS), name: z.string() })).default([]) });

/**
 * Reads a database without changing a byte of it. Dolt rewrites files even when it only reads (2.3.0, measured), so it is
 * given a copy. The database must not be held by another process.
 * @param branch null: the branch that is checked out
 * @returns null where that cannot be found out
 */
export async function databaseFacts(
  database: { readonly path: string; readonly branch: string | null },
  dolt: string,
  context: Context,
): Promise<DatabaseFacts | null> {
  try {
    return await inPrivateFolder(context, 'facts', (folder) => readCopy(folder, database, { dolt, context }));
  } catch {
    throwIfInterrupted(context.signal);
    return null;
  }
}

async function readCopy(
  folder: string,
  database: { readonly path: string; readonly branch: string | null },
  { dolt, context }: { readonly dolt: string; readonly context: Context },
): Promise<DatabaseFacts | null> {
  const data = join(database.path, '.dolt');
  if ((await sizeOf(join(data, 'noms'))) > MAX_BYTES) return null;
  const copy = join(folder, 'database');
  const mode = constants.COPYFILE_FICLONE;
  await cp(join(data, 'noms'), join(copy, '.dolt', 'noms'), { recursive: true, mode });
  await cp(join(data, 'repo_state.json'), join(copy, '.dolt', 'repo_state.json'));
  const root = await preparePrivateRoot(folder);
  const { exitCode, stdout } = await run(dolt, ['sql', '-r', 'json', '-q', query(database.branch)], {
    env: doltEnvironment(context.env, root, { privateDir: folder, userHome: false }),
    cwd: copy,
    signal: context.signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode !== 0) return null;
  const read = answer.safeParse(JSON.parse(stdout));
  if (!read.success) return null;
  const names = (wanted: (typeof KINDS)[number]) =>
    read.data.rows.flatMap(({ kind, name }) => (kind === wanted ? [name] : []));
  return { ignoresTables: names('ignore').length > 0, branches: names('branch') };
}

function query(branch: string | null): string {
  const head = (branch ?? 'HEAD').replaceAll("'", "''");
  return (
    "SELECT 'branch' AS kind, name FROM dolt_branches " +
    `UNION ALL SELECT 'ignore' AS kind, pattern AS name FROM dolt_ignore AS OF '${head}'`
  );
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
