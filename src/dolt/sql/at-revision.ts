import { z } from 'zod';
import { quoted } from './identifier.ts';
import type { Database, Sql } from './sql.ts';

const nameRow = z.object({ name: z.string() });

/** The name of the session's database, without a revision. */
export async function databaseName(sql: Sql): Promise<string> {
  return withoutRevision(await currentDatabase(sql));
}

/** Does something in the database as it is at a commit, for what has no `AS OF`. */
export async function atRevision<T>(sql: Sql, revision: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  // A database name is a state of one connection.
  if (isDatabase(sql)) return await sql.session((session) => atRevision(session, revision, work));
  const [commit] = await sql.rows(nameRow, 'SELECT dolt_hashof(?) AS name', [revision]);
  const home = await currentDatabase(sql);
  // Dolt 2.3.0 refuses `USE db/HEAD~1`; the session's branch differs only until the next USE (measured).
  await sql.run(`USE ${quoted(`${withoutRevision(home)}/${commit?.name ?? ''}`)}`);
  try {
    return await work(sql);
  } finally {
    await sql.run(`USE ${quoted(home)}`);
  }
}

/** With the revision after a slash, if the session uses one. */
async function currentDatabase(sql: Sql): Promise<string> {
  const [row] = await sql.rows(nameRow, 'SELECT DATABASE() AS name');
  return row?.name ?? '';
}

function withoutRevision(name: string): string {
  const [database = name] = name.split('/');
  return database;
}

function isDatabase(sql: Sql): sql is Database {
  return 'session' in sql;
}
