import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import { Failure } from '../../core/failure.ts';
import { quoted } from './identifier.ts';
import type { Database, Sql } from './sql.ts';

const nameRow = z.object({ name: z.string() });
const placeRow = z.object({ home: z.string(), branch: z.string().nullable(), tag: z.string().nullable() });

/** The name of the session's database, without a revision. */
export async function databaseName(sql: Sql): Promise<string> {
  const [row] = await sql.rows(nameRow, 'SELECT DATABASE() AS name');
  return withoutRevision(row?.name ?? '');
}

/** Runs queries on the database at a commit, for those that cannot use `AS OF`. */
export async function atRevision<T>(sql: Sql, revision: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  // A database name is a state of one connection.
  if (isDatabase(sql)) {
    return await sql.session(async (session) => {
      await use(session, revision);
      return await work(session);
    });
  }
  const home = await use(sql, revision);
  try {
    return await work(sql);
  } finally {
    await sql.run(`USE ${quoted(home)}`);
  }
}

/** @returns the database that the session used before */
async function use(session: Sql, revision: string): Promise<string> {
  const commit = HASH.test(revision) ? revision : await hashOf(session, revision);
  const home = await refuseRefNamedLike(session, commit);
  // Dolt 2.3.0 refuses `USE db/HEAD~1`; the session's branch differs only until the next USE (measured).
  await session.run(`USE ${quoted(`${withoutRevision(home)}/${commit}`)}`);
  return home;
}

async function hashOf(sql: Sql, revision: string): Promise<string> {
  const [commit] = await sql.rows(nameRow, 'SELECT dolt_hashof(?) AS name', [revision]);
  return commit?.name ?? '';
}

const PLACE =
  'SELECT DATABASE() AS home, (SELECT name FROM dolt_branches WHERE LOWER(name) = ? LIMIT 1) AS branch, ' +
  '(SELECT tag_name FROM dolt_tags WHERE LOWER(tag_name) = ? LIMIT 1) AS tag';

/**
 * Refuses a commit whose hash is the name of a branch or tag, as a push can make one: `USE db/<hash>` then reads that one
 * (Dolt 2.3.0, measured; `AS OF` and merges read the commit).
 * @returns the session's database, with its revision after a slash if it uses one
 * @throws Failure `not-comparable`
 */
async function refuseRefNamedLike(sql: Sql, commit: string): Promise<string> {
  const [place] = await sql.rows(placeRow, PLACE, [commit, commit]);
  const name = place?.branch ?? place?.tag ?? null;
  if (name === null) return place?.home ?? '';
  throw new Failure('not-comparable', `a branch or tag has the hash of a commit as its name: ${name}`, {
    hint: `Find out who made it, then delete it: \`CALL DOLT_BRANCH('-D', '${name}')\` or \`CALL DOLT_TAG('-d', '${name}')\`.`,
  });
}

function withoutRevision(name: string): string {
  const [database = name] = name.split('/');
  return database;
}

function isDatabase(sql: Sql): sql is Database {
  return 'session' in sql;
}
