import { z } from 'zod';
import { quoted } from './identifier.ts';
import type { Database, Sql } from './sql.ts';

const nameRow = z.object({ name: z.string() });
const hashRow = z.object({ name: z.string(), hash: z.string() });

/** The revision that stands for the working set of the session's branch. */
export const WORKING = 'WORKING';
/** The revision that stands for what is staged in it. */
export const STAGED = 'STAGED';

const HASHES =
  "SELECT table_name AS name, dolt_hashof_table(table_name) AS hash FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'";

/**
 * The hashes of all tables at a commit, or of the working set, by name. Equal hashes are equal rows and definitions; Dolt's
 * own tables are not among them.
 */
export async function tableHashes(sql: Sql, revision: string): Promise<ReadonlyMap<string, string>> {
  // A database name is a state of one connection.
  if (isDatabase(sql)) return await sql.session((session) => tableHashes(session, revision));
  if (revision === WORKING) return await read(sql);
  const [commit] = await sql.rows(nameRow, 'SELECT dolt_hashof(?) AS name', [revision]);
  const [before] = await sql.rows(nameRow, 'SELECT DATABASE() AS name');
  const home = before?.name ?? '';
  const [database = home] = home.split('/');
  // `USE db/HEAD~1` is refused; the branch of the session is another one only until it comes back (Dolt 2.3.0, measured).
  await sql.run(`USE ${quoted(`${database}/${commit?.name ?? ''}`)}`);
  try {
    return await read(sql);
  } finally {
    await sql.run(`USE ${quoted(home)}`);
  }
}

function isDatabase(sql: Sql): sql is Database {
  return 'session' in sql;
}

async function read(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows(hashRow, HASHES);
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}
