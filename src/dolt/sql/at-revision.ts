import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import { Failure } from '../../core/failure.ts';
import { quoted } from './identifier.ts';
import type { Database, Sql } from './sql.ts';

const nameRow = z.object({ name: z.string() });

/** The name of the session's database, without a revision. */
export async function databaseName(sql: Sql): Promise<string> {
  return withoutRevision(await currentDatabase(sql));
}

/** Runs queries on the database at a commit, for those that cannot use `AS OF`. */
export async function atRevision<T>(sql: Sql, revision: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  // A database name is a state of one connection.
  if (isDatabase(sql)) return await sql.session((session) => atRevision(session, revision, work));
  const commit = HASH.test(revision) ? revision : await hashOf(sql, revision);
  await refuseRefNamedLike(sql, commit);
  const home = await currentDatabase(sql);
  // Dolt 2.3.0 refuses `USE db/HEAD~1`; the session's branch differs only until the next USE (measured).
  await sql.run(`USE ${quoted(`${withoutRevision(home)}/${commit}`)}`);
  try {
    return await work(sql);
  } finally {
    await sql.run(`USE ${quoted(home)}`);
  }
}

async function hashOf(sql: Sql, revision: string): Promise<string> {
  const [commit] = await sql.rows(nameRow, 'SELECT dolt_hashof(?) AS name', [revision]);
  return commit?.name ?? '';
}

const REFS =
  'SELECT name FROM dolt_branches WHERE LOWER(name) = ? UNION ALL SELECT tag_name AS name FROM dolt_tags WHERE LOWER(tag_name) = ?';

/**
 * Refuses a commit whose hash is the name of a branch or tag, as a push can make one: `USE db/<hash>` then reads that one
 * (Dolt 2.3.0, measured; `AS OF` and merges read the commit).
 * @throws Failure `not-comparable`
 */
async function refuseRefNamedLike(sql: Sql, commit: string): Promise<void> {
  const [found] = await sql.rows(nameRow, REFS, [commit, commit]);
  if (found === undefined) return;
  throw new Failure('not-comparable', `a branch or tag has the hash of a commit as its name: ${found.name}`, {
    hint: `Find out who made it, then delete it: \`CALL DOLT_BRANCH('-D', '${found.name}')\` or \`CALL DOLT_TAG('-d', '${found.name}')\`.`,
  });
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
