import { Failure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { checkDatabase } from '../dolt/fsck.ts';
import { type Engine, openEngines } from '../dolt/server/engines.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import { containsCommit } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { readTags } from '../dolt/sql/tags.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { timeLimit } from '../sync/time-limits.ts';
import { contentsDifference } from './compare-contents.ts';
import { type Contents, readContents } from './contents.ts';
import type { DrillContext, DrillRequest } from './drill-request.ts';

/** The contents of a restored backup, which are as expected. */
interface Examined extends Contents {
  /** The head of the branch, which contains the commit. */
  readonly head: string;
}

/**
 * Compares a restored backup with our database. The engine that cloned it has the chunks in its memory, so another one
 * reads it. That one has no credentials.
 * @param restored the database, and the private folder around it
 * @throws Failure `drill-failed` if it has other data, `corrupt` if it is damaged, or with the class of the error
 */
export async function examineBackup(
  context: DrillContext,
  request: DrillRequest,
  { database, folder }: { readonly database: string; readonly folder: string },
): Promise<Examined> {
  const engines = openEngines(context, { dolt: request.dolt, database, removeWith: [folder] }, 1);
  try {
    return await engines.use(NO_CREDENTIALS, (engine) => examine(engine, request));
  } finally {
    await engines.close();
  }
}

async function examine(engine: Engine, request: DrillRequest): Promise<Examined> {
  const { depth, expected, peer, timeoutMs } = request;
  const limit = timeLimit(peer, 'drill', timeoutMs);
  const head = await engine.operation(limit, NOWHERE, (sql) => requireCommit(sql, request));
  // Rows of another database are not read: what its definitions compute is unknown.
  const atCommit = await engine.operation(limit, NOWHERE, (sql) => readContents(sql, expected.commit, 'head'));
  requireEqual(expected, atCommit);
  // A person who restores the backup begins with its branch.
  await engine.operation(limit, NOWHERE, (sql) => readContents(sql, head, 'head'));
  if (depth === 'head') return { ...atCommit, head };
  // Before the rows, because a query over a damaged chunk may end the engine (Dolt 2.3.0).
  await engine.runProgram(limit, NOWHERE, (program) => checkDatabase(engine.database, program));
  const found = await engine.operation(limit, NOWHERE, (sql) => readContents(sql, expected.commit, depth));
  requireEqual(expected, found);
  return { ...found, head };
}

/** @returns the head of the branch */
async function requireCommit(sql: Sql, { branch, tag, expected: { commit } }: DrillRequest): Promise<string> {
  if (tag !== null) {
    const tagged = (await readTags(sql)).find(({ name }) => name === tag)?.commit;
    if (tagged === undefined) throw differs(`it has no tag ${tag}`);
    if (tagged !== commit) throw differs(`the tag ${tag} is at ${tagged} there, not at ${commit}`);
  }
  const head = await branchHead(sql, branch);
  if (head === null) throw differs(`it has no branch ${branch}`);
  if (!(await containsCommit(sql, head, commit)))
    throw differs(`the branch ${branch} is at ${head} there, which does not contain ${commit}`);
  return head;
}

function requireEqual(expected: Contents, found: Contents): void {
  const difference = contentsDifference(expected, found);
  if (difference !== null) throw differs(difference);
}

function differs(why: string): Failure {
  return new Failure('drill-failed', why);
}
